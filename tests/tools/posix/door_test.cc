// The library door from end to end: plain blocking programs on simulated hosts.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "gtest/gtest.h"
#include "sim/testing/drywire_test.h"
#include "sim/world/world.h"
#include "tests/harness/sockaddr.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

int Connect(int fd, const char* address, uint16_t port) {
  const sockaddr_in peer = Inet(address, port);
  return posix::connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
}

int Listen(uint16_t port, int backlog = 5) {
  const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in local = Inet("0.0.0.0", port);
  EXPECT_EQ(posix::bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local), 0);
  EXPECT_EQ(posix::listen(fd, backlog), 0);
  return fd;
}

// Echoes one connection until its end.
void EchoOnce(uint16_t port) {
  const int listener = Listen(port);
  const int fd = posix::accept(listener, nullptr, nullptr);
  ASSERT_GE(fd, 0);
  char buffer[100];
  ssize_t size;
  while ((size = posix::read(fd, buffer, sizeof buffer)) > 0) {
    EXPECT_EQ(posix::write(fd, buffer, static_cast<size_t>(size)), size);
  }
  EXPECT_EQ(size, 0);
  EXPECT_EQ(posix::close(fd), 0);
  EXPECT_EQ(posix::close(listener), 0);
}

DRYWIRE_TEST(Door, BlockingEchoBetweenTwoSystems) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "freebsd", "10.0.0.2/24");
  world.Spawn(server, "server", [] { EchoOnce(7); });
  world.Spawn(client, "client", [] {
    const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(fd, 3) << "0, 1 and 2 are open";
    ASSERT_EQ(Connect(fd, "10.0.0.2", 7), 0) << strerror(errno);
    const std::string text = "hello, simulated world";
    EXPECT_EQ(posix::send(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    std::string reply(text.size(), ' ');
    EXPECT_EQ(posix::recv(fd, reply.data(), reply.size(), MSG_WAITALL),
              static_cast<ssize_t>(text.size()));
    EXPECT_EQ(reply, text);
    EXPECT_EQ(posix::shutdown(fd, SHUT_WR), 0);
    EXPECT_EQ(posix::recv(fd, reply.data(), reply.size(), 0), 0);
    EXPECT_EQ(posix::close(fd), 0);
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Door, ABlackHoleTimesOutAfter131Seconds) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  world.AddFirewallRule(server, "input tcp dport 80 drop");
  world.Spawn(client, "client", [&world] {
    const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(Connect(fd, "10.0.0.2", 80), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    EXPECT_EQ(world.now(), Instant::Zero() + 131_s);
  });
  world.Run();
}

DRYWIRE_TEST(Door, NonBlockingConnectAndPoll) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  world.AddHost("server", "linux", "10.0.0.2/24");
  world.Spawn(client, "client", [] {
    const int fd = posix::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    EXPECT_EQ(Connect(fd, "10.0.0.2", 80), -1);
    EXPECT_EQ(errno, EINPROGRESS);
    pollfd poll = {fd, POLLOUT, 0};
    EXPECT_EQ(posix::poll(&poll, 1, 1000), 1);
    EXPECT_EQ(poll.revents, POLLOUT | POLLERR | POLLHUP);
    int error = 0;
    socklen_t length = sizeof error;
    EXPECT_EQ(posix::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
    EXPECT_EQ(error, ECONNREFUSED);
  });
  world.Run();
}

DRYWIRE_TEST(Door, LoopbackHasArrivedByTheNextCall) {
  Host& host = world.AddHost("host");
  world.Spawn(host, "both", [] {
    const int listener = Listen(80);
    const int fd = posix::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    EXPECT_EQ(Connect(fd, "127.0.0.1", 80), -1);
    EXPECT_EQ(errno, EINPROGRESS);
    const int accepted = posix::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    ASSERT_GE(accepted, 0);
    EXPECT_EQ(posix::write(fd, "x", 1), 1);
    char byte = 0;
    EXPECT_EQ(posix::read(accepted, &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
  });
  world.Run();
}

DRYWIRE_TEST(Door, AnEpollServerServesSeveralClients) {
  Host& server = world.AddHost("server", "linux", "10.0.0.1/24");
  world.Spawn(server, "server", [] {
    const int listener = Listen(7);
    const int epoll = posix::epoll_create1(0);
    epoll_event event = {EPOLLIN, {}};
    event.data.fd = listener;
    ASSERT_EQ(posix::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event), 0);
    for (int open = 0, closed = 0; closed < 3;) {
      epoll_event events[8];
      const int ready = posix::epoll_wait(epoll, events, 8, -1);
      for (int i = 0; i < ready; ++i) {
        if (events[i].data.fd == listener) {
          event.events = EPOLLIN | EPOLLRDHUP;
          event.data.fd = posix::accept(listener, nullptr, nullptr);
          ASSERT_EQ(posix::epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event), 0);
          ++open;
          continue;
        }
        char buffer[16];
        const ssize_t size = posix::read(events[i].data.fd, buffer, sizeof buffer);
        if (size > 0) {
          EXPECT_EQ(posix::write(events[i].data.fd, buffer, static_cast<size_t>(size)), size);
        } else {
          EXPECT_EQ(posix::close(events[i].data.fd), 0);
          ++closed;
        }
      }
    }
  });
  for (int i = 0; i < 3; ++i) {
    const std::string name = "client" + std::to_string(i);
    Host& client = world.AddHost(name, "linux", "10.0.0." + std::to_string(i + 2) + "/24");
    world.Spawn(client, name, [i] {
      posix::usleep(static_cast<useconds_t>(1000 * i));
      const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
      ASSERT_EQ(Connect(fd, "10.0.0.1", 7), 0);
      for (int n = 0; n < 5; ++n) {
        const char out = static_cast<char>('a' + n);
        char in = 0;
        EXPECT_EQ(posix::write(fd, &out, 1), 1);
        EXPECT_EQ(posix::read(fd, &in, 1), 1);
        EXPECT_EQ(in, out);
      }
      posix::close(fd);
    });
  }
  EXPECT_TRUE(world.Run().ok());
}

int handled = 0;

DRYWIRE_TEST(Door, AnAlarmInterruptsConnectAndTheAttemptGoesOn) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  world.AddFirewallRule(server, "input tcp dport 80 drop");
  handled = 0;
  world.Spawn(client, "client", [&world] {
    struct sigaction action = {};
    action.sa_handler = [](int) { ++handled; };
    ASSERT_EQ(posix::sigaction(SIGALRM, &action, nullptr), 0);
    const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
    posix::alarm(2);
    EXPECT_EQ(Connect(fd, "10.0.0.2", 80), -1);
    EXPECT_EQ(errno, EINTR);
    EXPECT_EQ(world.now(), Instant::Zero() + 2_s);
    EXPECT_EQ(handled, 1);
    // A second connect() waits for the same attempt.
    EXPECT_EQ(Connect(fd, "10.0.0.2", 80), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    EXPECT_EQ(world.now(), Instant::Zero() + 131_s);
  });
  world.Run();
}

DRYWIRE_TEST(Door, NamesComeFromTheTopology) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  world.Spawn(server, "server", [] { EchoOnce(80); });
  world.Spawn(client, "client", [] {
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    ASSERT_EQ(posix::getaddrinfo("server", "http", &hints, &list), 0);
    const int fd = posix::socket(list->ai_family, list->ai_socktype, list->ai_protocol);
    EXPECT_EQ(posix::connect(fd, list->ai_addr, list->ai_addrlen), 0);
    posix::freeaddrinfo(list);
    posix::close(fd);
    char name[16];
    EXPECT_EQ(posix::gethostname(name, sizeof name), 0);
    EXPECT_STREQ(name, "client");
    EXPECT_EQ(posix::getaddrinfo("nobody", "http", &hints, &list), EAI_NONAME);
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Door, BadPointersAreEfault) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  world.Spawn(client, "client", [] {
    const int fd = posix::socket(AF_INET, SOCK_DGRAM, 0);
    const auto* const bad = reinterpret_cast<const sockaddr*>(uintptr_t{8});
    EXPECT_EQ(posix::connect(fd, bad, sizeof(sockaddr_in)), -1);
    EXPECT_EQ(errno, EFAULT);
    const sockaddr_in peer = Inet("10.0.0.9", 9);
    EXPECT_EQ(posix::sendto(fd, bad, 4, 0, reinterpret_cast<const sockaddr*>(&peer), sizeof peer),
              -1);
    EXPECT_EQ(errno, EFAULT);
  });
  world.Run();
}

DRYWIRE_TEST(Door, AProcessEndsWithExit) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  world.Spawn(client, "client", [] {
    posix::_exit(3);
    ADD_FAILURE() << "went on";
  });
  world.Run();
  EXPECT_EQ(client.processes().front().exit_code(), 3);
}

TEST(DoorTest, OutsideOfASimulatedProcessCallsFail) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(posix::socket(AF_INET, SOCK_STREAM, 0), -1);
  EXPECT_EQ(errno, ENOSYS);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "drywire: posix::socket() was called outside of a simulated process\n");
}

}  // namespace
}  // namespace drywire
