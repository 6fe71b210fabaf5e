#include "parallel/team.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <vector>

namespace nd::parallel {
namespace {

int members_that_ran(Team& team) {
  std::vector<int> ran(static_cast<size_t>(team.size()));
  team.run([](void* context, int member) { ++static_cast<int*>(context)[member]; }, ran.data());
  int sum = 0;
  for (const int times : ran) sum += times == 1;
  return sum;
}

TEST(Team, EveryMemberRunsOnce) {
  for (const int threads : {1, 2, 7}) {
    Team team(threads);
    ASSERT_EQ(team.size(), threads);
    for (int run = 0; run < 50; ++run) ASSERT_EQ(members_that_ran(team), threads);
  }
}

TEST(Team, ABarrierOrdersWhatMembersWrite) {
  struct Shared {
    Team* team;
    int written[7] = {};
    int seen[7] = {};
  };
  Team team(7);
  Shared shared{&team};
  for (int run = 1; run <= 50; ++run) {
    team.run(
        [](void* context, int member) {
          auto& s = *static_cast<Shared*>(context);
          ++s.written[member];
          s.team->barrier(member);
          s.seen[member] = s.written[(member + 1) % 7];
          s.team->barrier(member);
        },
        &shared);
    for (const int seen : shared.seen) ASSERT_EQ(seen, run);
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Not under sanitizers, whose shadow memory is beyond any such limit.
/// Makes a team where the system refuses threads, and ends the process.
[[noreturn]] void team_without_memory() {
  const rlimit nothing_more{1, 1};
  if (::setrlimit(RLIMIT_AS, &nothing_more) != 0) std::_Exit(2);
  Team team(64);
  std::_Exit(team.size() < 64 && team.asked() == 64 && members_that_ran(team) == team.size() ? 0
                                                                                             : 1);
}

TEST(TeamDeathTest, WithoutMoreThreadsItIsSmaller) {
  EXPECT_EXIT(team_without_memory(), ::testing::ExitedWithCode(0), "");
}
#endif

}  // namespace
}  // namespace nd::parallel
