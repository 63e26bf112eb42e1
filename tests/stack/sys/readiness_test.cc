// poll, select and epoll over pipes and socket pairs; expectations seen on Linux 6.18.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <cerrno>

#include "gtest/gtest.h"
#include "tests/stack/sys/sys_fixture.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

int handled = 0;
void CountSignal(int) { ++handled; }

class ReadinessTest : public testing::Test {
 protected:
  ReadinessTest() { handled = 0; }

  // Descriptors 3 (reading end) and 4 (writing end).
  void OpenPipe(SysContext& c) {
    int fds[2];
    ASSERT_TRUE(Gives(SysPipe2(c, fds, 0), 0));
    ASSERT_EQ(fds[0], 3);
  }
  void WriteAt(Duration when) {
    sim_.Spawn("writer", [when](SysContext& c) {
      const timespec time = {static_cast<time_t>(when.seconds()),
                             static_cast<long>(when.nanos() % 1000000000)};
      SysNanosleep(c, &time, nullptr);
      EXPECT_TRUE(Gives(SysWrite(c, 4, "x", 1), 1));
    });
  }
  void Handle(SysContext& c, int flags) {
    struct sigaction action = {};
    action.sa_handler = CountSignal;
    action.sa_flags = flags;
    ASSERT_TRUE(SysSigaction(c, SIGALRM, &action, nullptr).ok());
  }
  void AlarmIn(SysContext& c, int milliseconds) {
    const itimerval timer = {{0, 0}, {0, milliseconds * 1000}};
    ASSERT_TRUE(SysSetitimer(c, ITIMER_REAL, &timer, nullptr).ok());
  }

  SysFixture sim_;
};

TEST_F(ReadinessTest, PollWaitsForReadinessOrTime) {
  WriteAt(200_ms);
  sim_.RunTask([&](SysContext& c) {
    OpenPipe(c);
    pollfd fds[] = {{3, POLLIN, 0}, {-1, POLLIN, 9}};
    EXPECT_TRUE(Gives(SysPoll(c, fds, 2, 100), 0));
    EXPECT_EQ(c.now(), Instant::Zero() + 100_ms);
    EXPECT_EQ(fds[1].revents, 0);
    EXPECT_TRUE(Gives(SysPoll(c, fds, 2, -1), 1));
    EXPECT_EQ(c.now(), Instant::Zero() + 200_ms);
    EXPECT_EQ(fds[0].revents, POLLIN);
  });
}

TEST_F(ReadinessTest, PollReportsWhatIsNotOpenAndWhatHungUp) {
  sim_.RunTask([&](SysContext& c) {
    OpenPipe(c);
    pollfd fds[] = {{77, POLLIN, 0}, {3, 0, 0}, {4, POLLOUT, 0}};
    EXPECT_TRUE(Gives(SysPoll(c, fds, 3, 100), 2));
    EXPECT_EQ(fds[0].revents, POLLNVAL);
    EXPECT_EQ(fds[2].revents, POLLOUT);
    ASSERT_TRUE(Gives(SysClose(c, 4), 0));
    EXPECT_TRUE(Gives(SysPoll(c, fds + 1, 1, 100), 1));
    EXPECT_EQ(fds[1].revents, POLLHUP);
    EXPECT_TRUE(Fails(SysPoll(c, nullptr, 1, 0), EFAULT));
    EXPECT_TRUE(Fails(SysPoll(c, nullptr, 2000, 0), EINVAL)) << "more than RLIMIT_NOFILE";
  });
}

TEST_F(ReadinessTest, PollIsNeverRestarted) {
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SA_RESTART);
    OpenPipe(c);
    pollfd fds = {3, POLLIN, 0};
    AlarmIn(c, 100);
    EXPECT_TRUE(Fails(SysPoll(c, &fds, 1, 300), EINTR));
    EXPECT_EQ(c.now(), Instant::Zero() + 100_ms);
    AlarmIn(c, 100);
    timeval left = {0, 300000};
    EXPECT_TRUE(Fails(SysSelect(c, 0, nullptr, nullptr, nullptr, &left), EINTR));
    EXPECT_EQ(left.tv_usec, 200000);
    EXPECT_EQ(handled, 2);
  });
}

