// What is lost comes back: tail loss probes, retransmissions, duplicates (RFC 8985, 6298, 2883).
#include <linux/sockios.h>

#include <string>

#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

// On a, once it is connected: asks b to hear nothing any more, or to hear again.
void Deafen(Script& s, int time = 1) {
  s.Announce("deafen " + std::to_string(time));
  s.Await("deaf " + std::to_string(time));
}
void Heal(Script& s, int time = 1) {
  s.Announce("heal " + std::to_string(time));
  s.Await("healed " + std::to_string(time));
}

// On b: a connection, whose segments are dropped when a wants it.
int ServeTheDeaf(Script& s, int times = 1) {
  s.Row("server");
  const int fd = ServeOne(s);
  for (int time = 1; time <= times; ++time) {
    const std::string number = std::to_string(time);
    s.Await("deafen " + number);
    s.Firewall("input tcp dport 80 drop");
    s.Announce("deaf " + number);
    s.Await("heal " + number);
    s.Firewall("flush chain inet filter input");
    s.Announce("healed " + number);
  }
  return fd;
}

// What a does while b hears nothing, for 700 ms; then b receives it all.
void WhileDeaf(Scenario& it, void (*body)(Script& s, int fd)) {
  it.Watch("a");
  it.On("a", [body](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    Deafen(s);
    body(s, fd);
    SleepMs(700);
    Heal(s);
    s.Await("received");
    s.Poll(fd).Error(fd);
  });
  it.On("b", [](Script& s) {
    const int fd = ServeTheDeaf(s);
    s("wait", WaitFor(fd, POLLIN));
    SleepMs(900);
    s.Receive(fd).Receive(fd);
    s.Announce("received");
    SleepMs(60);
  });
}

ORACLE(Loss, OneSegment, kPair) {
  WhileDeaf(it, [](Script& s, int fd) { s.Send(fd, "x"); });
}

// The last one is probed for, twice the round trip and two ticks after it.
ORACLE(Loss, LastOfThree, kPair) {
  WhileDeaf(it, [](Script& s, int fd) {
    SetInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    s.Send(fd, "x").Send(fd, "y").Send(fd, "z");
  });
}

ORACLE(Loss, FinAlone, kPair) {
  WhileDeaf(it, [](Script& s, int fd) { s("shutdown", os::shutdown(fd, SHUT_WR)); });
}

ORACLE(Loss, DataAndFin, kPair) {
  WhileDeaf(it, [](Script& s, int fd) { s.Send(fd, "x")("shutdown", os::shutdown(fd, SHUT_WR)); });
}

// One probe for each tail: what is sent after it waits for the timer of the first.
ORACLE(Loss, SentAfterTheProbe, kPair) {
  WhileDeaf(it, [](Script& s, int fd) {
    SetInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    s.Send(fd, "x").Send(fd, "y");
    SleepMs(60);
    s.Send(fd, "z");
  });
}

ORACLE(Loss, SentBeforeTheProbe, kPair) {
  WhileDeaf(it, [](Script& s, int fd) {
    SetInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    s.Send(fd, "x");
    SleepMs(100);
    s.Send(fd, "y");
  });
}

ORACLE(Loss, ProbesSwitchedOff, kPair) {
  WhileDeaf(it, [](Script& s, int fd) {
    s.Sysctl("net.ipv4.tcp_early_retrans", "0");
    SetInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    s.Send(fd, "x").Send(fd, "y");
  });
}

ORACLE(Loss, WithoutSack, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Sysctl("net.ipv4.tcp_sack", "0");
    s.Row("client");
    const int fd = ReachServer(s);
    Deafen(s);
    s.Send(fd, "x");
    SleepMs(700);
    Heal(s);
    s.Await("received");
  });
  it.On("b", [](Script& s) {
    const int fd = ServeTheDeaf(s);
    s("wait", WaitFor(fd, POLLIN)).Receive(fd);
    s.Announce("received");
    SleepMs(60);
  });
}

