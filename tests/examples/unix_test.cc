// UNIX sockets: the code of docs/testing.md.
#include <sys/socket.h>
#include <sys/un.h>

#include "sim/testing/drywire_test.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

constexpr sockaddr_un kName = {AF_UNIX, "/tmp/daemon"};

const sockaddr* AsSockaddr(const sockaddr_un& name) {
  return reinterpret_cast<const sockaddr*>(&name);
}

int Connect() {
  const timespec while_the_daemon_starts = {0, 1'000'000};
  posix::nanosleep(&while_the_daemon_starts, nullptr);
  const int fd = posix::socket(AF_UNIX, SOCK_STREAM, 0);
  return posix::connect(fd, AsSockaddr(kName), sizeof kName);
}

DRYWIRE_TEST(UnixSockets, AClientThatMayNotWriteToTheSocket) {
  Host& host = world.AddHost("host");
  world.Spawn(host, "daemon", [] {
    const int listener = posix::socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_THAT(posix::bind(listener, AsSockaddr(kName), sizeof kName), Succeeds());
    EXPECT_THAT(posix::chmod(kName.sun_path, 0700), Succeeds());
    EXPECT_THAT(posix::listen(listener, 1), Succeeds());
    EXPECT_THAT(posix::accept(listener, nullptr, nullptr), Succeeds());
  });
  const Credentials nobody = {.uid = 1000, .gid = 1000};
  world.Spawn(
      host, "stranger", [] { EXPECT_THAT(Connect(), FailsWith(EACCES)); }, nobody);
  world.Spawn(host, "root", [] { EXPECT_THAT(Connect(), Succeeds()); });
  world.Run();
}

}  // namespace
}  // namespace drywire
