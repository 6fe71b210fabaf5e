// A plan that runs takes no mutex and allocates nothing, in our code.
//
// Ours is what is linked statically into this program: the linker diverts its references to malloc
// and pthread_mutex_lock (--wrap in CMakeLists.txt) and leaves those of shared libraries alone, so
// that what oneTBB does inside for its tasks is not counted. `operator new` is replaced on top,
// because the part of libstdc++ that is a shared library allocates on our behalf. Parked members of
// a team are woken through futexes, which are no mutexes.
#include <gtest/gtest.h>

#if defined(__linux__)

#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <nlohmann/json.hpp>

#include "models/network.h"
#include "nn/batch.h"
#include "parallel/team.h"
#include "train/panels.h"
#include "train/trainer.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<int> allocations{0}, locks{0};

void count(std::atomic<int>& counter) {
  if (counting.load(std::memory_order_relaxed)) counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

extern "C" {
void* __real_malloc(size_t size);
void* __real_calloc(size_t count, size_t size);
void* __real_realloc(void* old, size_t size);
void* __real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void** place, size_t alignment, size_t size);
int __real_pthread_mutex_lock(pthread_mutex_t* mutex);

void* __wrap_malloc(size_t size) {
  count(allocations);
  return __real_malloc(size);
}
void* __wrap_calloc(size_t number, size_t size) {
  count(allocations);
  return __real_calloc(number, size);
}
void* __wrap_realloc(void* old, size_t size) {
  count(allocations);
  return __real_realloc(old, size);
}
void* __wrap_aligned_alloc(size_t alignment, size_t size) {
  count(allocations);
  return __real_aligned_alloc(alignment, size);
}
int __wrap_posix_memalign(void** place, size_t alignment, size_t size) {
  count(allocations);
  return __real_posix_memalign(place, alignment, size);
}
int __wrap_pthread_mutex_lock(pthread_mutex_t* mutex) {
  count(locks);
  return __real_pthread_mutex_lock(mutex);
}
}

