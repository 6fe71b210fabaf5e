// Saved models and imported weights: the same bytes for the same input, the same forecasts after
// loading, and E0006 for every damaged file.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "forecast/forecaster.h"
#include "io/safetensors.h"
#include "support/folder.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::shared_sine_panel;

class FileTest : public testing::FolderTest {};

json config() {
  return {{"horizon", 4},
          {"inputSize", 8},
          {"localScaler", "robust"},
          {"models",
           {{{"type", "NLinear"},
             {"alias", "straight \"line\""},
             {"options", {{"maxSteps", 5}, {"scalerType", "revin"}}}},
            {{"type", "MLP"},
             {"options",
              {{"maxSteps", 5},
               {"hiddenSize", 4},
               {"loss", {{"type", "MQLoss"}, {"levels", {80}}}}}}}}}};
}

Forecaster fitted() {
  Forecaster f(config());
  f.fit(shared_sine_panel({30, 20, 3}), {.val_size = 4, .threads = 2});
  return f;
}

/// Expects an E0006.
void expect_refused(const std::string& path, const std::string& what) {
  try {
    Forecaster::load(path);
    ADD_FAILURE() << what << ": loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::file) << what << ": " << error.message();
  }
}

TEST_F(FileTest, LoadedModelForecastsTheSameBits) {
  const Forecaster f = fitted();
  f.save(at("a.safetensors"));
  const Forecaster loaded = Forecaster::load(at("a.safetensors"));
  EXPECT_TRUE(loaded.fitted());
  const ForecastTable a = f.predict(nullptr, {}), b = loaded.predict(nullptr, {});
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.times, b.times);
  EXPECT_EQ(a.ids, b.ids);
  EXPECT_EQ(a.columns, b.columns);
  const auto other = shared_sine_panel({25, 12});
  EXPECT_EQ(f.predict(other, {.refit_series_scaler = false}).values,
            loaded.predict(other, {.refit_series_scaler = false}).values);
  EXPECT_EQ(f.info()["models"], loaded.info()["models"]);
}

TEST_F(FileTest, SameInputGivesTheSameBytes) {
  fitted().save(at("a.safetensors"));
  fitted().save(at("b.safetensors"));
  Forecaster::load(at("a.safetensors")).save(at("c.safetensors"));
  EXPECT_EQ(read("a.safetensors"), read("b.safetensors"));
  EXPECT_EQ(read("a.safetensors"), read("c.safetensors")) << "loading and saving changes nothing";
}

TEST_F(FileTest, LoadedModelCanBeFittedOn) {
  Forecaster f = fitted();
  f.save(at("a.safetensors"), {.optimizer = true});
  Forecaster loaded = Forecaster::load(at("a.safetensors"));
  const auto panel = shared_sine_panel({40, 35});
  f.fit(panel, {});
  loaded.fit(panel, {});
  EXPECT_EQ(f.predict(nullptr, {}).values, loaded.predict(nullptr, {}).values);
}

TEST_F(FileTest, MayLeaveOutTheData) {
  const Forecaster f = fitted();
  f.save(at("a.safetensors"), {.data = false});
  const Forecaster loaded = Forecaster::load(at("a.safetensors"));
  try {
    loaded.predict(nullptr, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::empty);
  }
  const auto panel = shared_sine_panel({25});
  EXPECT_EQ(f.predict(panel, {}).values, loaded.predict(panel, {}).values);
  EXPECT_EQ(io::SafetensorsFile(at("a.safetensors")).tensors().count("data/values"), 0U);
}

