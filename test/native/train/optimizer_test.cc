// Optimisers, clipping and schedules against trajectories of torch.optim (three steps, lr 0.05).
#include "train/optimizer.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "parallel/team.h"
#include "simd/target.h"

namespace nd::train {
namespace {

constexpr size_t kSize = 7;
using Row = std::array<float, kSize>;

constexpr Row kStart = {-0.3982817874714292F, 1.7144005902327755F,  0.4488040827032095F,
                        -1.17016404105952F,   -1.5120937201449483F, 0.10729561141533348F,
                        -2.563295146163909F};
constexpr std::array<Row, 3> kGradients = {
    Row{-0.13592150042019793F, -0.30482805270570673F, 0.2531616221699928F, 2.9439235095314418F,
        -1.526100988151774F, 1.1252762821199593F, 2.0052247979589946F},
    Row{0.02011203202336398F, 0.41521772721135064F, 2.8604015675647223F, -1.753586730574884F,
        -0.16857049943326474F, 3.2939232686231312F, -2.450023931808505F},
    Row{0.043071696492150625F, 0.2505824297519904F, 0.18119511453152792F, 0.1949405206246214F,
        1.089260894076222F, 1.2100420970762609F, 8.020925240928788F}};

/// One canonical tensor of `size` elements.
ParameterTable flat_table(size_t size) {
  return ParameterTable({{"w", Shape::fixed({static_cast<int64_t>(size)}), {}}});
}

struct Case {
  const char* label;
  const char* optimizer;
  OptimizerOptions options;
  double clip;  ///< above 0: of the norm, below 0: of each value, 0: none
  Row expected;
};

std::vector<Case> cases() {
  return {
      {"adam",
       "adam",
       {},
       0,
       {-0.30972683F, 1.73316939F, 0.32590763F, -1.23922231F, -1.41963697F, -0.03284559F,
        -2.63327111F}},
      {"adam clipped",
       "adam",
       {},
       1,
       {-0.30185008F, 1.74947791F, 0.32515150F, -1.24790206F, -1.40958907F, -0.03314344F,
        -2.63835374F}},
      {"adam weight decay",
       "adam",
       {.weight_decay = 0.1},
       0,
       {-0.28579634F, 1.69883304F, 0.32482632F, -1.23384855F, -1.41091954F, -0.03291702F,
        -2.62578351F}},
      {"amsgrad clipped",
       "adam",
       {.amsgrad = true},
       1,
       {-0.30185008F, 1.74947791F, 0.32515150F, -1.24790138F, -1.40958907F, -0.03314344F,
        -2.63835374F}},
      {"adamw",
       "adamw",
       {.weight_decay = 0.01},
       0,
       {-0.30919354F, 1.73055417F, 0.32530476F, -1.23741309F, -1.41743864F, -0.03293345F,
        -2.62938189F}},
      {"adamw betas",
       "adamw",
       {.beta1 = 0.8, .beta2 = 0.95, .weight_decay = 0.1},
       0,
       {-0.31030597F, 1.70128042F, 0.31895047F, -1.21623193F, -1.40377716F, -0.03440124F,
        -2.59373705F}},
      {"sgd",
       "sgd",
       {},
       0,
       {-0.39464490F, 1.69635199F, 0.28406617F, -1.23942791F, -1.48182319F, -0.17416647F,
        -2.94210145F}},
      {"sgd momentum",
       "sgd",
       {.momentum = 0.9},
       0,
       {-0.38392865F, 1.70372999F, 0.13370278F, -1.41222196F, -1.34375588F, -0.41860414F,
        -3.00329709F}},
      {"sgd nesterov",
       "sgd",
       {.weight_decay = 0.05, .momentum = 0.9, .nesterov = true},
       0,
       {-0.37391283F, 1.65219489F, -0.00690100F, -1.43084305F, -1.30206058F, -0.64669351F,
        -3.28527448F}},
      {"sgd nesterov clipped",
       "sgd",
       {.weight_decay = 0.05, .momentum = 0.9, .nesterov = true},
       1,
       {-0.38559392F, 1.67943045F, 0.35446005F, -1.22831583F, -1.42595005F, -0.03982759F,
        -2.62711590F}},
      {"adam clipped by value",
       "adam",
       {},
       -0.5,
       {-0.30972683F, 1.73316939F, 0.30510465F, -1.22406639F, -1.41596300F, -0.04270439F,
        -2.62745323F}},
      {"sgd clipped by value",
       "sgd",
       {},
       -0.5,
       {-0.39464490F, 1.69635199F, 0.40208625F, -1.17991107F, -1.50366520F, 0.03229561F,
        -2.58829515F}},
      {"rmsprop",
       "rmsprop",
       {},
       0,
       {-0.12274928F, 1.59071600F, -0.58091447F, -1.44198495F, -1.24815658F, -1.03109577F,
        -3.14110841F}},
      {"rmsprop clipped",
       "rmsprop",
       {},
       1,
       {-0.03240289F, 1.71655564F, -0.56841294F, -1.47760037F, -1.13750197F, -0.95634551F,
        -3.13412059F}},
      {"rmsprop clipped by value",
       "rmsprop",
       {},
       -0.5,
       {-0.12274928F, 1.59071600F, -0.65239047F, -1.44954258F, -1.19727520F, -1.03726935F,
        -2.99897900F}},
      {"rmsprop centred",
       "rmsprop",
       {.weight_decay = 0.05, .momentum = 0.9, .centered = true},
       0,
       {0.61316343F, 1.92734947F, -1.88738061F, -2.03476237F, -0.29722691F, -2.31970481F,
        -3.61803707F}},
      {"rmsprop centred clipped",
       "rmsprop",
       {.weight_decay = 0.05, .momentum = 0.9, .centered = true},
       1,
       {0.56731835F, -0.75146837F, -1.83145655F, -1.98537023F, -0.09595047F, -2.18495894F,
        -3.48707797F}},
      {"rmsprop centred clipped by value",
       "rmsprop",
       {.weight_decay = 0.05, .momentum = 0.9, .centered = true},
       -0.5,
       {0.61316343F, 1.92734947F, -1.86929602F, -1.84674576F, -0.11789639F, -2.18976314F,
        -3.30796078F}},
  };
}

TEST(Optimizer, FollowsTorch) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.label);
    Row parameters = kStart;
    const auto optimizer = make_optimizer(c.optimizer, c.options, kSize);
    for (Row gradient : kGradients) {
      GradientClip clip;
      if (c.clip > 0) clip.factor = clip_factor(gradient_norm(flat_table(kSize), gradient), c.clip);
      if (c.clip < 0) clip.limit = -c.clip;
      EXPECT_TRUE(optimizer->step(parameters, gradient, 0.05, nullptr, clip));
    }
    for (size_t i = 0; i < kSize; ++i) EXPECT_NEAR(parameters[i], c.expected[i], 1e-5) << i;
  }
}

