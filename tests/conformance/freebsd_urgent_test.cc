// Urgent data of TCP on FreeBSD: soreceive_generic(), tcp_pulloutofband(), tcp_usr_rcvoob() and
// sopoll_generic() of FreeBSD 14.
#include <sys/ioctl.h>

#include "tests/conformance/freebsd_calls.h"

namespace drywire::freebsd {
namespace {

// The server has sent "ab", an urgent "c" and "de", and resets the connection after a second.
void AtUrgentData(World& world, void (*read)(int fd)) {
  const auto [client, server] = MakeHosts(world);
  world.Spawn(server, "server", [] {
    const int fd = Accept(Listen("0.0.0.0", 80));
    EXPECT_EQ(posix::send(fd, "abc", 3, MSG_OOB), 3);
    EXPECT_THAT(Send(fd, "de"), Succeeds());
    SleepMs(1000);
    SetLinger(fd, 0);
  });
  world.Spawn(client, "client", [read] {
    SleepMs(10);
    const int fd = Tcp();
    EXPECT_THAT(Connect(fd, "10.0.0.2", 80), Succeeds());
    SleepMs(100);
    read(fd);
  });
  world.Run();
}

int Available(int fd) {
  int bytes = -1;
  return posix::ioctl(fd, FIONREAD, &bytes) < 0 ? -1 : bytes;
}

DRYWIRE_TEST(FreeBsdUrgentData, OutOfLine) {
  AtUrgentData(world, [](int fd) {
    EXPECT_EQ(Available(fd), 4);  // the byte was taken out
    EXPECT_EQ(PollBits(fd), "IN RDNORM PRI OUT");
    EXPECT_EQ(posix::sockatmark(fd), 0);
    EXPECT_EQ(Recv(fd), "ab");
    EXPECT_EQ(posix::sockatmark(fd), 1);
    EXPECT_EQ(Recv(fd, MSG_OOB | MSG_PEEK), "c");
    EXPECT_EQ(Recv(fd, MSG_OOB), "c");
    EXPECT_EQ(Recv(fd, MSG_OOB), "EINVAL");
    EXPECT_EQ(PollBits(fd), "IN RDNORM PRI OUT");
    EXPECT_EQ(Recv(fd), "de");
    EXPECT_EQ(posix::sockatmark(fd), 0);
    EXPECT_EQ(PollBits(fd), "OUT");
  });
}

DRYWIRE_TEST(FreeBsdUrgentData, InLine) {
  AtUrgentData(world, [](int fd) {
    EXPECT_THAT(SetInt(fd, SOL_SOCKET, SO_OOBINLINE, 1), Succeeds());
    // It was taken out when it came.
    EXPECT_EQ(Recv(fd, MSG_OOB), "EINVAL");
    EXPECT_EQ(Recv(fd), "ab");
    EXPECT_EQ(Recv(fd), "de");
  });
}

DRYWIRE_TEST(FreeBsdUrgentData, PassedByItIsLost) {
  AtUrgentData(world, [](int fd) {
    EXPECT_EQ(Recv(fd), "ab");
    EXPECT_EQ(Recv(fd, MSG_PEEK), "de");  // even by who only looks
    EXPECT_EQ(posix::sockatmark(fd), 0);
    EXPECT_EQ(Recv(fd, MSG_OOB), "EINVAL");
  });
}

DRYWIRE_TEST(FreeBsdUrgentData, WaitingForAllEndsAtTheMark) {
  AtUrgentData(world, [](int fd) {
    char data[8];
    EXPECT_EQ(posix::recv(fd, data, 4, MSG_WAITALL), 2);
  });
}

// tcp_usr_rcvoob(): ECONNRESET once the connection is gone.
DRYWIRE_TEST(FreeBsdUrgentData, AfterAReset) {
  AtUrgentData(world, [](int fd) {
    SleepMs(2000);
    EXPECT_EQ(Recv(fd, MSG_OOB), "ECONNRESET");
  });
}

// soo_ioctl() answers for every socket that does not listen.
DRYWIRE_TEST(FreeBsdUrgentData, OtherSocketsAreAtNoMark) {
  Host& host = world.AddHost("host", "freebsd");
  world.Spawn(host, "client", [] {
    EXPECT_EQ(posix::sockatmark(Udp()), 0);
    EXPECT_EQ(posix::sockatmark(posix::socket(AF_UNIX, SOCK_DGRAM, 0)), 0);
    EXPECT_EQ(posix::sockatmark(Tcp()), 0);
    EXPECT_THAT(posix::sockatmark(Listen("127.0.0.1", 80)), FailsWith(EINVAL));
    EXPECT_EQ(Recv(Tcp(), MSG_OOB), "EINVAL");
  });
  world.Run();
}

}  // namespace
}  // namespace drywire::freebsd
