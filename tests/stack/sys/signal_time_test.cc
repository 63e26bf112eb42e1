// Signals, timers and clocks; expectations seen on Linux 6.18.
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

#include <cerrno>
#include <vector>

#include "gtest/gtest.h"
#include "tests/stack/sys/sys_fixture.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

std::vector<int> seen;
void Remember(int signal) { seen.push_back(signal); }
sigjmp_buf jump;
void Jump(int) { siglongjmp(jump, 1); }

class SignalTimeTest : public testing::Test {
 protected:
  SignalTimeTest() { seen.clear(); }
  void Handle(SysContext& c, int signal, void (*handler)(int) = Remember, int flags = 0) {
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    ASSERT_TRUE(SysSigaction(c, signal, &action, nullptr).ok());
  }
  static SysResult Sleep(SysContext& c, Duration time, timespec* left = nullptr) {
    const timespec spec = {static_cast<time_t>(time.seconds()),
                           static_cast<long>(time.nanos() % 1000000000)};
    return SysNanosleep(c, &spec, left);
  }
  SysFixture sim_;
};

TEST_F(SignalTimeTest, ASignalToOneselfIsHandledBeforeKillReturns) {
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGUSR1);
    EXPECT_TRUE(Gives(SysKill(c, static_cast<pid_t>(SysGetpid(c).value), SIGUSR1), 0));
    EXPECT_EQ(seen, std::vector<int>({SIGUSR1}));
  });
}

TEST_F(SignalTimeTest, BlockedSignalsWaitAndComeLowestFirst) {
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGUSR1);
    Handle(c, SIGUSR2);
    sigset_t both, pending;
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    SysSigprocmask(c, SIG_BLOCK, &both, nullptr);
    SysKill(c, 0, SIGUSR2);
    SysKill(c, 0, SIGUSR1);
    SysKill(c, 0, SIGUSR1);
    EXPECT_TRUE(seen.empty());
    SysSigpending(c, &pending);
    EXPECT_TRUE(sigismember(&pending, SIGUSR2));
    SysSigprocmask(c, SIG_UNBLOCK, &both, nullptr);
    EXPECT_EQ(seen, std::vector<int>({SIGUSR1, SIGUSR2}));
  });
}

TEST_F(SignalTimeTest, AnAlarmEndsASleepAndSaysWhatIsLeft) {
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGALRM, Remember, SA_RESTART);
    EXPECT_TRUE(Gives(SysAlarm(c, 2), 0));
    timespec left = {};
    EXPECT_TRUE(Fails(Sleep(c, 5_s, &left), EINTR));
    EXPECT_EQ(left.tv_sec, 3);
    EXPECT_EQ(c.now(), Instant::Zero() + 2_s);
    EXPECT_TRUE(Gives(SysAlarm(c, 10), 0));
    EXPECT_TRUE(Gives(Sleep(c, 3_s), 0));
    EXPECT_TRUE(Gives(SysAlarm(c, 0), 7));
  });
}

TEST_F(SignalTimeTest, AnIntervalTimerGoesOn) {
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGALRM);
    const itimerval timer = {{0, 500000}, {1, 0}};
    ASSERT_TRUE(Gives(SysSetitimer(c, ITIMER_REAL, &timer, nullptr), 0));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(Fails(SysPause(c), EINTR));
    EXPECT_EQ(c.now(), Instant::Zero() + 2_s);
    itimerval present;
    ASSERT_TRUE(Gives(SysGetitimer(c, ITIMER_REAL, &present), 0));
    EXPECT_EQ(present.it_interval.tv_usec, 500000);
  });
}

TEST_F(SignalTimeTest, AHandlerMayLeaveByLongjmp) {
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGALRM, Jump, SA_NODEFER);
    SysAlarm(c, 1);
    if (sigsetjmp(jump, 0) == 0) {
      Sleep(c, 100_s);
      ADD_FAILURE() << "slept on";
    }
    EXPECT_EQ(c.now(), Instant::Zero() + 1_s);
    EXPECT_EQ(c.environment.in_kernel, nullptr);
    EXPECT_TRUE(Gives(Sleep(c, 1_s), 0));
  });
}

TEST_F(SignalTimeTest, SiglongjmpUnblocksTheSignalAgain) {
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGALRM, Jump);
    volatile int rounds = 0;
    if (sigsetjmp(jump, 1) != 0) rounds = rounds + 1;
    if (rounds < 3) {
      SysAlarm(c, 1);
      Sleep(c, 100_s);
      ADD_FAILURE() << "slept on";
    }
    EXPECT_EQ(c.now(), Instant::Zero() + 3_s);
    EXPECT_EQ(SysGetpid(c).error, 0);
    EXPECT_EQ(c.process.blocked(), 0u);
    EXPECT_TRUE(c.environment.handlers.empty());
  });
}

