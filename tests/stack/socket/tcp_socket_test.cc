// TCP sockets of Linux on two hosts. Every sequence was observed on Linux 6.18, call by call; facts
// "Linux, TCP" by number.
#include "stack/socket/tcp_socket.h"

#include <netinet/tcp.h>

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "tests/stack/socket/two_hosts.h"

namespace drywire {
namespace {

constexpr char kServer[] = "10.0.0.2";
constexpr char kAll[] = "IN|OUT|ERR|HUP|RDHUP";

class LinuxTcp : public testing::Test, public TwoHosts {
 protected:
  LinuxTcp() : TwoHosts(LinuxProfile()) {}

  struct Pair {
    std::unique_ptr<Sock> listener;
    std::unique_ptr<Sock> client;
    std::unique_ptr<Sock> server;
  };
  Pair Connected() {
    Pair pair;
    pair.listener = std::make_unique<Sock>(b, AF_INET, SOCK_STREAM);
    EXPECT_EQ(pair.listener->Bind("0.0.0.0", 80), "0");
    EXPECT_EQ(pair.listener->Listen(5), "0");
    pair.client = std::make_unique<Sock>(a, AF_INET, SOCK_STREAM);
    EXPECT_EQ(pair.client->Connect(kServer, 80), "0");
    Run();
    pair.server = pair.listener->Accept();
    EXPECT_NE(pair.server, nullptr);
    return pair;
  }
  // Long enough for packets, too short for retransmissions.
  void Run(Duration time = Duration::Millis(100)) { ASSERT_TRUE(scheduler.RunFor(time).ok()); }
  static void ResetBy(std::unique_ptr<Sock>& sock) {
    sock->Linger(0);
    sock->Close();
  }
  std::unique_ptr<Sock> New() { return std::make_unique<Sock>(a, AF_INET, SOCK_STREAM); }
};

TEST_F(LinuxTcp, Fresh) {  // 12
  auto s = New();
  EXPECT_EQ(s->Ready(), "OUT|HUP");
  EXPECT_EQ(s->Recv(), "kNotConnected");
  EXPECT_EQ(s->Send(), "kNotConnected");
  EXPECT_EQ(s->SendTo(kServer, 80), "kNotConnected");
  EXPECT_EQ(s->Peer(), "kNotConnected");
  EXPECT_EQ(s->Accept(), nullptr);
  EXPECT_EQ(s->refused, "kNotListening");
}

TEST_F(LinuxTcp, ShutdownOfAFreshSocket) {
  auto s = New();
  EXPECT_EQ(s->Shutdown(SHUT_RD), "kNotConnected");
  EXPECT_EQ(s->Ready(), "IN|OUT|HUP|RDHUP");
  EXPECT_EQ(s->Recv(), "''");
  EXPECT_EQ(s->Send(), "kNotConnected");
  ab.cut = true;
  EXPECT_EQ(s->Connect(kServer, 80), "0");
  EXPECT_EQ(s->Ready(), "IN|RDHUP");
  auto t = New();
  EXPECT_EQ(t->Shutdown(SHUT_WR), "kNotConnected");
  EXPECT_EQ(t->Ready(), "OUT|HUP");
  EXPECT_EQ(t->Recv(), "kNotConnected");
}

TEST_F(LinuxTcp, Pending) {  // 2
  ab.cut = true;
  auto s = New();
  EXPECT_EQ(s->Connect(kServer, 80), "0");
  EXPECT_EQ(s->Ready(), "0");
  EXPECT_EQ(s->Connect(kServer, 80), "kConnectAlreadyPending");
  EXPECT_EQ(s->Recv(), "kWouldBlock");
  EXPECT_EQ(s->Send(), "kWouldBlock");
  EXPECT_EQ(s->Peer(), "kNotConnected");
  EXPECT_EQ(s->Error(), "kNone");
  EXPECT_EQ(s->Outcome(), "kWouldBlock");
}

TEST_F(LinuxTcp, ShutdownWhilePending) {  // 8
  for (int how : {SHUT_RD, SHUT_WR, SHUT_RDWR}) {
    ab.cut = true;
    auto s = New();
    s->Connect(kServer, 80);
    const int sent = ab.count;
    EXPECT_EQ(s->Shutdown(how), "0");
    EXPECT_EQ(ab.count, sent);
    EXPECT_EQ(s->Ready(), "OUT|ERR|HUP");
    EXPECT_EQ(s->Peer(), "kNotConnected");
    EXPECT_EQ(s->Local().substr(0, 8), "0.0.0.0:");
    EXPECT_EQ(s->Recv(), "kShutDownWhileConnecting");
    EXPECT_EQ(s->Send(), "kNotConnected");
    EXPECT_EQ(s->Error(), "kNone");
    EXPECT_EQ(s->Ready(), "OUT|HUP");
    EXPECT_EQ(s->Connect(kServer, 80), "0");
    EXPECT_EQ(s->Ready(), "0");
  }
}

TEST_F(LinuxTcp, DissolveWhilePending) {
  ab.cut = true;
  auto s = New();
  s->Connect(kServer, 80);
  EXPECT_EQ(s->Unspec(), "0");
  EXPECT_EQ(s->Ready(), "OUT|ERR|HUP");
  EXPECT_EQ(s->Error(), "kShutDownWhileConnecting");
  EXPECT_EQ(s->Ready(), "OUT|HUP");
  EXPECT_EQ(s->Connect(kServer, 80), "0");
}

// --- Refused

TEST_F(LinuxTcp, RefusedToldBySoError) {  // 3, 4
  auto s = New();
  s->Connect(kServer, 80);
  Run();
  EXPECT_EQ(s->Ready(), kAll);
  EXPECT_EQ(s->Peer(), "kNotConnected");
  const std::string name = s->Local();
  EXPECT_EQ(name.substr(0, 9), "10.0.0.1:");
  EXPECT_EQ(s->Error(), "kRstInSynSent");
  EXPECT_EQ(s->Error(), "kNone");
  EXPECT_EQ(s->Ready(), "IN|OUT|HUP|RDHUP");
  EXPECT_EQ(s->Recv(), "''");
  EXPECT_EQ(s->Send(), "kSendShutDown");
  EXPECT_EQ(s->Local(), name);
  EXPECT_EQ(s->Connect(kServer, 80), "kConnectAborted");
  EXPECT_EQ(s->Ready(), "OUT|HUP");
  EXPECT_EQ(s->Connect(kServer, 80), "0");
  Run();
  EXPECT_EQ(s->Connect(kServer, 80), "kRstInSynSent");
}

TEST_F(LinuxTcp, RefusedToldByRecv) {  // 4
  auto s = New();
  s->Connect(kServer, 80);
  Run();
  EXPECT_EQ(s->Recv(), "kRstInSynSent");
  EXPECT_EQ(s->Recv(), "''");
  EXPECT_EQ(s->Error(), "kNone");
  EXPECT_EQ(s->Connect(kServer, 80), "kConnectAborted");
  EXPECT_EQ(s->Error(), "kNone");
}

TEST_F(LinuxTcp, RefusedToldBySend) {  // 4
  auto s = New();
  s->Connect(kServer, 80);
  Run();
  EXPECT_EQ(s->Send(), "kRstInSynSent");
  EXPECT_EQ(s->Send(), "kSendShutDown");
  EXPECT_EQ(s->Connect(kServer, 80), "kConnectAborted");
}

TEST_F(LinuxTcp, RefusedToldByConnect) {  // 4
  auto s = New();
  s->Connect(kServer, 80);
  Run();
  EXPECT_EQ(s->Connect(kServer, 80), "kRstInSynSent");
  EXPECT_EQ(s->Ready(), "OUT|HUP");
  EXPECT_EQ(s->Local().substr(0, 8), "0.0.0.0:");
  EXPECT_EQ(s->Error(), "kNone");
  EXPECT_EQ(s->Connect(kServer, 80), "0");
  EXPECT_EQ(s->Ready(), "0");
}

TEST_F(LinuxTcp, RefusedBlocking) {  // 4
  auto s = New();
  s->Connect(kServer, 80);
  Run();
  EXPECT_EQ(s->Outcome(), "kRstInSynSent");
  EXPECT_EQ(s->Error(), "kNone");
  EXPECT_EQ(s->Ready(), "OUT|HUP");
  EXPECT_EQ(s->Recv(), "kNotConnected");
}

TEST_F(LinuxTcp, RefusedThenOtherCalls) {
  auto s = New();
  s->Connect(kServer, 80);
  Run();
  EXPECT_EQ(s->Shutdown(SHUT_RDWR), "kNotConnected");
  EXPECT_EQ(s->Ready(), kAll);
  EXPECT_EQ(s->Listen(1), "kInvalidArgument");
  EXPECT_EQ(s->Error(), "kRstInSynSent");
  auto t = New();
  t->Connect(kServer, 80);
  Run();
  EXPECT_EQ(t->Bind("10.0.0.1", 0), "0");
  auto u = New();
  u->Bind("10.0.0.1", 4000);
  u->Connect(kServer, 80);
  Run();
  EXPECT_EQ(u->Outcome(), "kRstInSynSent");
  EXPECT_EQ(u->Local(), "10.0.0.1:4000");  // a bound name stays
}

TEST_F(LinuxTcp, TimedOut) {  // 1, 9
  ab.cut = true;
  auto s = New();
  s->Connect(kServer, 80);
  Run(Duration::Seconds(130));
  EXPECT_EQ(s->Ready(), "0");
  Run(Duration::Seconds(1));
  EXPECT_EQ(s->Ready(), kAll);
  EXPECT_EQ(s->Outcome(), "kSynTimeout");
  EXPECT_EQ(ab.count, 11);
}

// --- Connected

TEST_F(LinuxTcp, ConnectedIsToldOnce) {  // 11
  Pair p = Connected();
  EXPECT_EQ(p.client->Ready(), "OUT");
  EXPECT_EQ(p.server->Ready(), "OUT");
  EXPECT_EQ(p.client->Error(), "kNone");
  EXPECT_EQ(p.client->Connect("10.0.0.77", 1), "0");  // whatever the address
  EXPECT_EQ(p.client->Connect(kServer, 80), "kAlreadyConnected");
  EXPECT_EQ(p.client->Peer(), "10.0.0.2:80");
  EXPECT_EQ(p.server->Peer(), p.client->Local());
  EXPECT_EQ(p.server->Local(), "10.0.0.2:80");
}

TEST_F(LinuxTcp, Data) {
  Pair p = Connected();
  EXPECT_EQ(p.client->Send("hello"), "5");
  EXPECT_EQ(p.server->Recv(), "kWouldBlock");
  Run();
  EXPECT_EQ(p.server->Ready(), "IN|OUT");
  EXPECT_EQ(p.server->Recv(MSG_PEEK), "'hello'");
  EXPECT_EQ(p.server->Recv(0, 2), "'he'");
  EXPECT_EQ(p.server->Recv(), "'llo'");
  EXPECT_EQ(p.server->Recv(), "kWouldBlock");
}

TEST_F(LinuxTcp, BulkDataArrivesWhole) {
  Pair p = Connected();
  std::string sent;
  std::string received;
  while (received.size() < 1000000) {
    std::string block(20000, static_cast<char>('a' + sent.size() % 26));
    const std::string n = p.client->Send(block);
    if (n != "kWouldBlock") sent += block.substr(0, std::stoul(n));
    Run(Duration::Millis(5));
    const std::string got = p.server->Recv(0, 100000);
    if (got != "kWouldBlock") received += got.substr(1, got.size() - 2);
  }
  EXPECT_EQ(received, sent.substr(0, received.size()));
}

TEST_F(LinuxTcp, PeerClosed) {
  Pair p = Connected();
  p.server->Close();
  Run();
  EXPECT_EQ(p.client->Ready(), "IN|OUT|RDHUP");
  EXPECT_EQ(p.client->Recv(), "''");
  EXPECT_EQ(p.client->Send("x"), "1");
  Run();
  // 14: a RST in CLOSE-WAIT is EPIPE.
  EXPECT_EQ(p.client->Ready(), kAll);
  EXPECT_EQ(p.client->Peer(), "kNotConnected");
  EXPECT_EQ(p.client->Recv(), "''");
  EXPECT_EQ(p.client->Send("x"), "kRstInCloseWait");
  EXPECT_EQ(p.client->Send("x"), "kSendShutDown");
  EXPECT_EQ(p.client->Error(), "kNone");
  EXPECT_EQ(p.client->Ready(), "IN|OUT|HUP|RDHUP");
}

TEST_F(LinuxTcp, ResetWriteFirst) {  // 13
  Pair p = Connected();
  p.server->Send("abc");
  Run();
  ResetBy(p.server);
  Run();
  EXPECT_EQ(p.client->Ready(), kAll);
  EXPECT_EQ(p.client->Send("x"), "kRstInEstablished");
  EXPECT_EQ(p.client->Recv(), "'abc'");
  EXPECT_EQ(p.client->Recv(), "''");
  EXPECT_EQ(p.client->Send("x"), "kSendShutDown");
  EXPECT_EQ(p.client->Error(), "kNone");
  EXPECT_EQ(p.client->Ready(), "IN|OUT|HUP|RDHUP");
  EXPECT_EQ(p.client->Connect(kServer, 80), "kConnectAborted");
}

TEST_F(LinuxTcp, ResetReadFirst) {  // 13
  Pair p = Connected();
  p.server->Send("abc");
  Run();
  ResetBy(p.server);
  Run();
  EXPECT_EQ(p.client->Recv(), "'abc'");
  EXPECT_EQ(p.client->Recv(), "kRstInEstablished");
  EXPECT_EQ(p.client->Recv(), "''");
  EXPECT_EQ(p.client->Send("x"), "kSendShutDown");
}

TEST_F(LinuxTcp, ResetBeforeConnectTold) {
  Pair p = Connected();
  ResetBy(p.server);
  Run();
  EXPECT_EQ(p.client->Connect(kServer, 80), "kRstInEstablished");
  EXPECT_EQ(p.client->Connect(kServer, 80), "0");
  Run();
  EXPECT_EQ(p.client->Ready(), "OUT");
}

TEST_F(LinuxTcp, ResetAfterConnectTold) {
  Pair p = Connected();
  EXPECT_EQ(p.client->Outcome(), "0");
  ResetBy(p.server);
  Run();
  EXPECT_EQ(p.client->Connect(kServer, 80), "kAlreadyConnected");
  EXPECT_EQ(p.client->Connect(kServer, 80), "kAlreadyConnected");
  EXPECT_EQ(p.client->Ready(), kAll);
}

TEST_F(LinuxTcp, HalfClose) {  // 18
  Pair p = Connected();
  EXPECT_EQ(p.server->Shutdown(SHUT_WR), "0");
  Run();
  EXPECT_EQ(p.client->Ready(), "IN|OUT|RDHUP");
  EXPECT_EQ(p.server->Ready(), "OUT");
  EXPECT_EQ(p.server->Send("x"), "kSendShutDown");
  EXPECT_EQ(p.server->Shutdown(SHUT_WR), "0");
  EXPECT_EQ(p.client->Shutdown(SHUT_WR), "0");
  Run();
  EXPECT_EQ(p.client->Ready(), "IN|OUT|HUP|RDHUP");
  EXPECT_EQ(p.server->Ready(), "IN|OUT|HUP|RDHUP");
  EXPECT_EQ(p.client->Peer(), "kNotConnected");
  EXPECT_EQ(p.server->Peer(), "kNotConnected");
  EXPECT_EQ(p.server->Local(), "10.0.0.2:80");
  EXPECT_EQ(p.server->Shutdown(SHUT_WR), "kNotConnected");
  EXPECT_EQ(p.client->Shutdown(SHUT_WR), "kNotConnected");
  EXPECT_EQ(p.client->Connect(kServer, 80), "kAlreadyConnected");
}

TEST_F(LinuxTcp, ShutdownRead) {  // 17
  Pair p = Connected();
  const int sent = ab.count;
  EXPECT_EQ(p.client->Shutdown(SHUT_RD), "0");
  EXPECT_EQ(ab.count, sent);
  EXPECT_EQ(p.client->Ready(), "IN|OUT|RDHUP");
  EXPECT_EQ(p.client->Recv(), "''");
  p.server->Send("abc");
  Run();
  EXPECT_EQ(p.client->Recv(), "'abc'");
  EXPECT_EQ(p.client->Recv(), "''");
  EXPECT_EQ(p.client->Shutdown(SHUT_RD), "0");
}

TEST_F(LinuxTcp, ShutdownBoth) {  // 17
  Pair p = Connected();
  EXPECT_EQ(p.client->Shutdown(SHUT_RDWR), "0");
  EXPECT_EQ(p.client->Ready(), "IN|OUT|HUP|RDHUP");
  EXPECT_EQ(p.client->Recv(), "''");
  EXPECT_EQ(p.client->Send("x"), "kSendShutDown");
  Run();
  EXPECT_EQ(p.server->Ready(), "IN|OUT|RDHUP");
  EXPECT_EQ(p.server->Send("abc"), "3");
  Run();
  EXPECT_EQ(p.client->Ready(), kAll);
  EXPECT_EQ(p.server->Ready(), kAll);
  EXPECT_EQ(p.client->Error(), "kRstInEstablished");
  EXPECT_EQ(p.server->Error(), "kRstInCloseWait");
}

TEST_F(LinuxTcp, DissolveConnected) {  // 24
  Pair p = Connected();
  EXPECT_EQ(p.client->Unspec(), "0");
  EXPECT_EQ(p.client->Ready(), "OUT|ERR|HUP");
  EXPECT_EQ(p.client->Error(), "kDissolvedWhileConnected");
  EXPECT_EQ(p.client->Local().substr(0, 8), "0.0.0.0:");
  Run();
  EXPECT_EQ(p.server->Ready(), kAll);
  EXPECT_EQ(p.server->Error(), "kRstInEstablished");
}

TEST_F(LinuxTcp, SoftIcmpErrorOnceBySoError) {  // 6
  Pair p = Connected();
  p.client->Send("x");
  PacketError error;
  error.quoted.source = *Address::Parse("10.0.0.1");
  error.quoted.destination = *Address::Parse(kServer);
  const auto& tcp = static_cast<TcpSocket&>(p.client->socket()).tcb();
  error.quoted.source_port = tcp.local_port();
  error.quoted.destination_port = 80;
  error.quoted.seq = tcp.snd_una();
  error.cause = Cause::kIcmpHostUnreachable;
  EXPECT_TRUE(a.net().demux().DeliverError(error));
  EXPECT_EQ(p.client->Ready(), "OUT");
  EXPECT_EQ(p.client->Error(), "kIcmpHostUnreachable");
  EXPECT_EQ(p.client->Error(), "kNone");
  Run();
  EXPECT_EQ(p.server->Recv(), "'x'");
}

// --- Listeners

TEST_F(LinuxTcp, Listener) {  // 24
  auto s = New();
  EXPECT_EQ(s->Listen(1), "0");
  EXPECT_EQ(s->Ready(), "0");
  const std::string name = s->Local();
  EXPECT_NE(name, "0.0.0.0:0");
  EXPECT_EQ(s->Peer(), "kSocketListening");
  EXPECT_EQ(s->Recv(), "kSocketListening");
  EXPECT_EQ(s->Send(), "kSocketListening");
  EXPECT_EQ(s->Connect(kServer, 80), "kSocketListening");
  EXPECT_EQ(s->Accept(), nullptr);
  EXPECT_EQ(s->refused, "kWouldBlock");
  EXPECT_EQ(s->Shutdown(SHUT_WR), "0");
  EXPECT_EQ(s->refused, "kWouldBlock");
  EXPECT_EQ(s->Shutdown(SHUT_RD), "0");
  EXPECT_EQ(s->Ready(), "OUT|HUP");
  EXPECT_EQ(s->Local(), name);
  EXPECT_EQ(s->Accept(), nullptr);
  EXPECT_EQ(s->refused, "kNotListening");
  EXPECT_EQ(s->Listen(1), "0");
  EXPECT_EQ(s->Unspec(), "0");
  EXPECT_EQ(s->Ready(), "OUT|HUP");
  EXPECT_EQ(s->Error(), "kNone");
}

TEST_F(LinuxTcp, ClosingAListenerResetsWhatIsQueued) {  // 15
  Pair p = Connected();
  auto queued = New();
  queued->Connect(kServer, 80);
  Run();
  EXPECT_EQ(p.listener->Ready(), "IN");
  p.listener->Close();
  Run();
  EXPECT_EQ(queued->Ready(), kAll);
  EXPECT_EQ(queued->Error(), "kRstInEstablished");
  EXPECT_EQ(queued->Recv(), "''");
  EXPECT_EQ(p.server->Ready(), "OUT");  // what was accepted lives on
}

TEST_F(LinuxTcp, ResetBeforeAcceptIsHandedOutDead) {  // 14
  Pair p = Connected();
  auto s = New();
  s->Connect(kServer, 80);
  Run();
  ResetBy(s);
  Run();
  EXPECT_EQ(p.listener->Ready(), "IN");
  auto dead = p.listener->Accept();
  ASSERT_NE(dead, nullptr);
  EXPECT_EQ(dead->Ready(), kAll);
  EXPECT_EQ(dead->Peer(), "kNotConnected");
  EXPECT_EQ(dead->Local(), "10.0.0.2:80");
  EXPECT_EQ(dead->Recv(), "kRstInEstablished");
  EXPECT_EQ(dead->Recv(), "''");
  EXPECT_EQ(dead->Send(), "kSendShutDown");
}

TEST_F(LinuxTcp, FullAcceptQueue) {  // 29
  Sock listener(b, AF_INET, SOCK_STREAM);
  listener.Bind("0.0.0.0", 80);
  listener.Listen(1);
  std::vector<std::unique_ptr<Sock>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(New());
    clients.back()->Connect(kServer, 80);
    Run();
  }
  EXPECT_EQ(clients[1]->Ready(), "OUT");
  EXPECT_EQ(clients[2]->Ready(), "0");  // its SYN was dropped
  EXPECT_NE(listener.Accept(), nullptr);
  EXPECT_NE(listener.Accept(), nullptr);
  EXPECT_EQ(listener.Accept(), nullptr);
  Run(Duration::Seconds(2));
  EXPECT_EQ(clients[2]->Ready(), "OUT");
  EXPECT_EQ(clients[3]->Ready(), "OUT");
}

TEST_F(LinuxTcp, ConnectsToItself) {  // 24
  auto s = New();
  EXPECT_EQ(s->Bind("127.0.0.1", 4000), "0");
  EXPECT_EQ(s->Connect("127.0.0.1", 4000), "0");
  Run();
  EXPECT_EQ(s->Ready(), "OUT");
  EXPECT_EQ(s->Connect("127.0.0.1", 4000), "0");
  EXPECT_EQ(s->Connect("127.0.0.1", 4000), "kAlreadyConnected");
  EXPECT_EQ(s->Send("hi"), "2");
  Run();
  EXPECT_EQ(s->Ready(), "IN|OUT");
  EXPECT_EQ(s->Recv(), "'hi'");
}

// --- Closing

TEST_F(LinuxTcp, NothingIsLeftAfterTimeWait) {
  Pair p = Connected();
  p.client->Close();
  Run();
  p.server->Close();
  p.listener->Close();
  Run();
  EXPECT_EQ(a.net().demux().connections(), 1u);  // TIME-WAIT
  EXPECT_EQ(b.net().demux().connections(), 0u);
  Run(Duration::Seconds(60));
  EXPECT_EQ(a.net().demux().connections(), 0u);
  EXPECT_EQ(a.net().tcp_ports().ports_in_use(), 0u);
  EXPECT_EQ(b.net().tcp_ports().ports_in_use(), 0u);
  Settle();
  EXPECT_EQ(pool.live(), 0u);
}

TEST_F(LinuxTcp, LingerWaitsForTheAckOfTheFin) {  // 16
  Pair p = Connected();
  p.client->Linger(5);
  Socket& socket = p.client->socket();
  Ref<Socket> alive(&socket);
  p.client->Close();
  EXPECT_EQ(socket.LingerTime(), Duration::Seconds(5));
  EXPECT_FALSE(socket.LingerDone());
  Run();
  EXPECT_TRUE(socket.LingerDone());
}

TEST_F(LinuxTcp, LingerZeroResets) {  // 16
  Pair p = Connected();
  ResetBy(p.client);
  Run();
  EXPECT_EQ(p.server->Error(), "kRstInEstablished");
  EXPECT_EQ(a.net().demux().connections(), 0u);
}

TEST_F(LinuxTcp, AnOrphanGoesOnAlone) {
  Pair p = Connected();
  const size_t sent = std::stoul(p.client->Send(std::string(100000, 'x')));
  EXPECT_EQ(sent, 46336u);  // 32 segments: the last one is filled up
  p.client->Close();
  p.client.reset();
  Run();
  size_t total = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string got = p.server->Recv(0, 100000);
    if (got == "''") break;
    if (got != "kWouldBlock") total += got.size() - 2;
    Run();
  }
  EXPECT_EQ(total, sent);
}

