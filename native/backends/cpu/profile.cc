#include "backends/cpu/profile.h"

#include <algorithm>
#include <limits>

#include "backends/cpu/cpu_plan.h"
#include "backends/cpu/sharded_plan.h"
#include "base/error.h"

namespace nd::cpu {

namespace {

std::vector<CpuPlan*> parts_of(Plan& plan) {
  std::vector<CpuPlan*> parts;
  if (auto* sharded = dynamic_cast<ShardedPlan*>(&plan)) {
    for (const auto& part : sharded->parts()) parts.push_back(part.get());
    return parts;
  }
  auto* whole = dynamic_cast<CpuPlan*>(&plan);
  check_internal(whole != nullptr, "a plan of the CPU backend");
  return {whole};
}

}  // namespace

Profile::Profile(Plan& plan) : plan_(plan) {
  for (const CpuPlan::Label& label : parts_of(plan)[0]->labels())
    kernels_.push_back({label.op, label.shapes, std::numeric_limits<double>::infinity()});
  seconds_.resize(kernels_.size());
  attach(seconds_.data());
}

Profile::~Profile() { attach(nullptr); }

void Profile::attach(double* seconds) {
  for (CpuPlan* part : parts_of(plan_)) part->time_kernels(seconds);
}

void Profile::finish_run() {
  for (size_t i = 0; i < kernels_.size(); ++i) {
    kernels_[i].seconds = std::min(kernels_[i].seconds, seconds_[i]);
    seconds_[i] = 0;
  }
}

}  // namespace nd::cpu
