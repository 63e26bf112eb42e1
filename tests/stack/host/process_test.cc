// Processes and hosts: tasks, exit, signals, timers, limits, sockets of socket(2), power and pause.
#include "stack/host/process.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/stack/socket/two_hosts.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

class ProcessTest : public testing::Test, public TwoHosts {
 protected:
  ProcessTest() : TwoHosts(LinuxProfile()), process(a.CreateProcess("client")) {}

  static SignalAction Handler(bool restart = false) {
    SignalAction action;
    action.disposition = SignalDisposition::kHandler;
    action.handler = [](int) {};
    action.restart = restart;
    return action;
  }
  // Lets a task sleep until `when`; what ended the sleep is noted.
  void SpawnSleeper(Process& owner, Duration time, std::vector<WakeReason>* reasons) {
    owner.Spawn("sleeper", [this, time, reasons] {
      reasons->push_back(scheduler.SleepUntil(scheduler.now() + time).reason);
    });
  }

  Process& process;
};

TEST_F(ProcessTest, ExitsWhenItsLastTaskEnds) {
  int ended = 0;
  process.Spawn("one", [&] { ++ended; });
  process.Spawn("two", [&] {
    scheduler.SleepUntil(scheduler.now() + 1_s);
    ++ended;
  });
  EXPECT_EQ(a.FindProcess(process.pid()), &process);
  Settle();
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(process.state(), ProcessState::kExited);
  EXPECT_EQ(process.exit_code(), 0);
  EXPECT_EQ(a.FindProcess(process.pid()), nullptr);
}

TEST_F(ProcessTest, ExitEndsAllTasksAndClosesDescriptors) {
  bool after = false, unwound = false;
  ASSERT_TRUE(
      process.fds().Install(*a.CreateSocket(AF_INET, SOCK_DGRAM, 0, process.credentials())).ok());
  process.Spawn("waiter", [&] {
    struct Guard {
      bool* flag;
      ~Guard() { *flag = true; }
    } guard{&unwound};
    scheduler.SleepUntil(scheduler.now() + 100_s);
    after = true;
  });
  process.Spawn("leaver", [&] {
    scheduler.SleepUntil(scheduler.now() + 1_s);
    process.Exit(3);
    after = true;
  });
  EXPECT_EQ(a.open_files().open, 1);
  Settle();
  EXPECT_FALSE(after);
  EXPECT_TRUE(unwound);
  EXPECT_EQ(process.exit_code(), 3);
  EXPECT_EQ(process.fds().open_count(), 0);
  EXPECT_EQ(a.open_files().open, 0);
  EXPECT_EQ(scheduler.now(), Instant::Zero() + 1_s);
}

TEST_F(ProcessTest, TheProcessOfATask) {
  process.Spawn("one", [&] { EXPECT_EQ(Process::Of(scheduler.current()), &process); });
  EXPECT_EQ(Process::Of(nullptr), nullptr);
  Settle();
}

struct DefaultCase {
  int signal;
  bool ends;
};

TEST_F(ProcessTest, DefaultActions) {
  for (const DefaultCase& c : {DefaultCase{SIGTERM, true},
                               {SIGPIPE, true},
                               {SIGALRM, true},
                               {SIGUSR1, true},
                               {SIGKILL, true},
                               {SIGCHLD, false},
                               {SIGURG, false},
                               {SIGWINCH, false}}) {
    Process& victim = a.CreateProcess("victim");
    std::vector<WakeReason> reasons;
    SpawnSleeper(victim, 1_s, &reasons);
    (void)scheduler.RunFor(1_ms);
    EXPECT_TRUE(victim.Raise(c.signal).ok());
    Settle();
    EXPECT_EQ(victim.state(), c.ends ? ProcessState::kKilled : ProcessState::kExited) << c.signal;
    if (c.ends) {
      EXPECT_EQ(victim.exit_code(), c.signal);
    }
  }
}

TEST_F(ProcessTest, WrongSignals) {
  EXPECT_TRUE(process.Raise(0).ok());
  EXPECT_EQ(process.Raise(-1).cause(), Cause::kInvalidArgument);
  EXPECT_EQ(process.Raise(65).cause(), Cause::kInvalidArgument);
  EXPECT_EQ(process.Raise(SIGSTOP).cause(), Cause::kNotSupported);
  EXPECT_EQ(process.SetAction(SIGKILL, Handler(), nullptr).cause(), Cause::kInvalidArgument);
  EXPECT_EQ(process.SetAction(SIGSTOP, Handler(), nullptr).cause(), Cause::kInvalidArgument);
  EXPECT_EQ(process.SetAction(0, Handler(), nullptr).cause(), Cause::kInvalidArgument);
  EXPECT_EQ(process.SetAction(65, Handler(), nullptr).cause(), Cause::kInvalidArgument);
}