struct Reference {
  double p = 0.5, m = 0, v = 0, product = 1;
};

/// torch.optim.RAdam, one element, in double.
void radam_reference(Reference& r, double g, int t, double rate) {
  const double beta1 = 0.9, beta2 = 0.99, bias2 = 1 - std::pow(beta2, t);
  r.m = beta1 * r.m + (1 - beta1) * g;
  r.v = beta2 * r.v + (1 - beta2) * g * g;
  const double mean = r.m / (1 - std::pow(beta1, t)), most = 2 / (1 - beta2) - 1,
               rho = most - 2 * t * std::pow(beta2, t) / bias2;
  if (rho <= 5) {
    r.p -= rate * mean;
    return;
  }
  const double rectification =
      std::sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho));
  r.p -= rate * mean * rectification * std::sqrt(bias2) / (std::sqrt(r.v) + 1e-8);
}

/// torch.optim.NAdam, one element, in double.
void nadam_reference(Reference& r, double g, int t, double rate) {
  const double beta1 = 0.9, beta2 = 0.99;
  const auto mu = [&](int step) { return beta1 * (1 - 0.5 * std::pow(0.96, step * 0.004)); };
  r.m = beta1 * r.m + (1 - beta1) * g;
  r.v = beta2 * r.v + (1 - beta2) * g * g;
  r.product *= mu(t);
  const double root = std::sqrt(r.v / (1 - std::pow(beta2, t))) + 1e-8;
  r.p -= rate * (1 - mu(t)) / (1 - r.product) * g / root +
         rate * mu(t + 1) / (1 - r.product * mu(t + 1)) * r.m / root;
}

