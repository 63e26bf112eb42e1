// What a path MTU that one socket is told of means for the others, on Linux. Recorded on
// Linux 6.18.
#include <string>

#include "tests/conformance/linux_script.h"

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

// TCP_MAXSEG and IP_MTU.
void Sizes(Script& s, const std::string& label, int fd) {
  s.Option(label, fd, IPPROTO_TCP, TCP_MAXSEG).Option("mtu", fd, IPPROTO_IP, IP_MTU);
}

int ConnectTo(Script& s, int fd) {
  s("connect", Connect(fd, "10.2.0.1", 80));
  return fd;
}

void Send(Script& s, int fd, size_t size, int wait_ms = 300) {
  s("send", os::send(fd, data, size, 0));
  SleepMs(wait_ms);
}

// A host b that takes what comes, and what a does meanwhile.
void OnANarrowPath(oracle::Scenario& it, void (*body)(Script& s)) {
  it.On("b", [](Script& s) {
    s.Row("server");
    const int udp = Udp();
    s("udp", Bind(udp, "10.2.0.1", 80));
    ListenOn("10.2.0.1", 80);
    s.Announce("ready");
    s.Await("done");
  });
  it.On("a", [body](Script& s) {
    s.Await("ready");
    body(s);
    s.Announce("done");
  });
}

ORACLE(LinuxPathMtu, OtherConnectionsLearnIt, kNarrow) {
  OnANarrowPath(it, [](Script& s) {
    s.Row("before");
    const int first = ConnectTo(s, Tcp(0));
    const int second = ConnectTo(s, Tcp(0));
    Sizes(s, "first", first);
    Sizes(s, "second", second);
    s.Row("told");
    Send(s, first, 4000);
    Sizes(s, "first", first);
    Sizes(s, "second", second);
    // The route is looked up anew when something is sent, the segment size at the next call.
    s.Row("the other");
    Send(s, second, 10);
    Sizes(s, "second", second);
    Send(s, second, 4000);
    Sizes(s, "second", second);
    s.Row("new");
    Sizes(s, "stream", ConnectTo(s, Tcp(0)));
    s.Option("datagrams", ConnectTo(s, Udp()), IPPROTO_IP, IP_MTU);
  });
}

TEST(LinuxPathMtu, OtherConnectionsLearnIt) {
  ExpectScenario("LinuxPathMtu.OtherConnectionsLearnIt", R"(
before: connect=0 connect=0 first=1448 mtu=1500 second=1448 mtu=1500
told: send=4000 first=1248 mtu=1300 second=1448 mtu=1500
the other: send=10 second=1448 mtu=1300 send=4000 second=1248 mtu=1300
new: connect=0 stream=1248 mtu=1300 connect=0 datagrams=1300
)");
}

// A datagram of 1400 bytes, the error it draws, IP_MTU after that; then datagrams of several sizes.
void SendDatagrams(Script& s, const char* row, int discover) {
  s.Row(row);
  const int fd = ConnectTo(s, Udp());
  SetInt(fd, IPPROTO_IP, IP_MTU_DISCOVER, discover);
  Send(s, fd, 1400, 50);
  s.Error(fd).Option("mtu", fd, IPPROTO_IP, IP_MTU);
  for (const size_t size : {1400, 1272, 1472, 1473}) {
    Send(s, fd, size, 50);
    s.Error(fd);
  }
}

template <int discover>
void OneDatagramSocket(oracle::Scenario& it) {
  OnANarrowPath(it, [](Script& s) { SendDatagrams(s, "client", discover); });
}

ORACLE(LinuxPathMtu, DatagramsDont, kNarrow) { OneDatagramSocket<IP_PMTUDISC_DONT>(it); }
ORACLE(LinuxPathMtu, DatagramsWant, kNarrow) { OneDatagramSocket<IP_PMTUDISC_WANT>(it); }
ORACLE(LinuxPathMtu, DatagramsDo, kNarrow) { OneDatagramSocket<IP_PMTUDISC_DO>(it); }
ORACLE(LinuxPathMtu, DatagramsProbe, kNarrow) { OneDatagramSocket<IP_PMTUDISC_PROBE>(it); }
ORACLE(LinuxPathMtu, DatagramsInterface, kNarrow) { OneDatagramSocket<IP_PMTUDISC_INTERFACE>(it); }
ORACLE(LinuxPathMtu, DatagramsOmit, kNarrow) { OneDatagramSocket<IP_PMTUDISC_OMIT>(it); }

TEST(LinuxPathMtu, Datagrams) {
  ExpectScenario("LinuxPathMtu.DatagramsDont", R"(
client: connect=0 send=1400 error=0 mtu=1500 send=1400 error=0 send=1272 error=0 send=1472 error=0 send=1473 error=0
)");
  ExpectScenario("LinuxPathMtu.DatagramsWant", R"(
client: connect=0 send=1400 error=EMSGSIZE mtu=1300 send=1400 error=0 send=1272 error=0 send=1472 error=0 send=1473 error=0
)");
  ExpectScenario("LinuxPathMtu.DatagramsDo", R"(
client: connect=0 send=1400 error=EMSGSIZE mtu=1300 send=EMSGSIZE error=0 send=1272 error=0 send=EMSGSIZE error=0 send=EMSGSIZE error=0
)");
  ExpectScenario("LinuxPathMtu.DatagramsProbe", R"(
client: connect=0 send=1400 error=EMSGSIZE mtu=1300 send=1400 error=EMSGSIZE send=1272 error=0 send=1472 error=EMSGSIZE send=EMSGSIZE error=0
)");
  ExpectScenario("LinuxPathMtu.DatagramsInterface", R"(
client: connect=0 send=1400 error=0 mtu=1500 send=1400 error=0 send=1272 error=0 send=1472 error=0 send=EMSGSIZE error=0
)");
  ExpectScenario("LinuxPathMtu.DatagramsOmit", R"(
client: connect=0 send=1400 error=0 mtu=1500 send=1400 error=0 send=1272 error=0 send=1472 error=0 send=1473 error=0
)");
}

}  // namespace
}  // namespace drywire
