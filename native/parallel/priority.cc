#include "parallel/priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace nd::parallel {

namespace {
#if defined(__linux__) && defined(SYS_sched_setattr)
/// `struct sched_attr` of the kernel, first version; the C library has none.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes), policy = SCHED_OTHER;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t real_time_priority = 0;
  uint64_t slice_ns = 0, deadline = 0, period = 0;
};

/// A nice value with slices of this length: true where the kernel has them (Linux 6.12 on; older
/// ones say yes and ignore it).
bool set_short_slices(int nice, uint64_t slice_ns) {
  SchedulingAttributes wanted;
  wanted.nice = nice;
  wanted.slice_ns = slice_ns;
  SchedulingAttributes now;
  return syscall(SYS_sched_setattr, 0, &wanted, 0) == 0 &&
         syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) == 0 && now.slice_ns == slice_ns;
}
#endif
}  // namespace

void set_priority(Priority priority) {
  const char* wanted = std::getenv("ND_PRIORITY");
  if (wanted != nullptr && std::string_view(wanted) == "normal") return;
  const bool background = priority == Priority::background;
#if defined(__linux__)
  // A nice value is not enough: Linux lets a running thread finish its slice (about 3 ms) before a
  // waking one of higher weight gets the core. A thread whose slices are short is past its
  // protection when the event loop wakes, and its low weight puts its deadline behind the loop's.
#if defined(SYS_sched_setattr)
  if (background ? set_short_slices(19, 100'000) : set_short_slices(15, 150'000)) return;
#endif
  // Without such slices only a thread of the idle class is preempted at once.
  if (const sched_param none{}; background && sched_setscheduler(0, SCHED_IDLE, &none) == 0) return;
  // Nice values are per thread on Linux.
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), background ? 19 : 10);
#endif
}

}  // namespace nd::parallel
