#include "train/plan_ladder.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.h"

namespace nd::train {

namespace {
constexpr int64_t kFirstFine = 16;  // below it a whole octave lies between two rungs
constexpr int64_t kRungsPerOctave = 4;
}  // namespace

int64_t rung_for(int64_t windows, int64_t capacity) {
  check_internal(windows >= 1 && windows <= capacity, "windows within the capacity of the ladder");
  const auto below = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(windows)));
  const int64_t step = below < kFirstFine ? below : below / kRungsPerOctave;
  return std::min(capacity, (windows + step - 1) / step * step);
}

PlanLadder::PlanLadder(int64_t capacity, Compile compile, int64_t memory_limit)
    : capacity_(capacity), memory_limit_(memory_limit), compile_(std::move(compile)) {
  check_internal(capacity >= 1, "a ladder for at least one window");
}

Plan& PlanLadder::select(int64_t windows) {
  const int64_t size = rung_for(windows, capacity_);
  auto found = rungs_.find(size);
  if (found == rungs_.end()) {
    selected_ = nullptr;
    found = rungs_.emplace(size, Rung{compile_(size)}).first;
    found->second.used = ++selections_;
    drop_unused();
  }
  selected_ = &found->second;
  selected_->used = ++selections_;
  return *selected_->plan;
}

void PlanLadder::run(RunArgs args) {
  check_internal(selected_ != nullptr, "a plan of the ladder is selected");
  if (args.parameters_changed) ++version_;
  args.parameters_changed = selected_->version != version_;
  selected_->version = 0;  // an aborted run may leave the prologue half done
  selected_->plan->run(args);
  selected_->version = version_;
}

int64_t PlanLadder::memory_bytes() const {
  int64_t bytes = 0;
  for (const auto& [size, rung] : rungs_) bytes += rung.plan->memory_bytes();
  return bytes;
}

void PlanLadder::drop_unused() {
  while (rungs_.size() > 1 && memory_bytes() > memory_limit_) {
    rungs_.erase(std::min_element(rungs_.begin(), rungs_.end(), [](const auto& a, const auto& b) {
      return a.second.used < b.second.used;
    }));
  }
}

}  // namespace nd::train
