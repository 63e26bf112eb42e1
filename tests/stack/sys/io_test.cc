// Calls on several messages, descriptors' flags, and what a pair of UNIX sockets says of itself.
// Sources: sendmmsg(2), recvmmsg(2), fcntl(2), ioctl_tty(2), unix(7).
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "gtest/gtest.h"
#include "tests/stack/sys/sys_fixture.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: literals

// `count` messages of a buffer each.
struct Messages {
  explicit Messages(std::initializer_list<const char*> texts) {
    for (const char* text : texts) {
      std::strcpy(text_[count], text);
      vectors_[count] = {text_[count], std::strlen(text)};
      Add();
    }
  }
  explicit Messages(unsigned room) {
    while (count < room) {
      vectors_[count] = {text_[count], sizeof text_[count]};
      Add();
    }
  }
  std::string Text(unsigned i) const { return std::string(text_[i], headers[i].msg_len); }

  mmsghdr headers[5] = {};
  unsigned count = 0;

 private:
  void Add() {
    headers[count].msg_hdr.msg_iov = &vectors_[count];
    headers[count].msg_hdr.msg_iovlen = 1;
    ++count;
  }
  iovec vectors_[5] = {};
  char text_[5][16] = {};
};

class IoTest : public testing::Test {
 protected:
  // Two UDP sockets: 4 is connected to 3.
  void OpenSockets(SysContext& c) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(5000);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* const to = reinterpret_cast<const sockaddr*>(&address);
    ASSERT_TRUE(Gives(SysSocket(c, AF_INET, SOCK_DGRAM, 0), 3));
    ASSERT_TRUE(Gives(SysBind(c, 3, to, sizeof address), 0));
    ASSERT_TRUE(Gives(SysSocket(c, AF_INET, SOCK_DGRAM, 0), 4));
    ASSERT_TRUE(Gives(SysConnect(c, 4, to, sizeof address), 0));
  }
  SysFixture sim_;
};

TEST_F(IoTest, ManyMessagesAtOnce) {
  sim_.RunTask([&](SysContext& c) {
    OpenSockets(c);
    Messages sent({"one", "two", "three"});
    EXPECT_TRUE(Gives(SysSendmmsg(c, 4, sent.headers, sent.count, 0), 3));
    EXPECT_EQ(sent.headers[2].msg_len, 5u);
    Messages got(5);
    EXPECT_TRUE(Gives(SysRecvmmsg(c, 3, got.headers, 5, MSG_WAITFORONE, nullptr), 3));
    EXPECT_EQ(got.Text(0) + got.Text(1) + got.Text(2), "onetwothree");
  });
}

TEST_F(IoTest, TheTimeIsLookedAtBetweenMessages) {
  sim_.RunTask([&](SysContext& c) {
    OpenSockets(c);
    Messages sent({"one", "two"});
    EXPECT_TRUE(Gives(SysSendmmsg(c, 4, sent.headers, 2, 0), 2));
    timespec none = {0, 0};
    Messages got(2);
    EXPECT_TRUE(Gives(SysRecvmmsg(c, 3, got.headers, 2, 0, &none), 1));
    EXPECT_EQ(got.Text(0), "one");
  });
}

