// What a path MTU that one socket is told of means for the others, on Linux. Recorded on Linux 6.18
// with a router whose far link had an MTU of 1300 (veth pairs without segmentation offload).
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sim/testing/drywire_test.h"
#include "tests/harness/sockaddr.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

constexpr char kNarrow[] = R"(
hosts:
  a:
    routes:
      - default via 10.1.0.254
  r:
    sysctls:
      net.ipv4.ip_forward: 1
    routes:
      - 10.2.0.0/24 via 10.9.0.2
  s:
    sysctls:
      net.ipv4.ip_forward: 1
    routes:
      - 10.1.0.0/24 via 10.9.0.1
  b:
    routes:
      - default via 10.2.0.254
links:
  left:
    ends:
      a:eth0: [10.1.0.1/24]
      r:eth0: [10.1.0.254/24]
  narrow:
    ends:
      r:eth1: [10.9.0.1/24]
      s:eth1: [10.9.0.2/24]
    mtu: 1300
  right:
    ends:
      s:eth0: [10.2.0.254/24]
      b:eth0: [10.2.0.1/24]
)";

char data[4000];

int Option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  posix::getsockopt(fd, level, name, &value, &length);
  return value;
}

// TCP_MAXSEG and IP_MTU.
std::string Sizes(int fd) {
  return absl::StrCat(Option(fd, IPPROTO_TCP, TCP_MAXSEG), "/", Option(fd, IPPROTO_IP, IP_MTU));
}

int ConnectTo(int type) {
  const int fd = posix::socket(AF_INET, type, 0);
  const sockaddr_in to = Inet("10.2.0.1", 80);
  EXPECT_EQ(posix::connect(fd, AsSockaddr(to), sizeof to), 0);
  return fd;
}

void Send(int fd, size_t size) {
  EXPECT_EQ(posix::send(fd, data, size, 0), static_cast<ssize_t>(size));
  posix::usleep(300'000);
}

void Serve() {
  const int listener = posix::socket(AF_INET, SOCK_STREAM, 0);
  const int datagrams = posix::socket(AF_INET, SOCK_DGRAM, 0);
  const sockaddr_in here = Inet("10.2.0.1", 80);
  posix::bind(listener, AsSockaddr(here), sizeof here);
  posix::bind(datagrams, AsSockaddr(here), sizeof here);
  posix::listen(listener, 8);
  posix::usleep(10'000'000);
}

void RunNarrow(void (*body)()) {
  RunScenario([&](World& world) {
    ASSERT_TRUE(AddTopology(world, kNarrow));
    world.Spawn(HostNamed(world, "b"), "server", Serve);
    world.Spawn(HostNamed(world, "a"), "client", [&] {
      posix::usleep(1000);
      body();
    });
    world.Run();
  });
}

TEST(LinuxPathMtu, OtherConnectionsLearnIt) {
  RunNarrow([] {
    const int first = ConnectTo(SOCK_STREAM);
    const int second = ConnectTo(SOCK_STREAM);
    EXPECT_EQ(Sizes(first), "1448/1500");
    EXPECT_EQ(Sizes(second), "1448/1500");
    Send(first, 4000);
    EXPECT_EQ(Sizes(first), "1248/1300");
    EXPECT_EQ(Sizes(second), "1448/1500");
    // The route is looked up anew when something is sent, the segment size at the next call.
    Send(second, 10);
    EXPECT_EQ(Sizes(second), "1448/1300");
    Send(second, 4000);
    EXPECT_EQ(Sizes(second), "1248/1300");
    EXPECT_EQ(Sizes(ConnectTo(SOCK_STREAM)), "1248/1300");
    EXPECT_EQ(Option(ConnectTo(SOCK_DGRAM), IPPROTO_IP, IP_MTU), 1300);
  });
}

// A datagram of 1400 bytes, the error it draws, IP_MTU after that; then datagrams of several sizes:
// errno, or 0.
std::string Datagrams(int discover) {
  const int fd = ConnectTo(SOCK_DGRAM);
  posix::setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover);
  Send(fd, 1400);
  std::string text = absl::StrCat(Option(fd, SOL_SOCKET, SO_ERROR) == EMSGSIZE ? "told" : "-", " ",
                                  Option(fd, IPPROTO_IP, IP_MTU));
  for (const size_t size : {1400, 1272, 1472, 1473}) {
    const ssize_t sent = posix::send(fd, data, size, 0);
    absl::StrAppend(&text, " ", sent < 0 ? strerrorname_np(errno) : "ok");
    posix::usleep(50'000);
    Option(fd, SOL_SOCKET, SO_ERROR);
  }
  return text;
}

TEST(LinuxPathMtu, Datagrams) {
  RunNarrow([] { EXPECT_EQ(Datagrams(IP_PMTUDISC_DONT), "- 1500 ok ok ok ok"); });
  RunNarrow([] { EXPECT_EQ(Datagrams(IP_PMTUDISC_WANT), "told 1300 ok ok ok ok"); });
  RunNarrow(
      [] { EXPECT_EQ(Datagrams(IP_PMTUDISC_DO), "told 1300 EMSGSIZE ok EMSGSIZE EMSGSIZE"); });
  RunNarrow([] { EXPECT_EQ(Datagrams(IP_PMTUDISC_PROBE), "told 1300 ok ok ok EMSGSIZE"); });
  RunNarrow([] { EXPECT_EQ(Datagrams(IP_PMTUDISC_INTERFACE), "- 1500 ok ok ok EMSGSIZE"); });
  RunNarrow([] { EXPECT_EQ(Datagrams(IP_PMTUDISC_OMIT), "- 1500 ok ok ok ok"); });
}

}  // namespace
}  // namespace drywire