TEST_F(FileTest, KeepsTheNoteOfTheCaller) {
  const std::string note = R"({"time":"Ω"})";
  Forecaster f = fitted();
  EXPECT_EQ(f.summary()["note"], "");
  f.save(at("none.safetensors"));
  EXPECT_EQ(io::SafetensorsFile(at("none.safetensors")).metadata().count("note"), 0U);
  EXPECT_EQ(Forecaster::load(at("none.safetensors")).summary()["note"], "");

  f.save(at("a.safetensors"), {.note = note});
  Forecaster loaded = Forecaster::load(at("a.safetensors"));
  EXPECT_EQ(loaded.summary()["note"], note);
  loaded.save(at("b.safetensors"));
  EXPECT_EQ(read("a.safetensors"), read("b.safetensors"));
  loaded.save(at("b.safetensors"), {.note = ""});
  EXPECT_EQ(read("none.safetensors"), read("b.safetensors"));
  loaded.fit(shared_sine_panel({30}), {});
  EXPECT_EQ(loaded.summary()["note"], "") << "it belonged to the data before";
  EXPECT_THROW(f.save(at("b.safetensors"), {.note = "\xff"}), Error);
}

TEST_F(FileTest, TheNoteIsCoveredByTheDigest) {
  fitted().save(at("a.safetensors"), {.note = "a note"});
  std::string bytes = read("a.safetensors");
  bytes[bytes.find("a note")] = 'b';
  write("a.safetensors", bytes);
  expect_refused(at("a.safetensors"), "another note");
}

TEST_F(FileTest, NamesTensorsAsTheReference) {
  fitted().save(at("a.safetensors"));
  const io::SafetensorsFile file(at("a.safetensors"));
  EXPECT_EQ(file.tensors().at("MLP/mlp.0.weight").shape, (std::vector<int64_t>{4, 8}));
  EXPECT_EQ(file.metadata().at("format"), "neuro-divergent");
  EXPECT_EQ(file.metadata().at("format_version"), "1");
}

TEST_F(FileTest, TruncatedFilesAreRefused) {
  fitted().save(at("a.safetensors"));
  const std::string bytes = read("a.safetensors");
  for (size_t length = 0; length < bytes.size(); length += length < 64 ? 1 : 97) {
    write("b.safetensors", bytes.substr(0, length));
    expect_refused(at("b.safetensors"), "length " + std::to_string(length));
  }
  write("b.safetensors", bytes.substr(0, bytes.size() - 1));
  expect_refused(at("b.safetensors"), "one byte short");
  write("b.safetensors", bytes + "x");
  expect_refused(at("b.safetensors"), "one byte long");
  expect_refused(at("nothing.safetensors"), "absent");
}

TEST_F(FileTest, EveryDamagedByteIsNoticed) {
  fitted().save(at("a.safetensors"));
  const std::string bytes = read("a.safetensors");
  std::fstream file(at("a.safetensors"), std::ios::binary | std::ios::in | std::ios::out);
  const auto put = [&](size_t i, char value) {
    file.seekp(static_cast<std::streamoff>(i));
    file.put(value).flush();
  };
  for (size_t i = 0; i < bytes.size() && !HasFailure(); ++i) {
    const auto damaged = static_cast<char>(bytes[i] ^ (1 << (i % 8)));
    put(i, damaged);
    expect_refused(at("a.safetensors"),
                   "byte " + std::to_string(i) + " '" + bytes[i] + "' -> '" + damaged + "'");
    put(i, bytes[i]);
  }
  EXPECT_NO_THROW(Forecaster::load(at("a.safetensors")));
}

