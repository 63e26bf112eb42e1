// A server that restarts takes the path of its UNIX socket over. unlink() and bind() leave a moment
// without the name, and bind() and listen() one without a listener: a client that comes then gets
// ENOENT or ECONNREFUSED. A new socket that listens under another name and is renamed over the old
// one leaves none (rename(2): "there is no point at which another process will find it missing").
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <memory>

#include "sim/testing/drywire_test.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

constexpr sockaddr_un kName = {AF_UNIX, "/tmp/socket"};
constexpr sockaddr_un kNewName = {AF_UNIX, "/tmp/socket.new"};

const sockaddr* Generic(const sockaddr_un& name) {
  return reinterpret_cast<const sockaddr*>(&name);
}

socklen_t LengthOf(const sockaddr_un& name) {
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(name.sun_path) + 1);
}

// Where the scheduler may let somebody else run.
void Pause() { posix::sched_yield(); }

void UnlinkAndBind(int fd) {
  posix::unlink(kName.sun_path);
  Pause();
  posix::bind(fd, Generic(kName), LengthOf(kName));
  Pause();
  posix::listen(fd, 8);
}

void BindAndRename(int fd) {
  posix::bind(fd, Generic(kNewName), LengthOf(kNewName));
  Pause();
  posix::listen(fd, 8);
  Pause();
  posix::rename(kNewName.sun_path, kName.sun_path);
}

Scenario Restart(const char* personality, void (*take_over)(int)) {
  return [personality, take_over](World& world) {
    Host& host = world.AddHost("host", personality);
    const auto listens = std::make_shared<bool>(false);
    world.Spawn(host, "server", [listens, take_over] {
      const int old = posix::socket(AF_UNIX, SOCK_STREAM, 0);
      posix::bind(old, Generic(kName), LengthOf(kName));
      posix::listen(old, 8);
      *listens = true;
      Pause();
      take_over(posix::socket(AF_UNIX, SOCK_STREAM, 0));
      Pause();
      posix::close(old);
      posix::usleep(1000);
    });
    world.Spawn(host, "client", [listens] {
      while (!*listens) Pause();
      const int fd = posix::socket(AF_UNIX, SOCK_STREAM, 0);
      EXPECT_THAT(posix::connect(fd, Generic(kName), LengthOf(kName)), Succeeds());
    });
    world.Run();
  };
}

TEST(UnixRebind, ExplorationBreaksUnlinkAndBindWithin1000Seeds) {
  EXPECT_TRUE(Explore(1000, Restart("linux", UnlinkAndBind)).failed);
  EXPECT_TRUE(Explore(1000, Restart("freebsd", UnlinkAndBind)).failed);
}

TEST(UnixRebind, RenamingSurvives1000Seeds) {
  ExploreSeeds(1000, Restart("linux", BindAndRename));
  ExploreSeeds(1000, Restart("freebsd", BindAndRename));
}

}  // namespace
}  // namespace drywire