// The forms for arrays end in these. So does that with nothrow, but for a sanitizer's, whose memory
// must not go to our delete: hence it is here, too.
void* operator new(size_t size) {
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
void* operator new(size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<size_t>(alignment);
  if (void* memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return memory;
  throw std::bad_alloc();
}
// Kept out of line: inlined next to a `new` that is not, g++ takes free() for the wrong partner.
#define ND_OUT_OF_LINE __attribute__((noinline))
ND_OUT_OF_LINE void operator delete(void* memory) noexcept { std::free(memory); }
ND_OUT_OF_LINE void operator delete(void* memory, size_t) noexcept { std::free(memory); }
ND_OUT_OF_LINE void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
ND_OUT_OF_LINE void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace nd::test {
namespace {

using nlohmann::json;

constexpr int64_t kWindows = 64;

/// Small forms of the registry's models; a model that is not named here has its defaults.
const json kOptions = {
    {"MLP", {{"hiddenSize", 32}}},
    {"NBEATS", {{"mlpUnits", {{32, 32}, {32, 32}}}}},
    {"NHITS", {{"mlpUnits", {{32, 32}, {32, 32}}}}},
    {"TSMixer", {{"nSeries", 3}, {"ffDim", 16}}},
    {"LSTM", {{"encoderHiddenSize", 16}, {"decoderHiddenSize", 16}}},
    {"PatchTST", {{"hiddenSize", 16}, {"nHeads", 2}, {"linearHiddenSize", 16}}},
    {"Autoformer", {{"hiddenSize", 16}, {"nHead", 2}, {"convHiddenSize", 16}}},
};

Network network(const ModelSpec& spec) {
  const json options = kOptions.value(std::string(spec.name), json::object());
  return Network(spec, Options(options, model_and_training_params(spec), std::string(spec.name)),
                 {.input_size = 48, .horizon = 12}, Loss(json("MAE")));
}

struct Counts {
  int allocations, locks;
};

/// Of three runs after two that warm up (TBB starts its threads, buffers that grow have grown).
Counts counts_of(Plan& plan, const RunArgs& args) {
  for (int i = 0; i < 2; ++i) plan.run(args);
  allocations = locks = 0;
  counting = true;
  for (int i = 0; i < 3; ++i) plan.run(args);
  counting = false;
  return {allocations, locks};
}

TEST(QuietPlan, TheCountersCount) {
  allocations = locks = 0;
  counting = true;
  delete new int(1);
  std::string("a string that is too long to live in its own object").append("x");
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  counting = false;
  pthread_mutex_unlock(&mutex);
  EXPECT_GE(allocations, 2);
  EXPECT_EQ(locks, 1);
}

TEST(QuietPlan, TrainingTakesNoMutexAndAllocatesNothing) {
  for (const ModelSpec* spec : model_list()) {
    const Network net = network(*spec);
    FloatBuffer parameters(static_cast<size_t>(net.table().total())), gradients(parameters.size());
    initialise_parameters(net.declarations(), net.table(), 1, parameters.span());
    for (const Split split : {Split::partitioned, Split::sharded}) {
      const auto plan = net.compile_train(kWindows, split);
      for (const char* name : {io_names::kInsampleMask, io_names::kWeight, kWindowMask})
        if (plan->has_input(name)) std::fill(plan->input(name).begin(), plan->input(name).end(), 1);
      for (const int threads : {1, 2}) {
        parallel::Team team(threads);
        const Counts counts = counts_of(*plan, {.parameters = parameters.span(),
                                                .gradients = gradients.span(),
                                                .seed = 1,
                                                .step = 1,
                                                .team = &team});
        SCOPED_TRACE(std::string(spec->name) +
                     (split == Split::sharded ? ", sharded, " : ", partitioned, ") +
                     std::to_string(threads) + " threads");
        EXPECT_EQ(counts.allocations, 0);
        EXPECT_EQ(counts.locks, 0);
      }
    }
  }
}

TEST(QuietPlan, InferenceTakesNoMutexAndAllocatesNothing) {
  for (const ModelSpec* spec : model_list()) {
    SCOPED_TRACE(spec->name);
    const Network net = network(*spec);
    FloatBuffer parameters(static_cast<size_t>(net.table().total()));
    initialise_parameters(net.declarations(), net.table(), 1, parameters.span());
    for (const int64_t windows : {int64_t{1}, kWindows}) {
      const auto plan = net.compile_infer(windows);
      parallel::Team team(2);
      const Counts counts =
          counts_of(*plan, {.parameters = parameters.span(), .gradients = {}, .team = &team});
      EXPECT_EQ(counts.allocations, 0);
      EXPECT_EQ(counts.locks, 0);
    }
  }
}

TEST(QuietPlan, StepsOfAFitAllocateNothing) {
  const data::Panel panel = testing::sine_panel({400, 300, 300, 200, 200});
  for (const char* model : {"DLinear", "NHITS"}) {
    const Network net = network(find_model(model));
    FloatBuffer parameters(static_cast<size_t>(net.table().total()));
    initialise_parameters(net.declarations(), net.table(), 1, parameters.span());
    for (const char* scaler : {"robust", "revin"}) {
      SCOPED_TRACE(std::string(model) + ", " + scaler);
      train::TrainRequest request;
      request.network = &net, request.panel = &panel, request.threads = 2;
      request.config.scaler_type = scaler;
      request.config.max_steps = 30;
      request.config.batch_size = 2, request.config.windows_batch_size = 80;
      allocations = 0;
      request.on_progress = [](const train::Progress& p) {
        counting = p.step >= 10 && p.step < 30;
      };
      train::train(request, parameters);
      EXPECT_EQ(allocations, 0);
    }
  }
}

}  // namespace
}  // namespace nd::test

#endif  // __linux__
