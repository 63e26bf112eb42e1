// Waiting, timeouts and signals, on sockets that do what the test says. The Linux expectations were
// seen on Linux 6.18, FreeBSD's are those of facts about its 13.0 stack.
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "gtest/gtest.h"
#include "tests/stack/sys/fake_socket.h"
#include "tests/stack/sys/sys_fixture.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT
using System = SysFixture::System;

// Kept, so that a test may look at it when its process has ended.
Ref<FakeSocket> last_socket;

Result<Ref<Socket>> MakeFake(Host&, int, const Credentials&) {
  last_socket = Ref<FakeSocket>(new FakeSocket);
  return Ref<Socket>(last_socket);
}

int handled = 0;
void CountSignal(int) { ++handled; }

class BlockingTest : public testing::TestWithParam<System> {
 protected:
  BlockingTest() : sim_(GetParam(), MakeFake) { handled = 0; }
  bool is_linux() const { return GetParam() == System::kLinux; }

  static int Open(SysContext& c, int flags = 0) {
    const SysResult fd = SysSocket(c, AF_INET, SOCK_STREAM | flags, 0);
    EXPECT_TRUE(fd.ok());
    return static_cast<int>(fd.value);
  }
  static SysResult Connect(SysContext& c, int fd) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    return SysConnect(c, fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  static void Handle(SysContext& c, int signal, int flags) {
    struct sigaction action = {};
    action.sa_handler = CountSignal;
    action.sa_flags = flags;
    ASSERT_TRUE(SysSigaction(c, signal, &action, nullptr).ok());
  }
  // Does something at a time of the run.
  void At(Duration when, std::function<void()> what) {
    sim_.scheduler().Spawn("at", [this, when, what] {
      sim_.scheduler().SleepUntil(Instant::Zero() + when);
      what();
    });
  }
  void SignalAt(Duration when) {
    At(when, [this] { ASSERT_TRUE(sim_.process().Raise(SIGUSR1).ok()); });
  }

  SysFixture sim_;
};

INSTANTIATE_TEST_SUITE_P(Systems, BlockingTest, testing::Values(System::kLinux, System::kFreeBsd),
                         [](const auto& info) {
                           return info.param == System::kLinux ? "linux" : "freebsd";
                         });

TEST_P(BlockingTest, ConnectWaitsForItsOutcomeAndAsksOnce) {
  At(2_s, [] { last_socket->FinishConnect(Cause::kRstInSynSent); });
  sim_.RunTask([&](SysContext& c) {
    EXPECT_TRUE(Fails(Connect(c, Open(c)), ECONNREFUSED));
    EXPECT_EQ(c.now(), Instant::Zero() + 2_s);
    EXPECT_EQ(last_socket->connects, 1);
  });
}

TEST_P(BlockingTest, NonBlockingConnectIsInProgressThenPending) {
  sim_.RunTask([&](SysContext& c) {
    const int fd = Open(c, SOCK_NONBLOCK);
    EXPECT_TRUE(Fails(Connect(c, fd), EINPROGRESS));
    EXPECT_TRUE(Fails(Connect(c, fd), EALREADY));
  });
}

TEST_P(BlockingTest, ASecondBlockingConnectWaitsOnLinuxOnly) {
  At(2_s, [] { last_socket->FinishConnect(Cause::kNone); });
  sim_.RunTask([&](SysContext& c) {
    const int fd = Open(c, SOCK_NONBLOCK);
    EXPECT_TRUE(Fails(Connect(c, fd), EINPROGRESS));
    EXPECT_TRUE(Gives(SysFcntl(c, fd, 4 /* F_SETFL */, 0), 0));
    if (is_linux()) {
      EXPECT_TRUE(Gives(Connect(c, fd), 0));
      EXPECT_EQ(c.now(), Instant::Zero() + 2_s);
    } else {
      EXPECT_TRUE(Fails(Connect(c, fd), EALREADY));
    }
  });
}

TEST_P(BlockingTest, SendTimeoutLimitsConnectOnLinuxOnly) {
  At(2_s, [] { last_socket->FinishConnect(Cause::kNone); });
  sim_.RunTask([&](SysContext& c) {
    const int fd = Open(c);
    last_socket->SetTimeouts(kInfinite, 300_ms);
    if (is_linux()) {
      EXPECT_TRUE(Fails(Connect(c, fd), EINPROGRESS));
      EXPECT_EQ(c.now(), Instant::Zero() + 300_ms);
      EXPECT_TRUE(Fails(Connect(c, fd), EALREADY));
      EXPECT_EQ(c.now(), Instant::Zero() + 600_ms);
    } else {
      EXPECT_TRUE(Gives(Connect(c, fd), 0));
    }
  });
}

TEST_P(BlockingTest, ASignalInterruptsConnectAndTheAttemptGoesOn) {
  SignalAt(100_ms);
  At(2_s, [] { last_socket->FinishConnect(Cause::kNone); });
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGUSR1, 0);
    const int fd = Open(c);
    EXPECT_TRUE(Fails(Connect(c, fd), EINTR));
    EXPECT_EQ(handled, 1);
    EXPECT_EQ(c.now(), Instant::Zero() + 100_ms);
    EXPECT_EQ(last_socket->attempt, FakeSocket::Attempt::kPending);
  });
}

