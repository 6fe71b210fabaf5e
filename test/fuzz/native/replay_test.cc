// Replays every input that a fuzzer kept, so that what was mended once stays mended.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/error.h"
#include "forecast/forecaster.h"
#include "memory_file.h"
#include "model_text.h"
#include "targets.h"

namespace nd::fuzz {
namespace {

class FuzzCorpus : public testing::TestWithParam<Target> {};

TEST_P(FuzzCorpus, EndsAsDocumented) {
  const Target target = GetParam();
  int64_t inputs = 0;
  const auto folder = std::filesystem::path(ND_FUZZ_CORPUS) / target.name;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    const Bytes view{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
    EXPECT_EQ(misbehaviour(target, view), "") << entry.path();
    ++inputs;
  }
  EXPECT_GE(inputs, 5);
}

TEST(ModelFile, ASmallFileCannotAskForALargeNetwork) {
  const MemoryFile file(model_bytes(
      "format neuro-divergent\nformat_version 1\nhistory [{}]\n"
      "data {\"frequency\":\"D\",\"calendar\":true,\"ids\":[\"a\"],\"trained\":[true]}\n"
      "config {\"horizon\":2,\"models\":[{\"type\":\"MLP\",\"options\":{\"numLayers\":200,"
      "\"hiddenSize\":1048576}}]}\n"));
  try {
    forecast::Forecaster::load(file.path());
    FAIL() << "loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::file) << error.message();
    EXPECT_NE(error.message().find("is missing"), std::string::npos) << error.message();
  }
}

INSTANTIATE_TEST_SUITE_P(All, FuzzCorpus, testing::ValuesIn(kTargets),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace nd::fuzz
