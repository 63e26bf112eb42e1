// What takes minutes of real time: the kernel's own timeouts at their defaults.
#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

ORACLE(Timeout, ConnectAtTheDefaults, kPair) {
  it.Slow().Watch("a");
  it.On("a", [](Script& s) {
    s.Await("ready");
    const int fd = Tcp(0);
    s.Row("tcp")("connect", Connect(fd, "10.0.0.2", 99)).Elapsed().Error(fd).Poll(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    s.Firewall("input tcp dport 99 drop");
    s.Announce("ready");
  });
}

ORACLE(Timeout, ConnectWithoutLinearRetries, kPair) {
  it.Slow();
  it.On("a", [](Script& s) {
    s.Await("ready");
    s.Sysctl("net.ipv4.tcp_syn_linear_timeouts", "0");
    const int fd = Tcp(0);
    s.Row("tcp")("connect", Connect(fd, "10.0.0.2", 99)).Elapsed().Error(fd).Poll(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    s.Firewall("input tcp dport 99 drop");
    s.Announce("ready");
  });
}

ORACLE(Timeout, TimeWaitIsAMinute, kPair) {
  it.Slow();
  it.On("a", [](Script& s) {
    s.Await("ready");
    s.Row("client");
    const int fd = Tcp(0);
    Bind(fd, "10.0.0.1", 7000);
    s("connect", Connect(fd, "10.0.0.2", 80))("close", os::close(fd));
    SleepMs(55'000);
    s("early", Bind(Tcp(), "10.0.0.1", 7000));
    SleepMs(12'000);
    s("late", Bind(Tcp(), "10.0.0.1", 7000));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("ready");
    const int fd = Accept(listener);
    s("wait", WaitFor(fd, POLLRDHUP))("close", os::close(fd));
  });
}

ORACLE(Timeout, OrphanedFinWait2, kPair) {
  it.Slow();
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s("close", os::close(fd));
    s.Announce("closed");
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("closed");
    SleepMs(66'000);
    s.Poll(fd).Send(fd, "x");
    Settle();
    s.Poll(fd).Error(fd);
    s.Announce("done");
  });
}

ORACLE(Timeout, RetransmissionsGiveUp, kPair) {
  it.Slow();
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Sysctl("net.ipv4.tcp_retries2", "7");
    const int fd = ReachServer(s);
    s.Announce("connected");
    s.Await("silent");
    s.Send(fd, "x").StartClock();
    s("wait", WaitFor(fd, POLLERR, 200'000)).Elapsed().Poll(fd).Error(fd).Send(fd, "x");
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    ServeOne(s);
    s.Await("connected");
    s.Firewall("input tcp dport 80 drop");
    s.Announce("silent");
    s.Await("done");
  });
}

// A closed socket's FIN is sent again eight times; its port is free when it has been given up.
ORACLE(Timeout, OrphansGiveUp, kPair) {
  it.Slow();
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("listening 80");
    const int fd = Tcp(0);
    s("bind", Bind(fd, "10.0.0.1", 7000))("connect", Connect(fd, "10.0.0.2", 80));
    s.Announce("connected");
    s.Await("silent");
    s("close", os::close(fd));
    SleepMs(100'000);
    s("early", Bind(Tcp(), "10.0.0.1", 7000));
    SleepMs(20'000);
    s("late", Bind(Tcp(), "10.0.0.1", 7000));
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    ServeOne(s);
    s.Await("connected");
    s.Firewall("input tcp dport 80 drop");
    s.Announce("silent");
    s.Await("done");
  });
}

ORACLE(Timeout, HalfOpenRequestsExpire, kPair) {
  it.Slow();
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("ready");
    s.Firewall("input tcp sport 80 drop");
    const int fd = Tcp();
    s("connect", Connect(fd, "10.0.0.2", 80));
    SleepMs(100);
    os::close(fd);
    s.Announce("gone");
    SleepMs(70'000);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("ready");
    s.Await("gone");
    SleepMs(66'000);
    s.Poll(listener)("accept", os::accept(listener, nullptr, nullptr));
  });
}

}  // namespace
}  // namespace drywire::oracle
