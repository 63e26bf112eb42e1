// Processes that have children: see docs/testing.md.
#include <sys/wait.h>

#include "gtest/gtest.h"
#include "sim/testing/drywire_test.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

DRYWIRE_TEST(Children, ASupervisorStartsItsWorkerAgain) {
  Host& host = world.AddHost("host");
  int starts = 0;
  world.AddProgram(host, "/bin/worker", [&](int, char**, char**) {
    posix::sleep(5);
    return ++starts < 3 ? 1 : 0;
  });
  world.Spawn(host, "supervisor", [] {
    int status = 1;
    while (status != 0) {
      const pid_t worker = posix::fork_and_run([] {
        char* const arguments[] = {const_cast<char*>("worker"), nullptr};
        return posix::execv("/bin/worker", arguments);
      });
      EXPECT_EQ(posix::waitpid(worker, &status, 0), worker);
    }
  });
  world.Run();
  EXPECT_EQ(starts, 3);
  EXPECT_EQ(world.now().since_start(), 15_s);
}

}  // namespace
}  // namespace drywire
