// How the fits that run at the same time in one process share its cores: each says how many threads
// it would use, and gives up its part when together they are more than there are.
#pragma once

namespace nd::parallel {

/// The threads that one fit would use, for as long as it runs.
class Claim {
 public:
  explicit Claim(int threads);
  ~Claim();
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

 private:
  int threads_;
};

/// What is left of `threads` of a fit beside the other ones that run now: all of them as long as
/// all claims fit the machine (or there is one), else its part, at least 1. Cheap: asked before
/// every step.
int fair_threads(int threads);

}  // namespace nd::parallel
