// The parameter table: canonical values go in and come out whatever the layout, on every target.
#include "graph/parameters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "simd/gemm.h"
#include "simd/target.h"

namespace nd::test {
namespace {

TEST(Parameters, PackedWeightsAreReadAsTheyWereWritten) {
  for (const std::string& target : simd::target_names()) {
    ASSERT_TRUE(simd::select_target(target));
    for (const Layout layout : {Layout::canonical, Layout::matmul, Layout::matmul_plain}) {
      for (const auto& [rows, columns] : {std::pair<int64_t, int64_t>{1, 1},
                                          {1, 70},
                                          {70, 1},
                                          {3, 33},
                                          {16, 32},
                                          {65, 17},
                                          {31, 24}}) {
        const ParameterTable table({{"before", Shape::fixed({5}), {}},
                                    {"w", Shape::fixed({rows, columns}), {}, true, layout},
                                    {"after", Shape::fixed({7}), {}}});
        const ParameterEntry& entry = *table.find("w");
        std::vector<float> values(static_cast<size_t>(rows * columns));
        std::iota(values.begin(), values.end(), 1.0F);
        FloatBuffer flat(static_cast<size_t>(table.total()));
        std::fill(flat.span().begin(), flat.span().end(), -1.0F);
        table.write(flat.span(), entry, values);
        EXPECT_EQ(table.read(flat.span(), entry), values) << target;
        EXPECT_EQ(table.read(flat.span(), *table.find("before")), std::vector<float>(5, -1.0F));
        EXPECT_EQ(table.read(flat.span(), *table.find("after")), std::vector<float>(7, -1.0F));
        const auto zeros =
            std::count(flat.data() + entry.offset, flat.data() + entry.offset + entry.extent, 0.0F);
        EXPECT_EQ(zeros, entry.extent - entry.size) << "padding lanes";
      }
    }
  }
  simd::select_target("");
}

TEST(Parameters, AreInitialisedTheSameInEveryLayout) {
  std::vector<ParameterDecl> decls = {
      {"w", Shape::fixed({40, 9}), Init::uniform(0.5), true, Layout::canonical}};
  const auto values = [&](Layout layout) {
    decls[0].layout = layout;
    const ParameterTable table(decls);
    FloatBuffer flat(static_cast<size_t>(table.total()));
    initialise_parameters(decls, table, 3, flat.span());
    return table.read(flat.span(), *table.find("w"));
  };
  EXPECT_EQ(values(Layout::canonical), values(Layout::matmul));
  EXPECT_EQ(values(Layout::canonical), values(Layout::matmul_plain));
}

TEST(Parameters, DrawsDependOnNameAndSeedOnly) {
  const std::vector<ParameterDecl> one = {{"a", Shape::fixed({4, 4}), Init::uniform(0.25)}};
  std::vector<ParameterDecl> two = {{"z", Shape::fixed({9}), Init::uniform(1)}};
  two.push_back(one[0]);
  const ParameterTable t1(one), t2(two);
  FloatBuffer v1(static_cast<size_t>(t1.total())), v2(static_cast<size_t>(t2.total()));
  initialise_parameters(one, t1, 5, v1.span());
  initialise_parameters(two, t2, 5, v2.span());
  const std::vector<float> a1 = t1.read(v1.span(), *t1.find("a")),
                           a2 = t2.read(v2.span(), *t2.find("a"));
  EXPECT_EQ(a1, a2);
  double largest = 0;
  for (const float v : a1) largest = std::max(largest, std::fabs(static_cast<double>(v)));
  EXPECT_LE(largest, 0.25);
  EXPECT_GT(largest, 0.05);
}

}  // namespace
}  // namespace nd::test
