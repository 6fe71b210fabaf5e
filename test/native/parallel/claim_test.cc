#include "parallel/claim.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "parallel/team.h"

namespace nd::parallel {
namespace {

TEST(Claim, OneFitGetsWhatItAsksFor) {
  EXPECT_EQ(fair_threads(3), 3) << "outside of any fit";
  const int many = 4 * default_threads();
  const Claim claim(many);
  EXPECT_EQ(fair_threads(many), many);
}

TEST(Claim, SeveralFitsShareTheMachineAndGetItBack) {
  const int cores = default_threads();
  const Claim first(cores);
  {
    const Claim second(cores), third(2 * cores);
    EXPECT_EQ(fair_threads(cores), std::max(1, cores * 2 * cores / (4 * cores)));
    EXPECT_EQ(fair_threads(1), 1);
  }
  EXPECT_EQ(fair_threads(cores), cores);
}

}  // namespace
}  // namespace nd::parallel
