#include "data/scalers.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace nd::data {
namespace {

// Golden values of the reference implementation in float64: series 2, channel 0 of the recorded
// windows; the statistics are those of steps 3 … 9.
const std::vector<double> kX = {
    4.453916538970496,  5.907480127234491, 7.24487199590808,   6.28620412176242,  5.595399158368045,
    3.3507338345639646, 5.376065018953064, 3.8904448781116043, 3.952973322449024, 4.362643742174642,
    4.866826576671558,  4.855088539481334, 4.955286657956216,  5.218782687869949};
const std::vector<double> kMask = {0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0};

struct Golden {
  WindowScaler scaler;
  double shift, scale, z0, z1;
};

void expect_close(double received, double expected) {
  EXPECT_NEAR(received, expected, 1e-9 * std::max(1.0, std::abs(expected)));
}

TEST(WindowScalers, GoldenValues) {
  const Golden goldens[] = {
      {WindowScaler::identity, 0, 1, 4.453916538970496, 5.907480127234491},
      {WindowScaler::standard, 4.687780582340395, 0.9943822621504677, -0.23518525246431904,
       1.2265902071265369},
      {WindowScaler::robust, 4.362643742174642, 1.0119109076106774, 0.09019845137490158,
       1.5266525673762275},
      {WindowScaler::minmax, 3.3507338345639646, 2.935471287198456, 0.3758111037288949,
       0.8709832400066241},
      {WindowScaler::minmax1, 3.3507338345639646, 2.935471287198456, -0.24837779254221015,
       0.7419664800132482},
      {WindowScaler::invariant, 4.362643742174642, 1.0119109076106774, 0.09007659148853019,
       1.2094570478341025},
      {WindowScaler::revin, 4.105781980460575, 1.0183651308690038, -0.23518525246431904,
       1.2265902071265369},
  };
  const RevinAffine affine{-0.5819986018798197, 1.0241173593386617};
  for (const Golden& g : goldens) {
    SCOPED_TRACE(name_of(g.scaler));
    const WindowStatistics s = window_statistics(g.scaler, kX, kMask, affine);
    expect_close(s.shift, g.shift);
    expect_close(s.scale, g.scale);
    expect_close(scale_value(g.scaler, s, kX[0]), g.z0);
    expect_close(scale_value(g.scaler, s, kX[1]), g.z1);
    if (g.scaler != WindowScaler::revin) {
      for (const double x : kX)
        expect_close(unscale_value(g.scaler, s, scale_value(g.scaler, s, x)), x);
    } else {
      expect_close(unscale_value(g.scaler, s, 2), g.shift + 2 * g.scale);
    }
  }
}

TEST(WindowScalers, RobustFallsBackToTheDeviationThenToOne) {
  const std::vector<double> spike = {2, 2, 2, 9, 2,
                                     2, 2, 2, 2, 2};  // golden: median deviation 0, spread not
  const std::vector<double> ones(10, 1.0), constant(10, 7.0);
  const WindowStatistics s = window_statistics(WindowScaler::robust, spike, ones);
  expect_close(s.shift, 2);
  expect_close(s.scale, 1.4164294754117717);
  expect_close(window_statistics(WindowScaler::robust, constant, ones).scale, 1.000001);
  expect_close(window_statistics(WindowScaler::standard, spike, ones).scale, 2.1000010000000002);
}

TEST(WindowScalers, MedianOfAnEvenCountIsTheLowerMiddle) {
  const std::vector<double> x = {1, 2, 3, 10};
  EXPECT_EQ(observed_statistics(WindowScaler::robust, x).shift, 2);
  expect_close(observed_statistics(WindowScaler::robust, x).scale, 1 + 1e-6);  // deviations 0 1 1 8
}

TEST(WindowScalers, ConstantWindowHasScaleOneWhateverItsValue) {
  const std::vector<double> x(7, 1000000.1);  // its mean rounds
  for (const auto scaler :
       {WindowScaler::standard, WindowScaler::robust, WindowScaler::minmax, WindowScaler::revin}) {
    const WindowStatistics s = observed_statistics(scaler, x);
    EXPECT_EQ(s.raw_shift, 1000000.1);
    EXPECT_EQ(s.raw_scale, 1.000001);
  }
}

TEST(WindowScalers, EmptyMask) {
  const std::vector<double> x = {1, 2}, none = {0, 0};
  for (int k = 0; k < 7; ++k) {
    const auto scaler = static_cast<WindowScaler>(k);
    const WindowStatistics s = window_statistics(scaler, x, none);
    EXPECT_EQ(s.raw_shift, 0);
    EXPECT_EQ(s.raw_scale, 1);
  }
  const WindowStatistics compat = window_statistics(WindowScaler::minmax, x, none, {}, true);
  EXPECT_EQ(compat.shift, static_cast<double>(FLT_MAX));
  EXPECT_TRUE(std::isinf(compat.scale) && compat.scale < 0);
  EXPECT_EQ(window_statistics(WindowScaler::standard, x, none, {}, true).scale, 1.000001);
  EXPECT_EQ(window_statistics(WindowScaler::identity, x, none, {}, true).scale, 1);
}

TEST(WindowScalers, SmallMovesOfALargePriceSurvive) {
  std::vector<double> x;
  for (int i = 0; i < 100; ++i) x.push_back(1e6 + 0.01 * (i % 2));
  const WindowStatistics s = observed_statistics(WindowScaler::standard, x);
  EXPECT_NEAR(s.scale, 0.005 + 1e-6, 1e-9);
  EXPECT_NEAR(scale_value(WindowScaler::standard, s, 1e6 + 0.01), 0.9998, 1e-4);
}

TEST(SeriesScalers, GoldenValues) {
  const std::vector<double> a = {75.49102945662219,  20.33201962422982,  56.01718616070934,
                                 44.186764726464844, 45.56820849467465,  48.41283404292281,
                                 26.760166450232987, 48.216811468269725, 40.617443084700696,
                                 90.87599419973859,  53.70943935873506,  46.768430467900856,
                                 47.6245509821838,   42.983443846692595, 38.338193385538545};
  const std::vector<double> constant(8, 4.0);
  struct Row {
    SeriesScaler scaler;
    double shift, scale, z0;
  };
  const Row rows[] = {
      {SeriesScaler::standard, 48.39350104997443, 16.53411342083249, 1.6388860846028597},
      {SeriesScaler::minmax, 20.33201962422982, 70.54397457550877, 0.7819095842601177},
      {SeriesScaler::robust, 46.768430467900856, 6.15098738320016, 4.669591595516798},
      {SeriesScaler::robust_iqr, 46.768430467900856, 9.260693235132294, 3.1015603540085315}};
  for (const Row& row : rows) {
    SCOPED_TRACE(name_of(row.scaler));
    const SeriesStatistics s = series_statistics(row.scaler, a);
    expect_close(s.shift, row.shift);
    expect_close(s.scale, row.scale);
    expect_close((a[0] - s.shift) / s.scale, row.z0);
    EXPECT_EQ(series_statistics(row.scaler, constant).shift, 4);
    EXPECT_EQ(series_statistics(row.scaler, constant).scale, 1);
  }
}

TEST(SeriesScalers, EvenCountAveragesTheMiddle) {
  const std::vector<double> x = {4, 1, 3, 10};
  EXPECT_EQ(series_statistics(SeriesScaler::robust, x).shift, 3.5);
  EXPECT_EQ(series_statistics(SeriesScaler::robust, x).scale, 1.5);  // deviations 0.5 0.5 2.5 6.5
  EXPECT_EQ(series_statistics(SeriesScaler::robust_iqr, x).scale, 5.5 - 2.5);
  const std::vector<double> one = {5};
  EXPECT_EQ(series_statistics(SeriesScaler::robust_iqr, one).shift, 5);
  EXPECT_EQ(series_statistics(SeriesScaler::robust_iqr, one).scale, 1);
  EXPECT_EQ(series_statistics(SeriesScaler::standard, {}).scale, 1);
}

TEST(ScalerNames, RoundTripAndNearest) {
  for (int k = 0; k < 7; ++k) {
    EXPECT_EQ(parse_window_scaler(name_of(static_cast<WindowScaler>(k))),
              static_cast<WindowScaler>(k));
  }
  for (int k = 0; k < 5; ++k) {
    EXPECT_EQ(parse_series_scaler(name_of(static_cast<SeriesScaler>(k))),
              static_cast<SeriesScaler>(k));
  }
  EXPECT_EQ(parse_series_scaler(""), SeriesScaler::none);
  EXPECT_EQ(parse_window_scaler("none"), WindowScaler::identity);
  try {
    parse_window_scaler("Robst");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::config);
    EXPECT_NE(e.message().find("did you mean \"robust\""), std::string::npos) << e.message();
  }
  EXPECT_THROW(parse_series_scaler("iqr"), Error);
}