// The probe made up for a loss, and its acknowledgement does not say so: the next tail has none.
ORACLE(Loss, TwiceInARow, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    Deafen(s);
    s.Send(fd, "x");
    SleepMs(60);
    Heal(s);
    s.Await("first");
    Deafen(s, 2);
    s.Send(fd, "y");
    SleepMs(700);
    Heal(s, 2);
    s.Await("second");
  });
  it.On("b", [](Script& s) {
    const int fd = ServeTheDeaf(s, 0);
    s.Await("deafen 1");
    s.Firewall("input tcp dport 80 drop");
    s.Announce("deaf 1");
    s.Await("heal 1");
    s.Firewall("flush chain inet filter input");
    s.Announce("healed 1");
    s("wait", WaitFor(fd, POLLIN)).Receive(fd);
    SleepMs(500);
    s.Announce("first");
    s.Await("deafen 2");
    s.Firewall("input tcp dport 80 drop");
    s.Announce("deaf 2");
    s.Await("heal 2");
    s.Firewall("flush chain inet filter input");
    s.Announce("healed 2");
    s("wait", WaitFor(fd, POLLIN)).Receive(fd);
    s.Announce("second");
    SleepMs(60);
  });
}

// Nobody was deaf: the acknowledgement was delayed, the probe came first, and the duplicate is
// told.
ORACLE(Loss, DelayedAcknowledgement, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    SetInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    for (int i = 0; i < 3; ++i) {
      s.Send(fd, "ask")("wait", WaitFor(fd, POLLIN)).Receive(fd);
    }
    SleepMs(200);
    s.Send(fd, "1").Send(fd, "2");
    SleepMs(200);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    for (int i = 0; i < 3; ++i) {
      s("wait", WaitFor(fd, POLLIN)).Receive(fd).Send(fd, "answer");
    }
    s.Await("done");
    s.Receive(fd);
    SleepMs(60);  // the client ends first
  });
}

// TCP_INFO counts timeouts, not probes.
ORACLE(Loss, CountedTimeouts, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    Deafen(s);
    s.Send(fd, "x");
    const auto count = [&](int ms) {
      SleepMs(ms);
      tcp_info info = {};
      socklen_t length = sizeof info;
      os::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
      s("retransmits", info.tcpi_retransmits)("backoff", info.tcpi_backoff);
      s("unacked", info.tcpi_unacked);
    };
    count(100);
    count(200);
    count(250);
    count(500);
    Heal(s);
    s.Await("received");
    count(100);
  });
  it.On("b", [](Script& s) {
    const int fd = ServeTheDeaf(s);
    s("wait", WaitFor(fd, POLLIN)).Receive(fd);
    s.Announce("received");
    SleepMs(60);
  });
}

void Counts(Script& s, const char* row, int fd) {
  tcp_info info = {};
  socklen_t length = sizeof info;
  os::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
  int queued = -1;
  int unsent = -1;
  os::ioctl(fd, TIOCOUTQ, &queued);
  os::ioctl(fd, SIOCOUTQNSD, &unsent);
  s.Row(row)("state", info.tcpi_state)("unacked", info.tcpi_unacked)("queued", queued);
  s("unsent", unsent)("retransmits", info.tcpi_retransmits)("probes", info.tcpi_probes);
  s("backoff", info.tcpi_backoff).Elapsed();
}

// On b: what a sent while b was deaf, once all of it has come; b stays until a has looked.
void ReceiveLate(Script& s) {
  const int fd = ServeTheDeaf(s);
  s("wait", WaitFor(fd, POLLIN));
  SleepMs(80);
  s.Receive(fd);
  s.Announce("received");
  s.Await("done");
  SleepMs(60);  // the client ends first
}