TEST_F(ProcessTest, AHandledSignalInterruptsAWaitAndIsTakenOnce) {
  ASSERT_TRUE(process.SetAction(SIGUSR1, Handler(true), nullptr).ok());
  std::vector<WakeReason> reasons;
  SpawnSleeper(process, 10_s, &reasons);
  (void)scheduler.RunFor(1_s);
  ASSERT_TRUE(process.Raise(SIGUSR1).ok());
  EXPECT_TRUE(process.HasDeliverable());
  TakenSignal taken;
  ASSERT_TRUE(process.TakeSignal(&taken));
  EXPECT_EQ(taken.signal, SIGUSR1);
  EXPECT_TRUE(taken.action.restart);
  EXPECT_EQ(process.blocked(), SignalBit(SIGUSR1));  // while the handler runs
  process.FinishSignal(taken);
  EXPECT_EQ(process.blocked(), 0u);
  EXPECT_FALSE(process.TakeSignal(&taken));
  Settle();
  EXPECT_EQ(reasons, std::vector<WakeReason>{WakeReason::kInterrupted});
  EXPECT_EQ(scheduler.now(), Instant::Zero() + 1_s);
}

TEST_F(ProcessTest, BlockedSignalsWaitAndComeInOrderOfTheirNumbers) {
  for (const int signal : {SIGUSR1, SIGUSR2, SIGHUP}) {
    ASSERT_TRUE(process.SetAction(signal, Handler(), nullptr).ok());
  }
  process.SetBlocked(~SignalSet{0});
  EXPECT_EQ(process.blocked() & SignalBit(SIGKILL), 0u);
  for (const int signal : {SIGUSR2, SIGUSR1, SIGHUP, SIGUSR1}) {
    ASSERT_TRUE(process.Raise(signal).ok());
  }
  TakenSignal taken;
  EXPECT_FALSE(process.TakeSignal(&taken));
  process.SetBlocked(0);
  std::vector<int> order;
  while (process.TakeSignal(&taken)) {
    order.push_back(taken.signal);
    process.FinishSignal(taken);
  }
  EXPECT_EQ(order, (std::vector<int>{SIGHUP, SIGUSR1, SIGUSR2}));
}

TEST_F(ProcessTest, FlagsOfAnAction) {
  SignalAction action = Handler();
  action.no_defer = true;
  action.reset_hand = true;
  action.mask = SignalBit(SIGUSR2) | SignalBit(SIGKILL);
  ASSERT_TRUE(process.SetAction(SIGUSR1, action, nullptr).ok());
  ASSERT_TRUE(process.Raise(SIGUSR1).ok());
  TakenSignal taken;
  ASSERT_TRUE(process.TakeSignal(&taken));
  EXPECT_EQ(process.blocked(), SignalBit(SIGUSR2));
  SignalAction now;
  ASSERT_TRUE(process.SetAction(SIGUSR1, Handler(), &now).ok());
  EXPECT_EQ(now.disposition, SignalDisposition::kDefault);
}

TEST_F(ProcessTest, IgnoringDiscardsWhatIsPending) {
  ASSERT_TRUE(process.SetAction(SIGUSR1, Handler(), nullptr).ok());
  process.SetBlocked(SignalBit(SIGUSR1));
  ASSERT_TRUE(process.Raise(SIGUSR1).ok());
  EXPECT_EQ(process.pending(), SignalBit(SIGUSR1));
  SignalAction ignore;
  ignore.disposition = SignalDisposition::kIgnore;
  ASSERT_TRUE(process.SetAction(SIGUSR1, ignore, nullptr).ok());
  EXPECT_EQ(process.pending(), 0u);
}

TEST_F(ProcessTest, IntervalTimer) {
  ASSERT_TRUE(process.SetAction(SIGALRM, Handler(), nullptr).ok());
  std::vector<Instant> alarms;
  process.Spawn("waiter", [&] {
    process.SetTimer({500_ms, 1_s});
    while (alarms.size() < 3) {
      scheduler.SleepUntil(kNever);
      TakenSignal taken;
      while (process.TakeSignal(&taken)) {
        alarms.push_back(scheduler.now());
        process.FinishSignal(taken);
      }
    }
    const IntervalTimer old = process.SetTimer({});
    EXPECT_EQ(old.interval, 500_ms);
    EXPECT_EQ(old.remaining, 500_ms);
    EXPECT_EQ(process.GetTimer().remaining, Duration::Zero());
  });
  Settle();
  EXPECT_EQ(alarms, (std::vector<Instant>{Instant::Zero() + 1_s, Instant::Zero() + 1500_ms,
                                          Instant::Zero() + 2_s}));
}

TEST_F(ProcessTest, DescriptorLimit) {
  EXPECT_TRUE(process.SetNofile({2, 4}).ok());
  EXPECT_EQ(process.SetNofile({5, 4}).cause(), Cause::kInvalidArgument);
  EXPECT_TRUE(process.SetNofile({2, 8}).ok());  // privileged
  EXPECT_EQ(process.SetNofile({2, 2'000'000}).cause(), Cause::kNoPermission);
  process.set_credentials({1000, 1000, {}});
  EXPECT_EQ(process.SetNofile({2, 16}).cause(), Cause::kNoPermission);
  const auto open = [&] {
    return process.fds().Install(*a.CreateSocket(AF_INET, SOCK_DGRAM, 0, process.credentials()));
  };
  EXPECT_EQ(*open(), 0);
  EXPECT_EQ(*open(), 1);
  EXPECT_EQ(open().cause(), Cause::kProcessDescriptorLimit);
}

