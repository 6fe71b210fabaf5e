#include "simd/target.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace nd::simd {
namespace {

TEST(Target, NamesAndSelects) {
  const std::vector<std::string> names = target_names();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(target_name(), names.front());
  EXPECT_FALSE(select_target("NOT_A_TARGET"));
  for (const std::string& name : names) {
    EXPECT_TRUE(select_target(name));
    EXPECT_EQ(target_name(), name);
  }
  EXPECT_TRUE(select_target(""));
  EXPECT_EQ(target_name(), names.front());
}

TEST(TargetDeathTest, EnvironmentTakesTargetsAway) {
  // The threadsafe style starts the program anew and runs this test there too, so only the first of
  // the two processes may set the variables.
  if (!std::getenv("ND_EXPECTED_TARGET")) {
    const std::vector<std::string> names = target_names();
    if (names.size() < 2) GTEST_SKIP() << "this processor has the baseline only";
    const char* before = std::getenv("ND_DISABLE_TARGETS");
    const std::string disabled = std::string(before ? before : "NOT_A_TARGET") + "," + names[0];
    setenv("ND_DISABLE_TARGETS", disabled.c_str(), 1);
    setenv("ND_EXPECTED_TARGET", names[1].c_str(), 1);
  }
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(std::exit(target_name() == std::getenv("ND_EXPECTED_TARGET") ? 0 : 1),
              ::testing::ExitedWithCode(0), "");
  unsetenv("ND_DISABLE_TARGETS");
  unsetenv("ND_EXPECTED_TARGET");
}

}  // namespace
}  // namespace nd::simd