// --- Options

TEST_F(LinuxTcp, Options) {  // observed on 6.18
  auto s = New();
  const struct {
    int option, fresh, value;
    const char* set;
    int after;
  } rows[] = {
      {TCP_NODELAY, 0, 5, "0", 1},
      {TCP_MAXSEG, 536, 87, "kOptionValueInvalid", 536},
      {TCP_MAXSEG, 536, 88, "0", 88},
      {TCP_MAXSEG, 88, 32768, "kOptionValueInvalid", 88},
      {TCP_MAXSEG, 88, 0, "0", 536},
      {TCP_CORK, 0, -1, "0", 1},
      {TCP_KEEPIDLE, 7200, 0, "kOptionValueInvalid", 7200},
      {TCP_KEEPIDLE, 7200, 32767, "0", 32767},
      {TCP_KEEPINTVL, 75, 32768, "kOptionValueInvalid", 75},
      {TCP_KEEPCNT, 9, 128, "kOptionValueInvalid", 9},
      {TCP_KEEPCNT, 9, 127, "0", 127},
      {TCP_SYNCNT, 6, 0, "kOptionValueInvalid", 6},
      {TCP_SYNCNT, 6, 5, "0", 5},
      {TCP_LINGER2, 60, -1, "0", -1},
      {TCP_LINGER2, -1, 127, "0", 120},
      {TCP_LINGER2, 120, 0, "0", 60},
      {TCP_DEFER_ACCEPT, 0, 5, "0", 7},
      {TCP_DEFER_ACCEPT, 7, 128, "0", 247},
      {TCP_DEFER_ACCEPT, 247, 70000, "0", 29887},
      {TCP_WINDOW_CLAMP, 0, 1, "0", 1152},
      {TCP_WINDOW_CLAMP, 1152, 70000, "0", 70000},
      {TCP_QUICKACK, 1, 0, "0", 0},
      {TCP_QUICKACK, 0, 5, "0", 1},
      {TCP_USER_TIMEOUT, 0, -1, "kOptionValueInvalid", 0},
      {TCP_USER_TIMEOUT, 0, 70000, "0", 70000},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(s->Get(IPPROTO_TCP, row.option), std::to_string(row.fresh)) << row.option;
    EXPECT_EQ(s->Set(IPPROTO_TCP, row.option, row.value), row.set) << row.option;
    EXPECT_EQ(s->Get(IPPROTO_TCP, row.option), std::to_string(row.after)) << row.option;
  }
  EXPECT_EQ(s->Set(IPPROTO_TCP, 128, 3), "kOptionUnknown");  // FreeBSD's TCP_KEEPINIT
}

}  // namespace
}  // namespace drywire