struct SocketCase {
  int domain, type, protocol;
  Cause on_linux;
  Cause on_freebsd;
};

TEST_F(ProcessTest, ArgumentsOfSocket) {
  TwoHosts freebsd(FreeBsdProfile());
  const SocketCase cases[] = {
      {AF_INET, SOCK_DGRAM, 0, Cause::kNone, Cause::kNone},
      {AF_INET6, SOCK_DGRAM, IPPROTO_UDP, Cause::kNone, Cause::kNone},
      {99, SOCK_STREAM, 0, Cause::kFamilyUnsupported, Cause::kFamilyUnsupported},
      {-1, SOCK_STREAM, 0, Cause::kFamilyUnsupported, Cause::kFamilyUnsupported},
      {AF_UNSPEC, SOCK_STREAM, 0, Cause::kFamilyUnsupported, Cause::kFamilyUnsupported},
      {AF_INET, 77, 0, Cause::kInvalidArgument, Cause::kTypeUnsupported},
      {AF_INET, 0, 0, Cause::kTypeUnsupported, Cause::kTypeUnsupported},
      {AF_INET, SOCK_SEQPACKET, 0, Cause::kTypeUnsupported, Cause::kTypeUnsupported},
      {AF_INET, SOCK_RDM, 0, Cause::kTypeUnsupported, Cause::kTypeUnsupported},
      {AF_INET, SOCK_RAW, 0, Cause::kProtocolUnsupported, Cause::kProtocolUnsupported},
      {AF_INET, SOCK_STREAM, IPPROTO_UDP, Cause::kProtocolUnsupported, Cause::kProtocolUnsupported},
      {AF_INET, SOCK_DGRAM, IPPROTO_TCP, Cause::kProtocolUnsupported, Cause::kProtocolUnsupported},
      {AF_INET, SOCK_STREAM, 256, Cause::kProtocolUnsupported, Cause::kProtocolUnsupported},
      {AF_INET, SOCK_STREAM, 300, Cause::kInvalidArgument, Cause::kProtocolUnsupported},
      {AF_INET, SOCK_STREAM, -1, Cause::kInvalidArgument, Cause::kProtocolUnsupported},
  };
  for (const SocketCase& c : cases) {
    const Result<Ref<Socket>> x = a.CreateSocket(c.domain, c.type, c.protocol, {});
    const Result<Ref<Socket>> y = freebsd.a.CreateSocket(c.domain, c.type, c.protocol, {});
    EXPECT_EQ(x.ok() ? Cause::kNone : x.cause(), c.on_linux) << c.domain << " " << c.type;
    EXPECT_EQ(y.ok() ? Cause::kNone : y.cause(), c.on_freebsd) << c.domain << " " << c.type;
  }
}

TEST_F(ProcessTest, ACrashForgetsEverythingSilently) {
  std::vector<WakeReason> reasons;
  SpawnSleeper(process, 10_s, &reasons);
  const int fd = *process.fds().Install(*a.CreateSocket(AF_INET, SOCK_DGRAM, 0, {}));
  ASSERT_TRUE(process.fds().Get(fd)->AsSocket()->Bind(Sock::Raw("0.0.0.0", 53), {}).ok());
  Sock sender(b);
  (void)scheduler.RunFor(1_s);
  a.Crash();
  EXPECT_FALSE(a.powered());
  EXPECT_EQ(process.state(), ProcessState::kKilled);
  EXPECT_EQ(a.DescribeSockets(), "");
  EXPECT_FALSE(a.net().udp_ports().InUse(53));
  ASSERT_EQ(sender.Connect("10.0.0.1", 53), "0");
  EXPECT_EQ(sender.Send(), "3");
  Settle();
  EXPECT_EQ(sender.Error(), "kNone");  // nobody is there to refuse
  EXPECT_EQ(ab.count, 0);
  a.Restart();
  EXPECT_EQ(sender.Send(), "3");
  Settle();
  EXPECT_EQ(sender.Error(), "kIcmpPortUnreachable");
}

TEST_F(ProcessTest, APausedHostActsLater) {
  std::vector<WakeReason> reasons;
  SpawnSleeper(process, 1_s, &reasons);
  Sock receiver(a), sender(b);
  ASSERT_EQ(receiver.Bind("0.0.0.0", 53), "0");
  (void)scheduler.RunFor(1_ms);
  a.Pause();
  EXPECT_EQ(sender.SendTo("10.0.0.1", 53), "3");
  (void)scheduler.RunFor(5_s);
  EXPECT_TRUE(reasons.empty());
  EXPECT_EQ(receiver.Recv(), "kWouldBlock");
  a.Resume();
  EXPECT_EQ(receiver.Recv(), "'abc'");
  Settle();
  EXPECT_EQ(reasons.size(), 1u);
  EXPECT_EQ(scheduler.now(), Instant::Zero() + 5001_ms);  // its sleep was over long ago
}

}  // namespace
}  // namespace drywire