TEST_F(IoTest, TheFirstMessagesFailureIsTheCalls) {
  sim_.RunTask([&](SysContext& c) {
    OpenSockets(c);
    Messages messages({"x"});
    timespec wrong = {0, 1'000'000'000};
    EXPECT_TRUE(Fails(SysSendmmsg(c, 99, messages.headers, 1, 0), EBADF));
    EXPECT_TRUE(Fails(SysRecvmmsg(c, 3, messages.headers, 1, MSG_DONTWAIT, nullptr), EAGAIN));
    EXPECT_TRUE(Fails(SysRecvmmsg(c, 3, messages.headers, 1, 0, &wrong), EINVAL));
    auto* const outside = reinterpret_cast<timespec*>(uintptr_t{8});
    EXPECT_TRUE(Fails(SysRecvmmsg(c, 3, messages.headers, 1, 0, outside), EFAULT));
    EXPECT_TRUE(Gives(SysSendmmsg(c, 4, messages.headers, 0, 0), 0));
  });
}

TEST_F(IoTest, FlagsOfADescriptor) {
  sim_.RunTask([&](SysContext& c) {
    OpenSockets(c);
    EXPECT_TRUE(Gives(SysFcntl(c, 3, F_GETFD, 0), 0));
    EXPECT_TRUE(Gives(SysFcntl(c, 3, F_SETFD, FD_CLOEXEC), 0));
    EXPECT_TRUE(Gives(SysFcntl(c, 3, F_GETFD, 0), FD_CLOEXEC));
    EXPECT_TRUE(Gives(SysIoctl(c, 3, FIONCLEX, nullptr), 0));
    EXPECT_TRUE(Gives(SysFcntl(c, 3, F_GETFD, 0), 0));
    EXPECT_TRUE(Gives(SysIoctl(c, 3, FIOCLEX, nullptr), 0));
    EXPECT_TRUE(Gives(SysFcntl(c, 3, F_GETFD, 0), FD_CLOEXEC));
    EXPECT_TRUE(Gives(SysFcntl(c, 3, F_GETFL, 0), O_RDWR));
    EXPECT_TRUE(Gives(SysFcntl(c, 3, F_SETFL, O_NONBLOCK), 0));
    EXPECT_TRUE(Gives(SysFcntl(c, 3, F_GETFL, 0), O_RDWR | O_NONBLOCK));
  });
}

TEST_F(IoTest, OptionsOfASocketPair) {
  sim_.RunTask([&](SysContext& c) {
    int fds[2];
    ASSERT_TRUE(Gives(SysSocketpair(c, AF_UNIX, SOCK_STREAM, 0, fds), 0));
    const auto option = [&](int level, int name, int expected) {
      int value = -1;
      socklen_t size = sizeof value;
      EXPECT_TRUE(Gives(SysGetsockopt(c, fds[0], level, name, &value, &size), 0)) << name;
      EXPECT_EQ(value, expected) << name;
    };
    option(SOL_SOCKET, SO_TYPE, SOCK_STREAM);
    option(SOL_SOCKET, SO_DOMAIN, AF_UNIX);
    option(SOL_SOCKET, SO_PROTOCOL, 0);
    option(SOL_SOCKET, SO_ACCEPTCONN, 0);
    option(SOL_SOCKET, SO_ERROR, 0);
    int value = 0;
    socklen_t size = sizeof value;
    EXPECT_TRUE(Fails(SysGetsockopt(c, fds[0], IPPROTO_TCP, 1, &value, &size), EOPNOTSUPP));
    EXPECT_TRUE(Fails(SysSetsockopt(c, fds[0], IPPROTO_TCP, 1, &value, size), EOPNOTSUPP));
    ASSERT_TRUE(Gives(SysWrite(c, fds[0], "12345", 5), 5));
    EXPECT_TRUE(Gives(SysIoctl(c, fds[1], FIONREAD, &value), 0));
    EXPECT_EQ(value, 5);
    // The memory of a message, as observed on Linux 6.18.
    EXPECT_TRUE(Gives(SysIoctl(c, fds[0], TIOCOUTQ, &value), 0));
    EXPECT_EQ(value, 768);
  });
}

TEST_F(IoTest, EpollPwait2TakesNanoseconds) {
  sim_.RunTask([&](SysContext& c) {
    ASSERT_TRUE(Gives(SysEpollCreate1(c, 0), 3));
    epoll_event event;
    const timespec wait = {1, 500'000'000};
    const timespec wrong = {0, -1};
    EXPECT_TRUE(Gives(SysEpollPwait2(c, 3, &event, 1, &wait, nullptr), 0));
    EXPECT_EQ(c.now(), Instant::Zero() + 1500_ms);
    EXPECT_TRUE(Fails(SysEpollPwait2(c, 3, &event, 1, &wrong, nullptr), EINVAL));
  });
}

TEST_F(IoTest, ClocksOfTheProcessorStandStill) {
  sim_.RunTask([&](SysContext& c) {
    timespec time = {};
    EXPECT_TRUE(Gives(SysClockGetres(c, CLOCK_MONOTONIC, &time), 0));
    EXPECT_EQ(time.tv_nsec, 1);
    for (const clockid_t clock : {CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID}) {
      time = {9, 9};
      EXPECT_TRUE(Gives(SysClockGettime(c, clock, &time), 0));
      EXPECT_EQ(time.tv_sec + time.tv_nsec, 0) << clock;
    }
  });
}

}  // namespace
}  // namespace drywire
