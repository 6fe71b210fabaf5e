#include "parallel/team.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace nd::parallel {

namespace {

// Long enough to bridge the serial gap between two kernel calls, short enough that an idle team
// parks within ~50 µs.
constexpr int kSpins = 4000;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spins, then parks in the kernel until `value` differs from `old`.
void wait_for_change(const std::atomic<uint32_t>& value, uint32_t old) {
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

struct Team::Impl {
  int size = 1, asked = 1;
  std::vector<std::thread> members;
  alignas(64) std::atomic<uint32_t> start{0};     // generation of run()
  alignas(64) std::atomic<uint32_t> arrived{0};   // members at the barrier
  alignas(64) std::atomic<uint32_t> released{0};  // generation of the barrier
  std::atomic<bool> stop{false};
  void (*body)(void*, int) = nullptr;
  void* context = nullptr;

  void barrier() {
    const uint32_t generation = released.load(std::memory_order_relaxed);
    if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == static_cast<uint32_t>(size)) {
      arrived.store(0, std::memory_order_relaxed);
      released.store(generation + 1, std::memory_order_release);
      released.notify_all();
    } else {
      wait_for_change(released, generation);
    }
  }

  void member_loop(int member) {
    const ScopedFlushDenormals flush;
    for (uint32_t seen = 0;; ++seen) {
      wait_for_change(start, seen);
      if (stop.load(std::memory_order_acquire)) return;
      body(context, member);
      barrier();
    }
  }
};

Team::Team(int threads) : impl_(std::make_unique<Impl>()) {
  impl_->asked = std::max(1, threads);
  impl_->members.reserve(static_cast<size_t>(impl_->asked) - 1);
  for (int member = 1; member < impl_->asked; ++member) {
    try {
      impl_->members.emplace_back([impl = impl_.get(), member] { impl->member_loop(member); });
    } catch (const std::system_error&) {
      break;  // the system gives no more threads: a smaller team does the same work
    }
  }
  impl_->size = static_cast<int>(impl_->members.size()) + 1;
}

Team::~Team() {
  impl_->stop.store(true, std::memory_order_release);
  impl_->start.fetch_add(1, std::memory_order_acq_rel);
  impl_->start.notify_all();
  for (std::thread& t : impl_->members) t.join();
}

int Team::size() const { return impl_->size; }

int Team::asked() const { return impl_->asked; }

void Team::run(void (*body)(void* context, int member), void* context) {
  if (impl_->size == 1) {
    body(context, 0);
    return;
  }
  impl_->body = body;
  impl_->context = context;
  impl_->start.fetch_add(1, std::memory_order_acq_rel);
  impl_->start.notify_all();
  body(context, 0);
  impl_->barrier();
}

void Team::barrier(int) {
  if (impl_->size > 1) impl_->barrier();
}

namespace {

// CPUs granted by the cgroup's quota (v2, then v1), or 0 without one.
int cgroup_limit() {
  std::ifstream v2("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (v2 >> quota >> period && quota != "max" && period > 0) {
    return std::max(1, static_cast<int>(std::atof(quota.c_str()) / period));
  }
  std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
      v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double q = 0, p = 0;
  if (v1_quota >> q && v1_period >> p && q > 0 && p > 0)
    return std::max(1, static_cast<int>(q / p));
  return 0;
}

}  // namespace

int default_threads() {
  if (const char* text = std::getenv("ND_NUM_THREADS"); text != nullptr) {
    int threads = 0;
    const std::string_view view(text);
    const auto [end, error] = std::from_chars(view.begin(), view.end(), threads);
    if (error == std::errc() && end == view.end() && threads > 0) return threads;
  }
  int allowed = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) allowed = CPU_COUNT(&set);
#endif
  if (const int limit = cgroup_limit(); limit > 0) allowed = std::min(allowed, limit);
  return std::max(1, allowed);
}

ScopedFlushDenormals::ScopedFlushDenormals() : saved_(0) {
#if defined(__x86_64__)
  saved_ = _mm_getcsr();
  _mm_setcsr(saved_ | 0x8040);  // FTZ | DAZ
#endif
}

ScopedFlushDenormals::~ScopedFlushDenormals() {
#if defined(__x86_64__)
  _mm_setcsr(saved_);
#endif
}

}  // namespace nd::parallel