TEST(Optimizer, RelativesOfAdamFollowTheirFormulas) {
  using Formula = void (*)(Reference&, double, int, double);
  for (const auto& [name, formula] :
       {std::pair<const char*, Formula>{"radam", radam_reference}, {"nadam", nadam_reference}}) {
    Reference expected;
    std::array<float, 1> p = {0.5F};
    const auto optimizer = make_optimizer(name, {.beta2 = 0.99}, 1);
    for (int t = 1; t <= 20; ++t) {
      const std::array<float, 1> g = {std::sin(static_cast<float>(3 * t)) + 0.3F};
      optimizer->step(p, g, 0.05);
      formula(expected, static_cast<double>(g[0]), t, 0.05);
      EXPECT_NEAR(p[0], expected.p, 1e-6) << name << " step " << t;
    }
  }
}

TEST(Optimizer, GoesOnFromAStateAsIfItHadNeverStopped) {
  constexpr size_t n = 37;
  const OptimizerOptions options = {
      .weight_decay = 0.01, .momentum = 0.9, .amsgrad = true, .centered = true};
  for (const std::string_view name : optimizer_names()) {
    FloatBuffer once(n), twice(n), g(n);
    auto whole = make_optimizer(name, options, n), part = make_optimizer(name, options, n);
    for (int t = 0; t < 12; ++t) {
      for (size_t i = 0; i < n; ++i) g.data()[i] = std::sin(static_cast<float>(i * 7 + t));
      if (t == 7) {
        auto next = make_optimizer(name, options, n);
        next->restore(part->release());
        part = std::move(next);
      }
      whole->step(once.span(), g.span(), 1e-2);
      part->step(twice.span(), g.span(), 1e-2);
    }
    EXPECT_TRUE(std::equal(once.data(), once.data() + n, twice.data())) << name;
    EXPECT_EQ(part->state().count, 12) << name;
  }
}

TEST(Optimizer, GivesTheSameBitsForAnyTeam) {
  constexpr size_t n = 100'003;
  for (const std::string_view name : optimizer_names()) {
    const auto run = [&](parallel::Team* team) {
      FloatBuffer p(n), g(n);
      for (size_t i = 0; i < n; ++i) {
        p.data()[i] = std::sin(static_cast<float>(i));
        g.data()[i] = std::cos(static_cast<float>(3 * i));
      }
      const auto optimizer =
          make_optimizer(name, {.weight_decay = 0.01, .momentum = 0.9, .centered = true}, n);
      for (int step = 0; step < 3; ++step) optimizer->step(p.span(), g.span(), 1e-2, team);
      return std::vector<float>(p.span().begin(), p.span().end());
    };
    parallel::Team three(3);
    EXPECT_EQ(run(nullptr), run(&three)) << name;
  }
}

