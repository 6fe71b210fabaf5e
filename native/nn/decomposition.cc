#include "nn/decomposition.h"

#include "base/error.h"

namespace nd {

void check_moving_average_window(const Graph& graph, int64_t window) {
  if (window % 2 == 1) return;
  throw Error(Code::config,
              "[" + graph.place() + "] received movingAvgWindow = " + std::to_string(window) +
                  ", expected an odd number: a centred average needs as many steps before as after",
              R"({"option":"movingAvgWindow"})");
}

}  // namespace nd