// What the firewall refuses on its way out was never sent: it waits as if the window were closed
// (tcp_write_xmit, tcp_check_probe_timer).
ORACLE(Loss, RefusedOnTheWayOut, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Firewall("output tcp dport 80 drop");
    s.StartClock();
    s.Send(fd, "one");
    Counts(s, "at once", fd);
    SleepMs(100);
    Counts(s, "soon", fd);
    s.Send(fd, "two");
    Counts(s, "another", fd);
    SleepMs(250);
    Counts(s, "after a probe", fd);
    SleepMs(2000);
    Counts(s, "after more", fd);
    s.Firewall("flush chain inet filter output");
    s.Await("received");
    Counts(s, "allowed", fd);
    os::shutdown(fd, SHUT_WR);
    SleepMs(50);
    Counts(s, "shut down", fd);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("wait", WaitFor(fd, POLLIN)).Receive(fd);
    s.Announce("received");
    s.Await("done");
    s.Receive(fd);
    SleepMs(60);  // the client ends first
  });
}

ORACLE(Loss, RefusedFin, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Firewall("output tcp dport 80 drop");
    s.StartClock();
    s("shutdown", os::shutdown(fd, SHUT_WR));
    Counts(s, "at once", fd);
    SleepMs(350);
    Counts(s, "after a probe", fd);
    s.Firewall("flush chain inet filter output");
    s("wait", WaitFor(fd, POLLIN)).Elapsed();
    Counts(s, "allowed", fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("wait", WaitFor(fd, POLLIN)).Receive(fd).Send(fd, "bye");
    SleepMs(60);
  });
}

// New text goes out as a tail loss probe, and is refused.
ORACLE(Loss, RefusedProbe, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    Deafen(s);
    s.Send(fd, "one");
    s.Send(fd, "two");  // Nagle's algorithm holds it back
    s.Firewall("output tcp dport 80 drop");
    SleepMs(120);
    Counts(s, "soon", fd);
    SleepMs(700);
    Counts(s, "later", fd);
    s.Firewall("flush chain inet filter output");
    Heal(s);
    s.Await("received");
    Counts(s, "allowed", fd);
    s.Announce("done");
  });
  it.On("b", ReceiveLate);
}

// The same when something is in flight already.
ORACLE(Loss, RefusedBehindWhatWasSent, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    Deafen(s);
    s.StartClock();
    s.Send(fd, "one");
    s.Firewall("output tcp dport 80 drop");
    const int on = 1;
    os::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    s.Send(fd, "two");
    Counts(s, "at once", fd);
    SleepMs(350);
    Counts(s, "soon", fd);
    SleepMs(2000);
    Counts(s, "later", fd);
    s.Firewall("flush chain inet filter output");
    Heal(s);
    s.Await("received");
    Counts(s, "allowed", fd);
    s.Announce("done");
  });
  it.On("b", ReceiveLate);
}

// Text that Nagle's algorithm holds back does not go out with what is sent again.
ORACLE(Loss, HeldBackTextStaysBehind, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    Deafen(s);
    s.Send(fd, "one");
    s.Send(fd, "two");
    SleepMs(700);
    Heal(s);
    s.Await("received");
    Counts(s, "received", fd);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    const int fd = ServeTheDeaf(s);
    s("wait", WaitFor(fd, POLLIN));
    SleepMs(900);
    s.Receive(fd);
    s.Announce("received");
    s.Await("done");
    SleepMs(60);
  });
}

// The probes of a closed window end with the user's time (tcp_clamp_probe0_to_user_timeout).
ORACLE(Loss, UserTimeoutOfAClosedWindow, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    const unsigned timeout = 1000;
    os::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
    s.Firewall("output tcp dport 80 drop");
    s.StartClock();
    s.Send(fd, "one");
    s("wait", WaitFor(fd, POLLERR)).Elapsed().Error(fd);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("done");
    s.Receive(fd);
    SleepMs(60);  // the client ends first
  });
}