TEST(Optimizer, KeepsPaddingLanesAtZero) {
  const std::vector<ParameterDecl> decls = {
      {"w", Shape::fixed({41, 3}), Init::uniform(1), true, Layout::matmul}};
  const OptimizerOptions options[] = {
      {.weight_decay = 0.1, .momentum = 0.9},
      {.epsilon = 0, .weight_decay = 0.1, .momentum = 0.9, .nesterov = true},
      {.epsilon = 0, .amsgrad = true, .centered = true}};
  for (const std::string& target : simd::target_names()) {
    ASSERT_TRUE(simd::select_target(target));
    const ParameterTable table(decls);
    const auto size = static_cast<size_t>(table.total());
    for (const std::string_view name : optimizer_names()) {
      for (const OptimizerOptions& o : options) {
        FloatBuffer p(size), g(size);
        initialise_parameters(decls, table, 1, p.span());
        initialise_parameters(decls, table, 2, g.span());
        const auto optimizer = make_optimizer(name, o, size);
        for (int step = 0; step < 5; ++step) optimizer->step(p.span(), g.span(), 0.1);
        // Packing the canonical values again writes zeros into every padding lane.
        FloatBuffer packed_again(size);
        table.write(packed_again.span(), table.entries()[0],
                    table.read(p.span(), *table.find("w")));
        EXPECT_TRUE(std::equal(p.data(), p.data() + size, packed_again.data())) << name << target;
        EXPECT_TRUE(all_finite(p.span())) << name << target;
      }
    }
  }
  simd::select_target("");
}

TEST(Optimizer, NamesTheClosestForAnUnknownName) {
  try {
    make_optimizer("adamv", {}, 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::config);
    EXPECT_NE(error.message().find("did you mean \"adam"), std::string::npos) << error.message();
  }
  EXPECT_THROW(make_optimizer("sgd", {.nesterov = true}, 1), Error);
}

TEST(Optimizer, SaysWhetherAllGradientsAreFinite) {
  constexpr size_t n = 100'003;
  parallel::Team two(2);
  for (const std::string_view name : optimizer_names()) {
    for (const size_t at : {size_t{0}, n / 2, n - 1}) {
      for (const float bad :
           {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        FloatBuffer p(n), g(n);
        const auto optimizer = make_optimizer(name, {}, n);
        g.data()[at] = std::numeric_limits<float>::max();
        EXPECT_TRUE(optimizer->step(p.span(), g.span(), 1e-3, &two)) << name;
        g.data()[at] = bad;
        EXPECT_FALSE(optimizer->step(p.span(), g.span(), 1e-3, &two)) << name;
      }
    }
  }
}

TEST(Clip, LeavesSmallGradientsAlone) {
  const std::vector<float> g = {3, 4};
  EXPECT_DOUBLE_EQ(gradient_norm(flat_table(2), g), 5);
  EXPECT_EQ(clip_factor(5, 10), 1);
  EXPECT_NEAR(clip_factor(5, 1), 0.2, 1e-6);
}

TEST(Clip, NormHasTheSameBitsOnEveryTarget) {
  std::vector<ParameterDecl> decls;
  for (const int64_t n : {1, 24, 33, 70})
    decls.push_back(
        {"w" + std::to_string(n), Shape::fixed({n, 19}), Init::uniform(1), true, Layout::matmul});
  decls.push_back({"plain", Shape::fixed({21, 40}), Init::uniform(1), true, Layout::matmul_plain});
  decls.push_back({"b", Shape::fixed({37}), Init::uniform(1)});
  decls.push_back({"fixed", Shape::fixed({8}), Init::fill(100), false});
  std::vector<double> norms;
  for (const std::string& target : simd::target_names()) {
    ASSERT_TRUE(simd::select_target(target));
    const ParameterTable table(decls);
    FloatBuffer g(static_cast<size_t>(table.total()));
    initialise_parameters(decls, table, 1, g.span());
    norms.push_back(gradient_norm(table, g.span()));
    double squares = 0;
    for (const ParameterEntry& entry : table.entries())
      for (const float v : table.read(g.span(), entry)) squares += entry.trainable ? v * v : 0;
    EXPECT_NEAR(norms.back(), std::sqrt(squares), 1e-5) << target;
    EXPECT_EQ(norms.back(), norms.front()) << target;
  }
  simd::select_target("");
}

TEST(AllFinite, FindsOneBadValue) {
  std::vector<float> x(100'000, 1.0F);
  parallel::Team two(2);
  EXPECT_TRUE(all_finite(x, &two));
  x[99'999] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(all_finite(x, &two));
  EXPECT_FALSE(all_finite(x));
}

}  // namespace
}  // namespace nd::train