TEST(BoxCox, TransformsAndComesBack) {
  for (const double lambda : {0.0, 0.3, 1.0, 2.0}) {
    const SeriesStatistics s{lambda, 1};
    for (const double x : {1e-6, 0.5, 1.0, 1e9}) {
      const double z = scale_value(SeriesScaler::boxcox, s, x);
      const double power = lambda == 0 ? std::log(x) : (std::pow(x, lambda) - 1) / lambda;
      EXPECT_NEAR(z, power, 1e-9 * std::max(1.0, std::abs(power)));
      EXPECT_NEAR(unscale_value(SeriesScaler::boxcox, s, z) / x, 1, lambda * 1e-4 + 1e-12);
    }
  }
}

TEST(BoxCox, FindsTheExponentThatMakesValuesNormal) {
  // Quantiles of a normal distribution, raised to the power that λ takes back.
  for (const double power : {1.0, 2.0, 4.0}) {
    std::vector<double> x;
    for (int i = 1; i < 400; ++i) {
      const double logit = std::log(i / (400.0 - i));  // a symmetric distribution
      x.push_back(std::pow(10 + logit, power));
    }
    EXPECT_NEAR(series_statistics(SeriesScaler::boxcox, x).shift, 1 / power, 0.08 / power);
  }
}

TEST(BoxCox, NeedsPositiveValues) {
  const std::vector<double> x = {3, 0, 1};
  try {
    series_statistics(SeriesScaler::boxcox, x, "AAPL");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::data);
    EXPECT_NE(error.message().find("\"AAPL\""), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace nd::data