TEST_F(ReadinessTest, PpollSwapsTheMaskForAsLongAsItWaits) {
  sim_.RunTask([&](SysContext& c) {
    Handle(c, 0);
    OpenPipe(c);
    sigset_t none, alarm;
    sigemptyset(&none);
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    ASSERT_TRUE(SysSigprocmask(c, SIG_BLOCK, &alarm, nullptr).ok());
    ASSERT_TRUE(SysKill(c, 0, SIGALRM).ok());
    EXPECT_EQ(handled, 0);
    const timespec now = {0, 0};
    EXPECT_TRUE(Fails(SysPpoll(c, nullptr, 0, &now, &none), EINTR));
    EXPECT_EQ(handled, 1);
    EXPECT_TRUE(Gives(SysPpoll(c, nullptr, 0, &now, &none), 0));
    // Readiness goes before a signal, which then stays blocked.
    ASSERT_TRUE(SysKill(c, 0, SIGALRM).ok());
    pollfd fds = {4, POLLOUT, 0};
    EXPECT_TRUE(Gives(SysPpoll(c, &fds, 1, &now, &none), 1));
    EXPECT_EQ(handled, 1);
  });
}

TEST_F(ReadinessTest, SelectReportsSetsAndTimeLeft) {
  WriteAt(200_ms);
  sim_.RunTask([&](SysContext& c) {
    OpenPipe(c);
    fd_set read, write;
    FD_ZERO(&read);
    FD_ZERO(&write);
    FD_SET(3, &read);
    timeval time = {1, 0};
    EXPECT_TRUE(Gives(SysSelect(c, 5, &read, &write, nullptr, &time), 1));
    EXPECT_TRUE(FD_ISSET(3, &read));
    EXPECT_EQ(time.tv_usec, 800000);
    FD_SET(4, &write);
    EXPECT_TRUE(Gives(SysSelect(c, 5, &read, &write, nullptr, nullptr), 2));
    FD_SET(99, &write);
    EXPECT_TRUE(Fails(SysSelect(c, 100, &read, &write, nullptr, nullptr), EBADF));
    EXPECT_TRUE(Fails(SysSelect(c, -1, nullptr, nullptr, nullptr, nullptr), EINVAL));
    timeval negative = {-1, 0};
    EXPECT_TRUE(Fails(SysSelect(c, 0, nullptr, nullptr, nullptr, &negative), EINVAL));
  });
}

TEST_F(ReadinessTest, EpollWaitsAndForgetsClosedDescriptors) {
  WriteAt(200_ms);
  sim_.RunTask([&](SysContext& c) {
    OpenPipe(c);
    ASSERT_TRUE(Gives(SysEpollCreate1(c, 0), 5));
    epoll_event event = {EPOLLIN, {}};
    event.data.u64 = 42;
    ASSERT_TRUE(Gives(SysEpollCtl(c, 5, EPOLL_CTL_ADD, 3, &event), 0));
    epoll_event out[4];
    EXPECT_TRUE(Gives(SysEpollWait(c, 5, out, 4, 100), 0));
    EXPECT_TRUE(Gives(SysEpollWait(c, 5, out, 4, -1), 1));
    EXPECT_EQ(c.now(), Instant::Zero() + 200_ms);
    // By value: the structure is packed on x86-64, and its members are not aligned.
    EXPECT_EQ(uint64_t{out[0].data.u64}, 42u);
    auto* const bad = reinterpret_cast<epoll_event*>(uintptr_t{8});
    EXPECT_TRUE(Fails(SysEpollWait(c, 5, bad, 4, 0), EFAULT));
    EXPECT_TRUE(Gives(SysEpollWait(c, 5, out, 4, 0), 1));
    EXPECT_TRUE(Fails(SysRead(c, 5, out, 8), EINVAL));
    ASSERT_TRUE(Gives(SysClose(c, 3), 0));
    EXPECT_TRUE(Gives(SysEpollWait(c, 5, out, 4, 0), 0));
    EXPECT_TRUE(Fails(SysEpollCtl(c, 5, EPOLL_CTL_DEL, 3, nullptr), EBADF));
  });
}

TEST_F(ReadinessTest, OneOfSeveralEpollWaitersTakesAnEvent) {
  WriteAt(200_ms);
  int taken = 0;
  sim_.Spawn("setup", [&](SysContext& c) {
    OpenPipe(c);
    ASSERT_TRUE(Gives(SysEpollCreate1(c, 0), 5));
    epoll_event event = {EPOLLIN | static_cast<uint32_t>(EPOLLET), {}};
    ASSERT_TRUE(Gives(SysEpollCtl(c, 5, EPOLL_CTL_ADD, 3, &event), 0));
    for (int i = 0; i < 3; ++i) {
      sim_.Spawn("waiter", [&](SysContext& w) {
        epoll_event out;
        taken += static_cast<int>(SysEpollWait(w, 5, &out, 1, 1000).value);
      });
    }
  });
  EXPECT_TRUE(sim_.Run().ok());
  EXPECT_EQ(taken, 1);
}