TEST_F(FileTest, LaterVersionsSayWhatIsNeeded) {
  const std::vector<std::byte> none;
  std::map<std::string, std::string> metadata = {
      {"format", "neuro-divergent"}, {"format_version", "2"}, {"package_version", "3.1.4"}};
  io::write_safetensors(at("a.safetensors"), metadata, {});
  try {
    Forecaster::load(at("a.safetensors"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::file);
    EXPECT_NE(error.message().find("install neuro-divergent 3.1.4 or later"), std::string::npos)
        << error.message();
  }
  metadata["format_version"] = "one";
  io::write_safetensors(at("a.safetensors"), metadata, {});
  expect_refused(at("a.safetensors"), "no number");
  metadata["format_version"] = "1";
  io::write_safetensors(at("a.safetensors"), metadata, {});
  expect_refused(at("a.safetensors"), "nothing but a version");
  metadata.clear();
  io::write_safetensors(at("a.safetensors"), metadata, {});
  expect_refused(at("a.safetensors"), "no metadata");
}

/// Tensors of one model of a saved file under bare names, as a reference checkpoint has them.
struct Checkpoint {
  std::map<std::string, io::TensorData> tensors;
  std::map<std::string, std::vector<std::byte>> storage;

  void add(const std::string& name, const std::string& dtype, std::vector<int64_t> shape,
           std::vector<std::byte> bytes) {
    storage[name] = std::move(bytes);
    tensors[name] = {name, dtype, std::move(shape), storage[name]};
  }
  void add_floats(const std::string& name, std::vector<int64_t> shape,
                  const std::vector<float>& values) {
    const auto bytes = std::as_bytes(std::span(values));
    add(name, "F32", std::move(shape), {bytes.begin(), bytes.end()});
  }
  void write(const std::string& path) const {
    std::vector<io::TensorData> list;
    for (const auto& [name, tensor] : tensors) list.push_back(tensor);
    io::write_safetensors(path, {{"nf_format", "2"}}, list);
  }
};

Checkpoint checkpoint_of(const std::string& path, const std::string& prefix) {
  const io::SafetensorsFile file(path);
  Checkpoint out;
  for (const auto& [name, tensor] : file.tensors()) {
    if (name.rfind(prefix, 0) == 0) {
      out.add(name.substr(prefix.size()), tensor.dtype, tensor.shape,
              {tensor.bytes.begin(), tensor.bytes.end()});
    }
  }
  return out;
}

json basis_config(uint64_t seed) {
  return {{"horizon", 4},
          {"inputSize", 8},
          {"models",
           {{{"type", "NBEATS"},
             {"options",
              {{"maxSteps", 0},
               {"randomSeed", seed},
               {"sharedWeights", true},
               {"stackTypes", {"trend", "seasonality"}},
               {"nBlocks", {2, 1}},
               {"mlpUnits", {{4, 4}, {4, 4}}},
               {"scalerType", "revin"}}}}}}};
}

std::string import_message(Forecaster& f, const std::string& path) {
  try {
    f.load_weights("NBEATS", path);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::file);
    return error.message();
  }
  return "";
}

TEST_F(FileTest, ImportsWeightsOfTheReference) {
  const auto panel = shared_sine_panel({30, 20});
  Forecaster source(basis_config(1)), target(basis_config(2));
  source.fit(panel, {});
  target.fit(panel, {});
  EXPECT_NE(source.predict(nullptr, {}).values, target.predict(nullptr, {}).values);
  source.save(at("a.safetensors"));
  Checkpoint checkpoint = checkpoint_of(at("a.safetensors"), "NBEATS/");
  checkpoint.add_floats("loss.quantiles", {1}, {0.5F});
  checkpoint.add_floats("valid_loss.horizon_weight", {1, 4, 1}, {1, 1, 1, 1});
  checkpoint.write(at("b.safetensors"));
  EXPECT_EQ(import_message(target, at("b.safetensors")), "");
  EXPECT_EQ(source.predict(nullptr, {}).values, target.predict(nullptr, {}).values);

  checkpoint.tensors.erase("scaler.revin_bias"), checkpoint.tensors.erase("scaler.revin_weight");
  checkpoint.add_floats("scaler.revin_bias", {1, 1, 2, 1}, {2.5F, 100});
  checkpoint.add_floats("scaler.revin_weight", {1, 1, 2, 1}, {1, 7});
  checkpoint.write(at("b.safetensors"));
  EXPECT_EQ(import_message(target, at("b.safetensors")), "");
  EXPECT_NEAR(target.predict(nullptr, {}).values[0][0],
              source.predict(nullptr, {}).values[0][0] + 2.5, 1e-4);
  target.save(at("c.safetensors"));
  EXPECT_EQ(Forecaster::load(at("c.safetensors")).predict(nullptr, {}).values,
            target.predict(nullptr, {}).values);
}

