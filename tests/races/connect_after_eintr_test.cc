// connect() interrupted by a signal goes on in the background (POSIX connect(), EINTR). Code that
// simply calls it again gets EALREADY on FreeBSD while the handshake is under way and EISCONN once
// it is done, and takes either for a failure. Only a signal within the round trip shows it. Linux
// hides the mistake: there a blocking second connect() waits for the first attempt and says how it
// ended (observed on 6.18), so code tested only there fails elsewhere.
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "sim/testing/drywire_test.h"
#include "tests/harness/sockaddr.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

bool ConnectAgainAfterEintr(int fd, const sockaddr_in& address) {
  int result;
  do {
    result = posix::connect(fd, AsSockaddr(address), sizeof address);
  } while (result == -1 && errno == EINTR);
  return result == 0;
}

bool WaitAfterEintr(int fd, const sockaddr_in& address) {
  if (posix::connect(fd, AsSockaddr(address), sizeof address) == 0) return true;
  if (errno != EINTR) return false;
  pollfd waited = {fd, POLLOUT, 0};
  while (posix::poll(&waited, 1, -1) == -1 && errno == EINTR) {
  }
  int error = 0;
  socklen_t length = sizeof error;
  posix::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return error == 0;
}

Scenario Interrupted(const char* personality, bool (*connect)(int, const sockaddr_in&)) {
  return [personality, connect](World& world) {
    Host& client = world.AddHost("client", personality);
    Host& server = world.AddHost("server", "linux");
    LinkConfig link;
    link.latency = Duration::Millis(10);
    world.Connect(client, "10.0.0.1/24", server, "10.0.0.2/24", link);
    world.Spawn(server, "server", [] {
      const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
      const sockaddr_in address = Inet("0.0.0.0", 80);
      posix::bind(fd, AsSockaddr(address), sizeof address);
      posix::listen(fd, 8);
      posix::close(posix::accept(fd, nullptr, nullptr));
    });
    Task& task = world.Spawn(client, "client", [connect] {
      struct sigaction action = {};
      action.sa_handler = [](int) {};
      posix::sigaction(SIGUSR1, &action, nullptr);
      while (posix::usleep(10'000) == -1) {  // until the server listens
      }
      const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
      EXPECT_TRUE(connect(fd, Inet("10.0.0.2", 80))) << "connect: " << ErrnoName(errno);
      posix::close(fd);
    });
    world.SignalSometime(task, SIGUSR1, Duration::Millis(100), 1000);
    world.AcceptStuck();  // the server may wait for a connection that was given up
    world.RunFor(Duration::Seconds(10));
  };
}

TEST(ConnectAfterEintr, ExplorationBreaksCallingAgainOnFreeBsdWithin1000Seeds) {
  EXPECT_TRUE(Explore(1000, Interrupted("freebsd", ConnectAgainAfterEintr)).failed);
}

TEST(ConnectAfterEintr, PollingForTheOutcomeSurvives1000SeedsOnFreeBsd) {
  ExploreSeeds(1000, Interrupted("freebsd", WaitAfterEintr));
}

TEST(ConnectAfterEintr, CallingAgainSurvives1000SeedsOnLinux) {
  ExploreSeeds(1000, Interrupted("linux", ConnectAgainAfterEintr));
}

TEST(ConnectAfterEintr, PollingForTheOutcomeSurvives1000SeedsOnLinux) {
  ExploreSeeds(1000, Interrupted("linux", WaitAfterEintr));
}

}  // namespace
}  // namespace drywire
