#include "forecast/exogenous.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "data/row_error.h"

namespace nd::forecast {

namespace {
using nlohmann::json;
using nlohmann::ordered_json;

constexpr int64_t kMostCategories = 1'000'000;
constexpr int64_t kMostDimensions = 4096;
constexpr double kLargestRuleDim = 50;
const std::array<std::string, 3> kRules = {"fastai", "sqrt", "half"};

[[noreturn]] void refuse(const std::string& place, const char* option, const json& value,
                         const std::string& expected) {
  throw Error(Code::config,
              "[" + place + "] received " + option + " = " +
                  value.dump(-1, ' ', false, json::error_handler_t::replace) + ", expected " +
                  expected,
              std::string(R"({"option":")") + option + R"("})");
}

std::vector<std::string> names_option(json& options, const char* option, const std::string& place) {
  const json value = take_option(options, option);
  std::vector<std::string> names;
  if (value.is_null()) return names;
  const char* const expected = "a list of column names, each once";
  if (!value.is_array()) refuse(place, option, value, expected);
  for (const json& name : value) {
    const bool fits = name.is_string() && !name.get<std::string>().empty();
    if (!fits || std::find(names.begin(), names.end(), name.get<std::string>()) != names.end())
      refuse(place, option, value, expected);
    names.push_back(name.get<std::string>());
  }
  return names;
}

int64_t whole_number(const json& value, int64_t most) {
  if (!value.is_number()) return -1;
  const double number = value.get<double>();
  const bool whole =
      number >= 1 && number <= static_cast<double>(most) && number == std::floor(number);
  return whole ? static_cast<int64_t>(number) : -1;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The text by which a value is known in a vocabulary.
std::string text_of(const data::Feature& column, double value) {
  return column.is_numeric() ? data::format_value(value)
                             : column.categories[static_cast<size_t>(value)];
}

std::vector<std::string> distinct_values(const data::Feature& column) {
  std::vector<std::string> texts;
  if (column.is_numeric()) {
    const std::set<double> values(column.values.begin(), column.values.end());
    for (const double value : values) texts.push_back(text_of(column, value));
    return texts;
  }
  std::vector<bool> used(column.categories.size());
  for (const double value : column.values) used[static_cast<size_t>(value)] = true;
  for (size_t i = 0; i < used.size(); ++i)
    if (used[i]) texts.push_back(column.categories[i]);
  // Bytes of UTF-8 have the order of their code points.
  std::sort(texts.begin(), texts.end());
  return texts;
}

[[noreturn]] void refuse_unseen(const std::vector<std::string>& vocabulary,
                                const std::string& column, const std::string& text,
                                const std::string& series, const char* place) {
  constexpr size_t kMostShown = 8;
  std::string known;
  for (size_t i = 0; i < std::min(vocabulary.size(), kMostShown); ++i)
    known += (i == 0 ? "\"" : ", \"") + vocabulary[i] + "\"";
  if (vocabulary.size() > kMostShown) known += " …";
  // The windows of a predictor have no names.
  const std::string of_series = series.empty() ? "" : "series \"" + series + "\": ";
  const json details = {{"series", series}, {"column", column}, {"value", text}};
  throw Error(Code::data,
              std::string("[") + place + "] " + of_series + "the column \"" + column +
                  "\" has the category \"" + text + "\", which the fit did not see; expected " +
                  known + ", or unseenCategory: \"mean\"",
              details.dump(-1, ' ', false, json::error_handler_t::replace));
}

/// `series_of(value)` names the series of one of the values, in a column's own order and then of
/// its future.
template <class SeriesOf>
void encode(const std::vector<std::string>& vocabulary, data::Feature& column, const char* refusing,
            const SeriesOf& series_of) {
  std::unordered_map<std::string, double> places;
  for (size_t i = 0; i < vocabulary.size(); ++i)
    places.emplace(vocabulary[i], static_cast<double>(i + 1));
  const auto place_of = [&](const std::string& text) {
    const auto found = places.find(text);
    return found == places.end() ? 0.0 : found->second;
  };
  std::vector<double> of_category;
  for (const std::string& text : column.categories) of_category.push_back(place_of(text));
  std::unordered_map<double, double> of_number;
  const auto encoded = [&](double value) {
    if (!column.is_numeric()) return of_category[static_cast<size_t>(value)];
    const auto [at, added] = of_number.emplace(value, 0);
    if (added) at->second = place_of(text_of(column, value));
    return at->second;
  };
  size_t count = 0;
  for (std::vector<double>* const values : {&column.values, &column.future}) {
    for (double& value : *values) {
      const double place = encoded(value);
      if (place == 0 && refusing != nullptr)
        refuse_unseen(vocabulary, column.name, text_of(column, value), series_of(count), refusing);
      value = place;
      ++count;
    }
  }
  column.categories.clear();
}
}  // namespace

json take_option(json& options, const char* name) {
  const auto found = options.find(name);
  if (found == options.end()) return nullptr;
  json value = std::move(*found);
  options.erase(found);
  return value;
}

ExogenousOptions::ExogenousOptions(json& options, const std::string& place)
    : futr_(names_option(options, "futrExog", place)),
      hist_(names_option(options, "histExog", place)),
      stat_(names_option(options, "statExog", place)),
      categorical_(names_option(options, "catExog", place)) {
  for (const std::string& name : futr_)
    if (contains(hist_, name))
      refuse(place, "histExog", hist_, "no column that is also in futrExog (\"" + name + "\")");
  for (const std::string& name : categorical_) {
    if (contains(futr_, name) || contains(hist_, name) || contains(stat_, name)) continue;
    refuse(place, "catExog", categorical_,
           "columns of futrExog, histExog or statExog (\"" + name + "\" is in none)");
  }
  const json cardinalities = take_option(options, "catCardinalities");
  if (!cardinalities.is_null()) {
    if (!cardinalities.is_object())
      refuse(place, "catCardinalities", cardinalities, "an object such as { season: 4 }");
    for (const auto& [name, value] : cardinalities.items()) {
      const int64_t count = whole_number(value, kMostCategories);
      if (!contains(categorical_, name) || count < 0)
        refuse(place, "catCardinalities", cardinalities,
               "for columns of catExog the number of their values, 1 to " +
                   std::to_string(kMostCategories));
      cardinalities_[name] = count;
    }
  }
  const json dim = take_option(options, "catEmbDim");
  if (dim.is_null()) return;
  if (dim.is_string() &&
      std::find(kRules.begin(), kRules.end(), dim.get<std::string>()) != kRules.end()) {
    rule_ = dim.get<std::string>();
    return;
  }
  dim_ = whole_number(dim, kMostDimensions);
  if (dim_ < 0)
    refuse(place, "catEmbDim", dim,
           "\"fastai\", \"sqrt\", \"half\" or an integer in [1, " +
               std::to_string(kMostDimensions) + "]");
}

data::Exogenous ExogenousOptions::names() const {
  const auto split = [&](const std::vector<std::string>& all) {
    data::Exogenous::Kind kind;
    for (const std::string& name : all)
      (contains(categorical_, name) ? kind.categorical : kind.numeric).push_back(name);
    return kind;
  };
  return {split(futr_), split(hist_), split(stat_)};
}

int64_t ExogenousOptions::dim(int64_t cardinality) const {
  if (dim_ > 0) return dim_;
  const auto K = static_cast<double>(cardinality);
  double rule = (K + 1) / 2;  // "half"
  if (rule_ == "fastai") rule = std::ceil(1.6 * std::pow(K, 0.56));
  if (rule_ == "sqrt") rule = std::ceil(std::sqrt(K));
  return static_cast<int64_t>(std::min(kLargestRuleDim, std::floor(rule)));
}

void ExogenousOptions::apply(Geometry& geometry) const {
  const auto place = [&](const data::Exogenous::Kind& kind, int64_t& width,
                         std::vector<CategoricalInput>& categories) {
    width = static_cast<int64_t>(kind.numeric.size());
    categories.clear();
    for (const std::string& name : kind.categorical) {
      const auto known = cardinalities_.find(name);
      const int64_t cardinality = known == cardinalities_.end() ? 1 : known->second;
      categories.push_back({cardinality, dim(cardinality)});
      width += categories.back().dim;
    }
  };
  const data::Exogenous all = names();
  place(all.futr, geometry.futr, geometry.futr_categories);
  place(all.hist, geometry.hist, geometry.hist_categories);
  place(all.stat, geometry.stat, geometry.stat_categories);
}

bool ExogenousOptions::is_open() const {
  return std::any_of(categorical_.begin(), categorical_.end(),
                     [&](const std::string& name) { return cardinalities_.count(name) == 0; });
}

void ExogenousOptions::close(const Vocabularies& vocabularies, const std::string& model) {
  for (const std::string& name : categorical_) {
    const auto seen = static_cast<int64_t>(vocabularies.at(name).size());
    const auto [declared, added] = cardinalities_.emplace(name, std::max<int64_t>(1, seen));
    if (added || seen <= declared->second) continue;
    throw Error(Code::data, "[fit] " + model + ": the categorical column \"" + name + "\" has " +
                                std::to_string(seen) + " distinct values, expected at most " +
                                std::to_string(declared->second) +
                                ", its catCardinalities; leave that out to have it learned");
  }
}

void ExogenousOptions::write(ordered_json& options) const {
  const auto list = [&](const char* option, const std::vector<std::string>& names) {
    if (!names.empty()) options[option] = names;
  };
  list("futrExog", futr_);
  list("histExog", hist_);
  list("statExog", stat_);
  list("catExog", categorical_);
  if (!cardinalities_.empty()) options["catCardinalities"] = cardinalities_;
  if (categorical_.empty()) return;
  if (dim_ > 0)
    options["catEmbDim"] = dim_;
  else
    options["catEmbDim"] = rule_;
}

Vocabularies learn_vocabularies(const std::vector<std::string>& columns, const data::Panel& panel) {
  Vocabularies vocabularies;
  for (const std::string& name : columns) {
    const data::Feature* column = data::find_feature(panel.features(), name);
    if (column == nullptr) column = data::find_feature(panel.statics(), name);
    if (column != nullptr) vocabularies.emplace(name, distinct_values(*column));
  }
  return vocabularies;
}

void encode_categories(const Vocabularies& vocabularies, data::Panel& panel, const char* refusing) {
  const auto rows = static_cast<size_t>(panel.rows()), series = panel.ids().size();
  const auto of_row = [&](size_t row) {
    int64_t s = 0;
    while (panel.end(s) <= static_cast<int64_t>(row)) ++s;
    return panel.ids()[static_cast<size_t>(s)];
  };
  const auto encode_all = [&](std::vector<data::Feature>& columns, const auto& series_of) {
    for (data::Feature& column : columns) {
      const auto found = vocabularies.find(column.name);
      if (found == vocabularies.end()) continue;
      encode(found->second, column, refusing,
             [&](size_t value) { return series_of(column, value); });
    }
  };
  encode_all(panel.mutable_features(), [&](const data::Feature& column, size_t value) {
    return value < rows ? of_row(value)
                        : panel.ids()[(value - rows) / (column.future.size() / series)];
  });
  encode_all(panel.mutable_statics(),
             [&](const data::Feature&, size_t value) { return panel.ids()[value]; });
}

}  // namespace nd::forecast