// A queue without room is tried every half a second (TCP_RESOURCE_PROBE_INTERVAL).
ORACLE(Loss, QueueWithoutRoom, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.SetQueueFull(true);
    s.StartClock();
    s.Send(fd, "one");
    Counts(s, "at once", fd);
    SleepMs(350);
    Counts(s, "after a probe", fd);
    SleepMs(2200);
    Counts(s, "after more", fd);
    s.SetQueueFull(false);
    s("wait", WaitFor(fd, POLLIN)).Elapsed().Receive(fd);
    const unsigned timeout = 1000;
    os::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
    s.SetQueueFull(true);
    s.Row("given up");
    s.StartClock();
    s.Send(fd, "two");
    s("wait", WaitFor(fd, POLLERR)).Elapsed().Error(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("wait", WaitFor(fd, POLLIN)).Receive(fd).Send(fd, "got it");
  });
}

ORACLE(Loss, DatagramsOfAQueueWithoutRoom, kPair) {
  it.On("a", [](Script& s) {
    const int fd = UdpOn("10.0.0.1", 53);
    s.Row("free")("connect", Connect(fd, "10.0.0.2", 53)).Send(fd, "x");
    s.SetQueueFull(true);
    s.Row("full").Send(fd, "x").Error(fd).Poll(fd);
    SetInt(fd, IPPROTO_IP, IP_RECVERR, 1);
    s.Row("with IP_RECVERR").Send(fd, "x").Error(fd).Poll(fd);
    const int tcp = Tcp();
    s.Row("connect")("tcp", Connect(tcp, "10.0.0.2", 53)).Poll(tcp);
    s.SetQueueFull(false);
    s("wait", WaitFor(tcp, POLLOUT)).Error(tcp);
  });
}

// How much is taken while nothing is acknowledged: packets are filled up, and another one is begun
// as long as there is room.
ORACLE(Loss, SendBufferOfTheDeaf, kPair) {
  it.On("a", [](Script& s) {
    uint16_t port = 80;
    static char data[1'000'000];
    for (const int buffer : {5'000, 21'000, 100'000}) {
      for (const size_t size : {1'000'000, 40'000, 10'000, 1'000}) {
        const int fd = ReachServer(s, port);
        SetInt(fd, SOL_SOCKET, SO_SNDBUF, buffer);
        s.Announce("deafen " + std::to_string(port));
        s.Await("deaf " + std::to_string(port));
        s.Row(std::to_string(buffer) + " in pieces of " + std::to_string(size));
        int64_t first = os::send(fd, data, size, 0);
        int64_t all = first;
        for (int64_t n = first; n > 0 && (n = os::send(fd, data, size, 0)) > 0;) all += n;
        s("first", first)("all", all);
        os::close(fd);
        ++port;
      }
    }
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    for (uint16_t port = 80; port < 92; ++port) {
      const int fd = ServeOne(s, port);
      s.Await("deafen " + std::to_string(port));
      s.Firewall("input tcp dport " + std::to_string(port) + " drop");
      s.Announce("deaf " + std::to_string(port));
      os::close(fd);
    }
  });
}

// A large buffer whose window cannot be scaled: what is read makes no news, and a FIN with text.
ORACLE(Loss, LargeBufferWithoutScaling, kPair) {
  it.Watch("b");
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Sysctl("net.ipv4.tcp_window_scaling", "0");
    const int fd = ReachServer(s);
    const std::string text(1448, 'x');
    os::send(fd, text.data(), text.size(), 0);
    s.Await("read 1");
    SleepMs(100);
    os::send(fd, text.data(), text.size(), MSG_MORE);
    os::shutdown(fd, SHUT_WR);
    SleepMs(100);
    s.Announce("sent 2");
    SleepMs(100);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    s.Sysctl("net.ipv4.tcp_rmem", "4096 540000 15728640");
    const int fd = ServeOne(s);
    char data[4096];
    s("wait", WaitFor(fd, POLLIN));
    SleepMs(100);
    s("read", os::recv(fd, data, sizeof data, 0));
    s.Announce("read 1");
    s.Await("sent 2");
    s("read", os::recv(fd, data, sizeof data, 0));
  });
}

}  // namespace
}  // namespace drywire::oracle