TEST_P(BlockingTest, ARestartingHandlerRestartsConnectOnLinuxOnly) {
  SignalAt(100_ms);
  At(2_s, [] { last_socket->FinishConnect(Cause::kSynTimeout); });
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGUSR1, SA_RESTART);
    const int fd = Open(c);
    EXPECT_TRUE(Fails(Connect(c, fd), is_linux() ? ETIMEDOUT : EINTR));
    EXPECT_EQ(c.now(), Instant::Zero() + (is_linux() ? Duration(2_s) : Duration(100_ms)));
    EXPECT_EQ(last_socket->connects, 1);
    EXPECT_EQ(handled, 1);
  });
}

TEST_P(BlockingTest, ReceiveIsRestartedOrNotAsTheHandlerSays) {
  SignalAt(100_ms);
  At(300_ms, [] { last_socket->Arrive("x"); });
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGUSR1, SA_RESTART);
    const int fd = Open(c);
    char byte;
    EXPECT_TRUE(Gives(SysRecv(c, fd, &byte, 1, 0), 1));
    EXPECT_EQ(c.now(), Instant::Zero() + 300_ms);
    EXPECT_EQ(handled, 1);
    Handle(c, SIGUSR1, 0);
    SignalAt(500_ms);
    EXPECT_TRUE(Fails(SysRecv(c, fd, &byte, 1, 0), EINTR));
    EXPECT_EQ(c.now(), Instant::Zero() + 500_ms);
  });
}

TEST_P(BlockingTest, AReceiveTimeoutPreventsRestartOnLinuxOnly) {
  SignalAt(100_ms);
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGUSR1, SA_RESTART);
    const int fd = Open(c);
    last_socket->SetTimeouts(300_ms, kInfinite);
    char byte;
    EXPECT_TRUE(Fails(SysRecv(c, fd, &byte, 1, 0), is_linux() ? EINTR : EAGAIN));
    // FreeBSD begins the call again, and with it the time.
    EXPECT_EQ(c.now(), Instant::Zero() + (is_linux() ? Duration(100_ms) : Duration(400_ms)));
  });
}

TEST_P(BlockingTest, TimeoutsAreEagain) {
  sim_.RunTask([&](SysContext& c) {
    const int fd = Open(c);
    last_socket->SetTimeouts(300_ms, 200_ms);
    char byte;
    EXPECT_TRUE(Fails(SysRecv(c, fd, &byte, 1, 0), EAGAIN));
    EXPECT_EQ(c.now(), Instant::Zero() + 300_ms);
    last_socket->room = 0;
    EXPECT_TRUE(Fails(SysSend(c, fd, "x", 1, 0), EAGAIN));
    EXPECT_EQ(c.now(), Instant::Zero() + 500_ms);
  });
}

