// The example of docs/testing.md that is about files.
#include <fcntl.h>

#include <cerrno>
#include <string>
#include <vector>

#include "sim/testing/drywire_test.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

DRYWIRE_TEST(Files, ADaemonThatMayNotReadItsConfiguration) {
  Host& host = world.AddHost("host");
  world.AddFile(host, "/etc/daemon.conf", "port 80\n", /*mode=*/0600);
  world.AddDirectory(host, "/run/daemon", 0755, /*uid=*/1000, /*gid=*/1000);
  const Credentials nobody = {.uid = 1000, .gid = 1000};
  world.Spawn(
      host, "daemon",
      [] {
        EXPECT_THAT(posix::open("/etc/daemon.conf", O_RDONLY), FailsWith(EACCES));
        EXPECT_THAT(posix::creat("/run/daemon/pid", 0644), Succeeds());
      },
      nobody);
  world.Run();
  EXPECT_EQ(*host.memory_vfs().List("/run/daemon"), std::vector<std::string>{"pid"});
}

}  // namespace
}  // namespace drywire
