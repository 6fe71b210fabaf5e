#include "parallel/priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace nd::parallel {

void set_priority(Priority priority) {
  const char* wanted = std::getenv("ND_PRIORITY");
  if (wanted != nullptr && std::string_view(wanted) == "normal") return;
#if defined(__linux__)
  if (priority == Priority::background) {
    // A nice value is not enough: Linux lets a running thread finish its slice (about 3 ms) before
    // a waking one of higher weight gets the core, but an idle-class thread is preempted at once.
    // Measured with a fit on all cores: it adds 2.9 ms to the p99.9 gap of a 1 ms timer at nice 10,
    // 0.0 ms in the idle class.
    const sched_param none{};
    if (sched_setscheduler(0, SCHED_IDLE, &none) == 0) return;
  }
  // Nice values are per thread on Linux.
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 10);
#endif
}

}  // namespace nd::parallel