TEST_F(SignalTimeTest, ADefaultActionEndsTheProcess) {
  sim_.Spawn("main", [&](SysContext& c) {
    SysAlarm(c, 1);
    Sleep(c, 100_s);
    ADD_FAILURE() << "slept on";
  });
  EXPECT_TRUE(sim_.Run().ok());
  EXPECT_EQ(sim_.process().exit_code(), SIGALRM);
  EXPECT_EQ(sim_.scheduler().now(), Instant::Zero() + 1_s);
}

TEST_F(SignalTimeTest, SigsuspendWaitsUnderAnotherMask) {
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGALRM);
    sigset_t none, alarm, present;
    sigemptyset(&none);
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    SysSigprocmask(c, SIG_BLOCK, &alarm, nullptr);
    SysAlarm(c, 1);
    EXPECT_TRUE(Gives(Sleep(c, 2_s), 0));
    EXPECT_TRUE(Fails(SysSigsuspend(c, &none), EINTR));
    EXPECT_EQ(seen.size(), 1u);
    SysSigprocmask(c, SIG_BLOCK, nullptr, &present);
    EXPECT_TRUE(sigismember(&present, SIGALRM));
  });
}

TEST_F(SignalTimeTest, SigactionReadsBackWhatWasSet) {
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGUSR1, Remember, SA_RESTART);
    struct sigaction old = {};
    ASSERT_TRUE(Gives(SysSigaction(c, SIGUSR1, nullptr, &old), 0));
    EXPECT_EQ(old.sa_handler, Remember);
    EXPECT_EQ(old.sa_flags & SA_RESTART, SA_RESTART);
    ASSERT_TRUE(Gives(SysSigaction(c, SIGKILL, nullptr, &old), 0));
    EXPECT_EQ(old.sa_handler, SIG_DFL);
  });
}

TEST_F(SignalTimeTest, ClocksMoveTogetherFromTheirOwnBeginnings) {
  sim_.RunTask([&](SysContext& c) {
    EXPECT_TRUE(Gives(Sleep(c, 1500_ms), 0));
    timespec real, monotonic;
    ASSERT_TRUE(Gives(SysClockGettime(c, CLOCK_REALTIME, &real), 0));
    ASSERT_TRUE(Gives(SysClockGettime(c, CLOCK_MONOTONIC, &monotonic), 0));
    EXPECT_EQ(real.tv_sec, 1000000001);
    EXPECT_EQ(real.tv_nsec, 500000000);
    EXPECT_EQ(monotonic.tv_sec, 1001);
    timeval day;
    ASSERT_TRUE(Gives(SysGettimeofday(c, &day), 0));
    EXPECT_EQ(day.tv_usec, 500000);
    EXPECT_TRUE(Gives(SysTime(c, nullptr), 1000000001));
  });
}

TEST_F(SignalTimeTest, ATimerFileCountsItsExpirations) {
  sim_.RunTask([&](SysContext& c) {
    ASSERT_TRUE(Gives(SysTimerfdCreate(c, CLOCK_MONOTONIC, 0), 3));
    const itimerspec timer = {{0, 500000000}, {1, 0}};
    ASSERT_TRUE(Gives(SysTimerfdSettime(c, 3, 0, &timer, nullptr), 0));
    uint64_t count = 0;
    EXPECT_TRUE(Gives(SysRead(c, 3, &count, sizeof count), 8));
    EXPECT_EQ(count, 1u);
    EXPECT_EQ(c.now(), Instant::Zero() + 1_s);
    EXPECT_TRUE(Gives(Sleep(c, 1200_ms), 0));
    EXPECT_TRUE(Gives(SysRead(c, 3, &count, sizeof count), 8));
    EXPECT_EQ(count, 2u);
    itimerspec left;
    EXPECT_TRUE(Gives(SysTimerfdGettime(c, 3, &left), 0));
    EXPECT_EQ(left.it_value.tv_nsec, 300000000);
    // An absolute time that has passed expires at once, with what was missed.
    const itimerspec past = {{1, 0}, {1000, 0}};
    ASSERT_TRUE(Gives(SysTimerfdSettime(c, 3, 1 /* TFD_TIMER_ABSTIME */, &past, nullptr), 0));
    EXPECT_TRUE(Gives(SysRead(c, 3, &count, sizeof count), 8));
    EXPECT_EQ(count, 3u);
    EXPECT_TRUE(Fails(SysTimerfdGettime(c, 1, &left), EINVAL));
  });
}

TEST_F(SignalTimeTest, SleepingUntilATimeOfTheClock) {
  sim_.RunTask([&](SysContext& c) {
    const timespec at = {1003, 0};
    EXPECT_TRUE(Gives(SysClockNanosleep(c, CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr), 0));
    EXPECT_EQ(c.now(), Instant::Zero() + 3_s);
    EXPECT_TRUE(Gives(SysClockNanosleep(c, CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr), 0));
    EXPECT_EQ(c.now(), Instant::Zero() + 3_s);
  });
}

}  // namespace
}  // namespace drywire
