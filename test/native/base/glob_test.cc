#include "base/glob.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nd {
namespace {

TEST(Glob, MatchesAsItsDefinitionSays) {
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("", ""));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_FALSE(glob_matches("?", ""));
  EXPECT_TRUE(glob_matches("blocks.0.*", "blocks.0.layers.1.weight"));
  EXPECT_FALSE(glob_matches("blocks.0.*", "blocks.10.layers.1.weight"));
  EXPECT_TRUE(glob_matches("*.weight", "blocks.0.layers.1.weight"));
  EXPECT_FALSE(glob_matches("*.weight", "blocks.0.layers.1.weights"));
  EXPECT_TRUE(glob_matches("blocks.?.*.bias", "blocks.7.layers.1.bias"));
  EXPECT_FALSE(glob_matches("blocks[0]", "blocks0")) << "brackets stand for themselves";
  EXPECT_TRUE(glob_matches("a*b*c", "abbbc"));
  EXPECT_FALSE(glob_matches("a*b*c", "abbb"));
}

/// The definition, without any cleverness.
bool naive(std::string_view p, std::string_view t) {
  if (p.empty()) return t.empty();
  if (p[0] == '*') return naive(p.substr(1), t) || (!t.empty() && naive(p, t.substr(1)));
  return !t.empty() && (p[0] == '?' || p[0] == t[0]) && naive(p.substr(1), t.substr(1));
}

/// All texts of at most `length` of these letters.
std::vector<std::string> texts(const std::string& letters, size_t length) {
  std::vector<std::string> all = {""};
  for (size_t i = 0; i < all.size(); ++i)
    for (const char c : letters)
      if (all[i].size() < length) all.push_back(all[i] + c);
  return all;
}

TEST(Glob, AgreesWithTheDefinitionOnEveryShortText) {
  const auto names = texts("ab", 5);
  for (const std::string& pattern : texts("ab*?", 4))
    for (const std::string& name : names)
      ASSERT_EQ(glob_matches(pattern, name), naive(pattern, name)) << pattern << " " << name;
}

}  // namespace
}  // namespace nd