TEST_P(BlockingTest, SendWaitsUntilAllIsTaken) {
  At(1_s, [] { last_socket->MakeRoom(100); });
  At(2_s, [] { last_socket->MakeRoom(100); });
  sim_.RunTask([&](SysContext& c) {
    const int fd = Open(c);
    const std::string data(250, 'd');
    EXPECT_TRUE(Gives(SysSend(c, fd, data.data(), data.size(), 0), 250));
    EXPECT_EQ(c.now(), Instant::Zero() + 2_s);
    EXPECT_EQ(last_socket->sent, data);
    EXPECT_TRUE(Gives(SysSend(c, fd, data.data(), data.size(), MSG_DONTWAIT), 50));
    EXPECT_TRUE(Fails(SysSend(c, fd, data.data(), data.size(), MSG_DONTWAIT), EAGAIN));
  });
}

TEST_P(BlockingTest, ASignalInMidSendReturnsWhatWasTaken) {
  SignalAt(1_s);
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGUSR1, 0);
    const int fd = Open(c);
    const std::string data(250, 'd');
    EXPECT_TRUE(Gives(SysSend(c, fd, data.data(), data.size(), 0), 100));
    EXPECT_EQ(handled, 1);
  });
}

TEST_P(BlockingTest, WaitAllCollects) {
  At(1_s, [] { last_socket->Arrive("ab"); });
  At(2_s, [] { last_socket->Arrive("cdef"); });
  sim_.RunTask([&](SysContext& c) {
    const int fd = Open(c);
    char data[5] = {};
    EXPECT_TRUE(Gives(SysRecv(c, fd, data, 4, MSG_WAITALL), 4));
    EXPECT_STREQ(data, "abcd");
    EXPECT_EQ(c.now(), Instant::Zero() + 2_s);
  });
}

TEST_P(BlockingTest, AConnectionWakesOneAcceptorOnly) {
  int accepted = 0;
  At(1_s, [] { last_socket->QueueConnection(); });
  for (const char* name : {"first", "second"}) {
    sim_.Spawn(name, [&, name](SysContext& c) {
      const int fd = name[0] == 'f' ? Open(c) : 3;
      const SysResult result = SysAccept(c, fd, nullptr, nullptr);
      EXPECT_TRUE(result.ok());
      EXPECT_STREQ(name, "first");
      ++accepted;
    });
  }
  const RunReport report = sim_.Run();
  EXPECT_EQ(report.status, RunStatus::kDeadlock);
  EXPECT_NE(report.text.find("'second' waits in accept (fd 3: FAKE)"), std::string::npos)
      << report.text;
  EXPECT_EQ(accepted, 1);
}

TEST_P(BlockingTest, ReceiveTimeoutLimitsAcceptOnLinuxOnly) {
  At(1_s, [] { last_socket->QueueConnection(); });
  sim_.RunTask([&](SysContext& c) {
    const int fd = Open(c);
    last_socket->SetTimeouts(300_ms, kInfinite);
    const SysResult result = SysAccept(c, fd, nullptr, nullptr);
    EXPECT_TRUE(is_linux() ? Fails(result, EAGAIN) : Gives(result, 4));
  });
}

