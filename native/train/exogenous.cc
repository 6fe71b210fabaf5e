#include "train/exogenous.h"

#include <algorithm>

#include "base/error.h"
#include "models/network.h"

namespace nd::train {

namespace {

std::string quoted_list(std::span<const data::Feature> columns) {
  std::string list;
  for (const data::Feature& column : columns)
    list += (list.empty() ? "\"" : ", \"") + column.name + "\"";
  return list.empty() ? "none" : list;
}

void check_kind(const std::vector<std::string>& names, std::span<const data::Feature> columns,
                const char* kind, const std::string& model, const char* place, bool with_future,
                bool numeric) {
  for (const std::string& name : names) {
    const data::Feature* column = data::find_feature(columns, name);
    const std::string opening = std::string("[") + place + "] " + model + " reads the " + kind +
                                " column \"" + name + "\", ";
    if (column == nullptr)
      throw Error(Code::features,
                  opening + "which is missing; the table has " + quoted_list(columns));
    if (numeric && !column->is_numeric())
      throw Error(Code::data,
                  opening + "which holds texts; expected numbers, or its name in catExog");
    if (with_future && column->future.empty())
      throw Error(Code::features,
                  opening +
                      "which is known in advance; give its values of the steps to come with "
                      "the option future");
  }
}

}  // namespace

void check_columns(const data::Exogenous& names, const data::Panel& panel, const std::string& model,
                   const char* place, bool with_future) {
  const auto check = [&](const data::Exogenous::Kind& kind, std::span<const data::Feature> columns,
                         const char* text, bool future) {
    check_kind(kind.numeric, columns, text, model, place, future, true);
    check_kind(kind.categorical, columns, text, model, place, future, false);
  };
  check(names.futr, panel.features(), "future", with_future);
  check(names.hist, panel.features(), "historic", false);
  check(names.stat, panel.statics(), "static", false);
}

ExogenousBatch::ExogenousBatch(const data::Exogenous& names, const data::WindowLayout& layout,
                               data::WindowScaler scaler, bool compat, bool recurrent, int64_t rows)
    : layout_(layout), scaler_(scaler), compat_(compat), recurrent_(recurrent), rows_(rows) {
  const auto add = [&](const char* input, Span span, bool categorical,
                       const std::vector<std::string>& columns) {
    if (columns.empty()) return;
    Block block{input, span, categorical, columns, {}, {}};
    block.values.resize(static_cast<size_t>(rows * steps(block)) * columns.size());
    blocks_.push_back(std::move(block));
  };
  add(io_names::kFutrExog, Span::window, false, names.futr.numeric);
  add(io_names::kFutrCategories, Span::window, true, names.futr.categorical);
  add(io_names::kHistExog, Span::history, false, names.hist.numeric);
  add(io_names::kHistCategories, Span::history, true, names.hist.categorical);
  add(io_names::kStatExog, Span::series, false, names.stat.numeric);
  add(io_names::kStatCategories, Span::series, true, names.stat.categorical);
}

int64_t ExogenousBatch::steps(const Block& block) const {
  switch (block.span) {
    case Span::history:
      return layout_.input_size;
    case Span::window:
      return layout_.input_size + layout_.horizon;
    default:
      return 1;
  }
}

void ExogenousBatch::open(const data::Panel& panel) {
  for (Block& block : blocks_) {
    block.columns.clear();
    for (const std::string& name : block.names) {
      block.columns.push_back(data::find_feature(
          block.span == Span::series ? panel.statics() : panel.features(), name));
      check_internal(block.columns.back() != nullptr, "a batch reads columns that the panel has");
    }
  }
}

void ExogenousBatch::load(const data::Panel& panel, const data::WindowRef& window, int64_t limit,
                          int64_t row) {
  for (Block& block : blocks_) {
    const auto width = static_cast<int64_t>(block.columns.size());
    const int64_t length = steps(block);
    float* out = block.values.data() + row * length * width;
    for (int64_t c = 0; c < width; ++c) {
      const data::Feature& column = *block.columns[static_cast<size_t>(c)];
      if (block.span == Span::series) {
        out[c] = static_cast<float>(column.values[static_cast<size_t>(window.series)]);
        continue;
      }
      const auto future = block.span == Span::window ? panel.future_of(column, window.series)
                                                     : std::span<const double>();
      data::gather_feature(panel.rows_of(column, window.series), future, window, layout_,
                           block.categorical ? data::WindowScaler::identity : scaler_, limit,
                           compat_ || block.categorical, 0, length, out + c, width);
    }
  }
}

void ExogenousBatch::clear(int64_t begin, int64_t end) {
  if (begin >= end) return;
  for (Block& block : blocks_) {
    const auto per_row = static_cast<int64_t>(block.values.size()) / rows_;
    std::fill(block.values.begin() + begin * per_row, block.values.begin() + end * per_row, 0.0F);
  }
}

// Input t of a recurrent network belongs to the target of step t + 1; what is historic is not known
// beyond the history and counts as 0, as in the reference.
void ExogenousBatch::feed_block(const Block& block, std::span<float> input, int64_t rows) const {
  const int64_t width = static_cast<int64_t>(block.names.size()), have = steps(block),
                wanted = static_cast<int64_t>(input.size()) / (rows * width),
                shift = recurrent_ && block.span != Span::series ? 1 : 0,
                copied = std::min(wanted, have - shift);
  check_internal(rows <= rows_ && (shift == 1 || wanted == have), "a plan input fits the batch");
  for (int64_t row = 0; row < rows; ++row) {
    const auto from = block.values.begin() + (row * have + shift) * width;
    const auto to = input.begin() + row * wanted * width;
    std::copy_n(from, copied * width, to);
    std::fill_n(to + copied * width, (wanted - copied) * width, 0.0F);
  }
}

void ExogenousBatch::feed(Plan& plan) const {
  for (const Block& block : blocks_) {
    if (!plan.has_input(block.input)) continue;
    // The series of a multivariate network have one set of static values, not one per window.
    const bool once = block.span == Span::series && layout_.series > 1;
    feed_block(block, plan.input(block.input),
               once ? layout_.series : plan.windows() * layout_.series);
  }
}

}  // namespace nd::train