TEST_F(FileTest, AcceptsTheOtherNamesOfSharedWeights) {
  Forecaster f(basis_config(1));
  f.fit(shared_sine_panel({30, 20}), {});
  f.save(at("a.safetensors"));
  Checkpoint checkpoint = checkpoint_of(at("a.safetensors"), "NBEATS/");
  std::string last;
  for (const auto& [name, tensor] : Checkpoint(checkpoint).tensors) {
    if (name.rfind("blocks.0.", 0) != 0) continue;
    last = "blocks.1." + name.substr(9);
    if (checkpoint.tensors.count(last) == 0) {
      checkpoint.add(last, tensor.dtype, tensor.shape, checkpoint.storage[name]);
    }
  }
  ASSERT_FALSE(last.empty());
  checkpoint.write(at("b.safetensors"));
  EXPECT_EQ(import_message(f, at("b.safetensors")), "");

  const std::string duplicate = "blocks.1.layers.0.weight";
  ASSERT_EQ(checkpoint.tensors.count(duplicate), 1U);
  const std::vector<int64_t> shape = checkpoint.tensors[duplicate].shape;
  checkpoint.add_floats(duplicate, shape,
                        std::vector<float>(static_cast<size_t>(shape[0] * shape[1]), 1));
  checkpoint.write(at("b.safetensors"));
  EXPECT_NE(import_message(f, at("b.safetensors")).find(duplicate + " differs from"),
            std::string::npos);
}

TEST_F(FileTest, NamesTheDifferencesOfAnImport) {
  Forecaster f(basis_config(1));
  EXPECT_THROW(f.load_weights("NBEATS", at("a.safetensors")), Error);
  f.fit(shared_sine_panel({30, 20}), {});
  f.save(at("a.safetensors"));
  const Checkpoint whole = checkpoint_of(at("a.safetensors"), "NBEATS/");
  const auto before = f.predict(nullptr, {}).values;
  std::string weight, basis;
  for (const auto& [name, tensor] : whole.tensors) {
    if (name.find("layers") != std::string::npos && name.find("weight") != std::string::npos &&
        weight.empty())
      weight = name;
    if (name.find("basis") != std::string::npos && basis.empty()) basis = name;
  }
  ASSERT_FALSE(weight.empty());
  ASSERT_FALSE(basis.empty());
  const auto broken = [&](const auto& change) {
    Checkpoint copy = whole;
    for (auto& [name, tensor] : copy.tensors) tensor.bytes = copy.storage[name];
    change(copy);
    copy.write(at("b.safetensors"));
    return import_message(f, at("b.safetensors"));
  };
  EXPECT_NE(broken([&](Checkpoint& c) { c.tensors.erase(weight); }).find("missing " + weight),
            std::string::npos);
  EXPECT_NE(broken([](Checkpoint& c) {
              c.add_floats("blocks.9.weight", {1}, {1});
            }).find("unexpected blocks.9.weight"),
            std::string::npos);
  EXPECT_NE(broken([&](Checkpoint& c) {
              c.add_floats(weight, {1, 2}, {1, 2});
            }).find("is [1, 2]"),
            std::string::npos);
  EXPECT_NE(broken([&](Checkpoint& c) {
              const auto& t = c.tensors[basis];
              c.add_floats(basis, t.shape, std::vector<float>(t.bytes.size() / 4, 9));
            }).find("differs from the basis"),
            std::string::npos);
  EXPECT_EQ(f.predict(nullptr, {}).values, before) << "a refused import changes nothing";
}

}  // namespace
}  // namespace nd::forecast
