#include "parallel/claim.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "parallel/team.h"

namespace nd::parallel {

namespace {
std::mutex mutex;
std::multiset<int>& claims() {
  static auto* const all = new std::multiset<int>();  // outlives every thread
  return *all;
}
std::atomic<int> claimed{0}, available{1};

/// Needs the mutex.
void publish() {
  int sum = 0;
  for (const int threads : claims()) sum += threads;
  // Who asks for more threads than there are cores, and is alone, gets them.
  const int largest = claims().empty() ? 1 : *claims().rbegin();
  available.store(std::max(default_threads(), largest));
  claimed.store(sum);
}
}  // namespace

Claim::Claim(int threads) : threads_(std::max(1, threads)) {
  const std::lock_guard lock(mutex);
  claims().insert(threads_);
  publish();
}

Claim::~Claim() {
  const std::lock_guard lock(mutex);
  claims().erase(claims().find(threads_));
  publish();
}

int fair_threads(int threads) {
  const int all = claimed.load(std::memory_order_relaxed),
            cores = available.load(std::memory_order_relaxed);
  return all <= cores ? threads : std::max(1, threads * cores / all);
}

}  // namespace nd::parallel
