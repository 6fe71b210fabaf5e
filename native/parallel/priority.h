// How much our threads yield to the application's. A thread keeps what it was given, and threads
// that it creates inherit it.
#pragma once

namespace nd::parallel {

enum class Priority {
  background,  ///< fits: the smallest share, and an event loop that wakes gets the core at once
  low,         ///< forecasts, files: more than fits, less than the application's own threads
};

/// Lowers the calling thread's scheduling priority; where a sandbox forbids it, nothing happens.
/// ND_PRIORITY=normal leaves all threads as they are: for programs without an event loop, such as
/// the command line.
void set_priority(Priority priority);

}  // namespace nd::parallel
