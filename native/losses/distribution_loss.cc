// Losses that learn a whole distribution: the negative log likelihood of one family, or of a
// mixture of several of its members.
#include "base/error.h"
#include "losses/columns.h"
#include "losses/distributions/families.h"
#include "losses/list.h"
#include "ops/ops.h"

namespace nd {
namespace {

ParamSpec return_params_param() {
  return {.name = "return_params",
          .type = ParamType::boolean,
          .default_json = "false",
          .doc = "Forecast the parameters of the distribution too, as columns of their own."};
}

std::shared_ptr<const Distribution> family_of(const Options& options, bool compat) {
  const std::string name = options.choice("distribution");
  if (name == "Normal") return normal_distribution();
  if (name == "StudentT") return student_t_distribution();
  if (name == "Poisson") return poisson_distribution(compat);
  if (name == "NegativeBinomial") return negative_binomial_distribution(compat);
  if (name == "Bernoulli") return bernoulli_distribution(compat);
  if (name == "ISQF")
    return isqf_distribution(level_columns(options).quantiles, options.integer("num_pieces"),
                             compat);
  if (options.is_null("rho"))
    throw Error(Code::config,
                "[distributionloss] received no rho, expected a number in (1, 2): the Tweedie "
                "distribution needs the power of its variance",
                R"({"option":"rho"})");
  return tweedie_distribution(options.number("rho"), compat);
}

template <auto kMake>
std::shared_ptr<const Distribution> mixture_of(const Options& options, bool compat) {
  return kMake({.components = options.integer("n_components"),
                .weighted = options.boolean("weighted"),
                .batch_correlation = options.boolean("batch_correlation"),
                .horizon_correlation = options.boolean("horizon_correlation"),
                .compat = compat});
}

std::vector<ParamSpec> mixture_params(std::string_view default_components) {
  return {{.name = "n_components",
           .type = ParamType::integer,
           .default_json = default_components,
           .doc = "Number of components.",
           .minimum = 1,
           .maximum = 100},
          {.name = "weighted",
           .type = ParamType::boolean,
           .default_json = "false",
           .doc = "Learn the weights of the components; without, all weigh the same."},
          {.name = "batch_correlation",
           .type = ParamType::boolean,
           .default_json = "false",
           .doc = "One component holds for all windows of a batch."},
          {.name = "horizon_correlation",
           .type = ParamType::boolean,
           .default_json = "false",
           .doc = "One component holds for the whole horizon of a window."},
          levels_param(),
          quantiles_param(),
          return_params_param(),
          horizon_weight_param()};
}

/// The inputs of a likelihood from those of the loss; `sees_all`: unobserved steps too.
Var likelihood_loss(const Distribution& family, const LossInputs& in, bool sees_all = false) {
  const Var zero = in.y.graph->constant(0.0), one = in.y.graph->constant(1.0);
  const auto seen = [&](Var x) { return sees_all ? x : where(in.weight, x, zero); };
  LikelihoodInputs inputs{.outputs = seen(in.y_hat),
                          .raw = {},
                          .target = seen(in.target),
                          .z = seen(in.y),
                          .loc = in.loc,
                          // Spare rows of a plan hold zeros.
                          .scale = where(greater(in.scale, zero), in.scale, one),
                          .weight = in.weight,
                          .inverse_sum = in.inverse_sum};
  for (int64_t i = 0; i < family.outputs(); ++i)
    inputs.raw.push_back(slice(inputs.outputs, 2, i, i + 1));
  return family.loss(inputs);
}

Var distribution_loss(Graph&, const Options& options, const LossInputs& in, bool compat) {
  return likelihood_loss(*family_of(options, compat), in);
}

template <auto kMake>
Var mixture_loss(Graph&, const Options& options, const LossInputs& in, bool compat) {
  // What a component holds for, the reference adds up without its mask.
  const bool correlated =
      options.boolean("batch_correlation") || options.boolean("horizon_correlation");
  return likelihood_loss(*mixture_of<kMake>(options, compat), in, compat && correlated);
}

std::vector<std::string> names_of_quantiles(const Options& o) { return level_columns(o).suffixes; }
std::vector<double> quantiles_of(const Options& o) { return level_columns(o).quantiles; }

}  // namespace

const LossSpec kDistributionLoss = {
    .name = "DistributionLoss",
    .summary =
        "A distribution per step: its mean, any quantile and its parameters from one "
        "network (Salinas et al., 2020).",
    .formula = "WM(-log p(y | parameters))",
    .params = {{.name = "distribution",
                .type = ParamType::choice,
                .doc = "Family: Normal and StudentT for any number, Poisson and NegativeBinomial "
                       "for counts, Bernoulli for 0 and 1, Tweedie for amounts that may be 0, ISQF "
                       "for any shape: a spline through the quantiles, scored by the CRPS (Park "
                       "et al., 2022).",
                .choices = {"Normal", "StudentT", "Poisson", "NegativeBinomial", "Bernoulli",
                            "Tweedie", "ISQF"}},
               {.name = "rho",
                .type = ParamType::number,
                .default_json = "null",
                .doc = "Power of the mean that is the variance; of Tweedie, which needs it.",
                .minimum = 1,
                .maximum = 2,
                .open_minimum = true,
                .open_maximum = true,
                .nullable = true},
               {.name = "num_pieces",
                .type = ParamType::integer,
                .default_json = "5",
                .doc = "Linear pieces between two quantiles; of ISQF.",
                .minimum = 1,
                .maximum = 100},
               levels_param(),
               quantiles_param(),
               return_params_param(),
               horizon_weight_param()},
    .output_names = names_of_quantiles,
    .quantiles = quantiles_of,
    .build = distribution_loss,
    .distribution = family_of,
};

const LossSpec kGmm = {
    .name = "GMM",
    .summary = "A mixture of normal distributions per step (Olivares et al., 2021).",
    .formula = "WM(-log Σ_k π_k·N(y | μ_k, σ_k))",
    .params = mixture_params("1"),
    .output_names = names_of_quantiles,
    .quantiles = quantiles_of,
    .build = mixture_loss<gaussian_mixture>,
    .distribution = mixture_of<gaussian_mixture>,
};

const LossSpec kPmm = {
    .name = "PMM",
    .summary = "A mixture of Poisson distributions per step, for counts (Olivares et al., 2021).",
    .formula = "WM(-log Σ_k π_k·Poisson(y | λ_k))",
    .params = mixture_params("10"),
    .output_names = names_of_quantiles,
    .quantiles = quantiles_of,
    .build = mixture_loss<poisson_mixture>,
    .distribution = mixture_of<poisson_mixture>,
};

const LossSpec kNbmm = {
    .name = "NBMM",
    .summary = "A mixture of negative binomial distributions per step, for counts.",
    .formula = "WM(-log Σ_k π_k·NegativeBinomial(y | m_k, α_k))",
    .params = mixture_params("1"),
    .output_names = names_of_quantiles,
    .quantiles = quantiles_of,
    .build = mixture_loss<negative_binomial_mixture>,
    .distribution = mixture_of<negative_binomial_mixture>,
};

}  // namespace nd
