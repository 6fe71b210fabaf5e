// nd_parity DIR [FILTER]: checks the engine against the golden values in DIR/parity and DIR/values;
// prints one JSON object per case. scripts/parity.mjs builds and runs it and adds the whole
// pipelines.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "outcome.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: nd_parity DIR [FILTER]\n";
    return 2;
  }
  const std::string folder = argv[1], filter = argc > 2 ? argv[2] : "";
  const auto emit = [](const nd::parity::Outcome& outcome) {
    std::cout << outcome.json().dump() << std::endl;
  };
  try {
    nd::parity::run_networks(folder + "/parity", filter, emit);
    nd::parity::run_losses(folder + "/values", filter, emit);
    nd::parity::run_scalers(folder + "/values", filter, emit);
    nd::parity::run_optimisers(folder + "/values", filter, emit);
  } catch (const std::exception& error) {
    std::cerr << "nd_parity: " << error.what() << "\n";
    return 2;
  }
  return 0;
}