TEST_F(ReadinessTest, FreeBsdHasNoEpoll) {
  SysFixture freebsd(SysFixture::System::kFreeBsd);
  freebsd.RunTask([&](SysContext& c) { EXPECT_TRUE(Fails(SysEpollCreate1(c, 0), ENOSYS)); });
}

TEST_F(ReadinessTest, APollThatNeverWaitsIsALivelock) {
  sim_.Spawn("main", [&](SysContext& c) {
    OpenPipe(c);
    pollfd fds = {3, POLLIN, 0};
    while (SysPoll(c, &fds, 1, 0).value == 0) {
    }
  });
  EXPECT_EQ(sim_.Run().status, RunStatus::kLivelock);
}

TEST_F(ReadinessTest, ASocketPairCarriesBothWays) {
  sim_.RunTask([&](SysContext& c) {
    int fds[2];
    ASSERT_TRUE(Gives(SysSocketpair(c, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0));
    char byte;
    EXPECT_TRUE(Fails(SysRecv(c, fds[0], &byte, 1, 0), EAGAIN));
    EXPECT_TRUE(Gives(SysSend(c, fds[1], "a", 1, 0), 1));
    EXPECT_TRUE(Gives(SysRead(c, fds[0], &byte, 1), 1));
    ASSERT_TRUE(Gives(SysClose(c, fds[1]), 0));
    EXPECT_TRUE(Gives(SysRecv(c, fds[0], &byte, 1, 0), 0));
    EXPECT_TRUE(Fails(SysSend(c, fds[0], "a", 1, MSG_NOSIGNAL), EPIPE));
    pollfd poll = {fds[0], POLLIN | POLLOUT | POLLRDHUP, 0};
    EXPECT_TRUE(Gives(SysPoll(c, &poll, 1, 0), 1));
    EXPECT_EQ(poll.revents, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
  });
}

TEST_F(ReadinessTest, AnEventCounterAddsUp) {
  sim_.RunTask([&](SysContext& c) {
    ASSERT_TRUE(Gives(SysEventfd(c, 0, SOCK_NONBLOCK), 3));
    uint64_t value = 5;
    EXPECT_TRUE(Fails(SysRead(c, 3, &value, 8), EAGAIN));
    EXPECT_TRUE(Gives(SysWrite(c, 3, &value, 8), 8));
    EXPECT_TRUE(Gives(SysWrite(c, 3, &value, 8), 8));
    EXPECT_TRUE(Gives(SysRead(c, 3, &value, 8), 8));
    EXPECT_EQ(value, 10u);
    EXPECT_TRUE(Fails(SysRead(c, 3, &value, 4), EINVAL));
  });
}

TEST_F(ReadinessTest, APipeBlocksWhenItIsFullAndBreaksWhenNobodyReads) {
  sim_.Spawn("reader", [&](SysContext& c) {
    const timespec second = {1, 0};
    SysNanosleep(c, &second, nullptr);
    std::string buffer(70000, ' ');
    EXPECT_TRUE(Gives(SysRead(c, 3, buffer.data(), buffer.size()), 65536));
    SysNanosleep(c, &second, nullptr);
    SysClose(c, 3);
  });
  sim_.RunTask([&](SysContext& c) {
    Handle(c, 0);
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    SysSigaction(c, SIGPIPE, &ignore, nullptr);
    OpenPipe(c);
    const std::string data(100000, 'p');
    EXPECT_TRUE(Gives(SysWrite(c, 4, data.data(), data.size()), 100000));
    EXPECT_EQ(c.now(), Instant::Zero() + 1_s);
    // The pipe has 16 pages: 9 are in use, and the odd part goes into the last of them.
    EXPECT_TRUE(Gives(SysWrite(c, 4, data.data(), data.size()), 7 * 4096 + 1696));
    EXPECT_EQ(c.now(), Instant::Zero() + 2_s);
    EXPECT_TRUE(Fails(SysWrite(c, 4, "x", 1), EPIPE));
  });
}

}  // namespace
}  // namespace drywire