TEST_P(BlockingTest, OnlyFreeBsdsAcceptInheritsNonBlocking) {
  sim_.RunTask([&](SysContext& c) {
    const int fd = Open(c, SOCK_NONBLOCK);
    EXPECT_TRUE(Fails(SysAccept(c, fd, nullptr, nullptr), EAGAIN));
    for (int i = 0; i < 3; ++i) last_socket->QueueConnection();
    constexpr int kGetFlags = 3;
    const auto nonblocking = [&](const SysResult& accepted) {
      return (SysFcntl(c, static_cast<int>(accepted.value), kGetFlags, 0).value & SOCK_NONBLOCK) !=
             0;
    };
    EXPECT_EQ(nonblocking(SysAccept(c, fd, nullptr, nullptr)), !is_linux());
    EXPECT_FALSE(nonblocking(SysAccept4(c, fd, nullptr, nullptr, 0)));
    EXPECT_TRUE(nonblocking(SysAccept4(c, fd, nullptr, nullptr, SOCK_NONBLOCK)));
  });
}

TEST_P(BlockingTest, LingerHoldsCloseUpToItsTime) {
  At(1_s, [] { last_socket->FinishLinger(); });
  sim_.RunTask([&](SysContext& c) {
    const int fd = Open(c);
    last_socket->linger = 3_s;
    EXPECT_TRUE(Gives(SysClose(c, fd), 0));
    EXPECT_EQ(c.now(), Instant::Zero() + 1_s);
    const int late = Open(c);
    last_socket->linger = 2_s;
    const SysResult result = SysClose(c, late);
    EXPECT_TRUE(is_linux() ? Gives(result, 0) : Fails(result, EAGAIN));
    EXPECT_EQ(c.now(), Instant::Zero() + 3_s);
  });
}

TEST_P(BlockingTest, ABrokenPipeRaisesSigpipeUnlessDeclined) {
  sim_.RunTask([&](SysContext& c) {
    Handle(c, SIGPIPE, 0);
    const int fd = Open(c);
    last_socket->send_fails = Cause::kSendShutDown;
    EXPECT_TRUE(Fails(SysSend(c, fd, "x", 1, MSG_NOSIGNAL), EPIPE));
    EXPECT_EQ(handled, 0);
    EXPECT_TRUE(Fails(SysWrite(c, fd, "x", 1), EPIPE));
    EXPECT_EQ(handled, 1);
  });
}

TEST_P(BlockingTest, AnUnhandledSigpipeEndsTheProcess) {
  sim_.Spawn("main", [&](SysContext& c) {
    const int fd = Open(c);
    last_socket->send_fails = Cause::kSendShutDown;
    SysWrite(c, fd, "x", 1);
    ADD_FAILURE() << "went on";
  });
  EXPECT_TRUE(sim_.Run().ok());
  EXPECT_EQ(sim_.process().state(), ProcessState::kKilled);
  EXPECT_EQ(sim_.process().exit_code(), SIGPIPE);
}

TEST_P(BlockingTest, SoErrorIsTheCauseInTheSystemsWords) {
  sim_.RunTask([&](SysContext& c) {
    const int fd = Open(c);
    last_socket->pending_error = Cause::kRstInCloseWait;
    int error = -1;
    socklen_t length = sizeof error;
    EXPECT_TRUE(Gives(SysGetsockopt(c, fd, SOL_SOCKET, SO_ERROR, &error, &length), 0));
    EXPECT_EQ(error, is_linux() ? EPIPE : ECONNRESET);
    EXPECT_TRUE(Gives(SysGetsockopt(c, fd, SOL_SOCKET, SO_ERROR, &error, &length), 0));
    EXPECT_EQ(error, 0);
  });
}

TEST_P(BlockingTest, EveryCallLeavesATrace) {
  sim_.trace().KeepLast(Trace::kKeepAll);
  sim_.RunTask([&](SysContext& c) { SysListen(c, 77, 5); });
  const std::string text = sim_.trace().FormatLast(100);
  EXPECT_NE(text.find("syscall-enter task=1 call=listen fd=77 a=0x5"), std::string::npos) << text;
  EXPECT_NE(text.find("syscall-exit task=1 call=listen result=-1 errno=9"), std::string::npos)
      << text;
}

}  // namespace
}  // namespace drywire
