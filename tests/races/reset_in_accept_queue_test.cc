// A client that resets its connection before the server has accepted it. FreeBSD's accept() says
// ECONNABORTED; Linux's hands out a socket whose first use says ECONNRESET. A server that takes
// either for the end of its listener stops serving everybody else.
#include <netinet/in.h>
#include <sys/socket.h>

#include "sim/testing/drywire_test.h"
#include "tests/harness/sockaddr.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

constexpr uint16_t kPort = 80;

void Serve(bool errors_are_fatal) {
  const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = Inet("0.0.0.0", kPort);
  posix::bind(fd, AsSockaddr(address), sizeof address);
  posix::listen(fd, 8);
  for (int served = 0; served < 2;) {
    posix::usleep(2000);  // busy with something else
    const int connection = posix::accept(fd, nullptr, nullptr);
    char request;
    if (connection == -1 || posix::recv(connection, &request, 1, 0) != 1) {
      if (errors_are_fatal) break;
    } else {
      posix::send(connection, "!", 1, MSG_NOSIGNAL);
      ++served;
    }
    if (connection != -1) posix::close(connection);
  }
  posix::close(fd);
}

void ImpatientClient() {
  const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = Inet("10.0.0.2", kPort);
  if (posix::connect(fd, AsSockaddr(address), sizeof address) == 0) {
    // Whether it gives up before it has asked is for exploration to choose.
    if (World::Running()->scheduler().choice().Pick(ChoiceKind::kUser, 8) == 1) {
      const linger abort = {1, 0};
      posix::setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    } else {
      posix::send(fd, "?", 1, MSG_NOSIGNAL);
      char answer;
      posix::recv(fd, &answer, 1, 0);
    }
  }
  posix::close(fd);
}

void PatientClient() {
  posix::usleep(100'000);
  const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = Inet("10.0.0.2", kPort);
  EXPECT_THAT(posix::connect(fd, AsSockaddr(address), sizeof address), Succeeds());
  posix::send(fd, "?", 1, MSG_NOSIGNAL);
  char answer = 0;
  EXPECT_EQ(posix::recv(fd, &answer, 1, 0), 1) << "the server stopped serving";
  posix::close(fd);
}

Scenario Reset(const char* personality, bool errors_are_fatal) {
  return [personality, errors_are_fatal](World& world) {
    Host& server = world.AddHost("server", personality, "10.0.0.2/24");
    Host& clients = world.AddHost("clients", "linux", "10.0.0.1/24");
    world.Spawn(server, "server", [errors_are_fatal] { Serve(errors_are_fatal); });
    world.Spawn(clients, "impatient", ImpatientClient);
    world.Spawn(clients, "patient", PatientClient);
    world.AcceptStuck();  // the server may wait for its second client
    world.RunFor(Duration::Seconds(10));
  };
}

class ResetInAcceptQueue : public ::testing::TestWithParam<const char*> {};

TEST_P(ResetInAcceptQueue, ExplorationBreaksTheServerThatGivesUpWithin1000Seeds) {
  EXPECT_TRUE(Explore(1000, Reset(GetParam(), /*errors_are_fatal=*/true)).failed);
}

TEST_P(ResetInAcceptQueue, TheServerThatGoesOnSurvives1000Seeds) {
  ExploreSeeds(1000, Reset(GetParam(), /*errors_are_fatal=*/false));
}

INSTANTIATE_TEST_SUITE_P(Personality, ResetInAcceptQueue, ::testing::Values("linux", "freebsd"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace drywire
