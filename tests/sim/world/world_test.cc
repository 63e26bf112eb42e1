// Worlds as assembled: packets of real sockets cross them, and mistakes in a description are told.
#include "sim/world/world.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/harness/sockaddr.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

RawAddress Raw(const char* address, uint16_t port) {
  const sockaddr_in inet = Inet(address, port);
  return RawAddress(&inet, sizeof inet);
}

Ref<Socket> Tcp(Host& host) { return *host.CreateSocket(AF_INET, SOCK_STREAM, 0, {}); }

std::string ReadAll(Socket& socket) {
  char text[100];
  const File::Buffer buffer = {text, sizeof text};
  ReceiveArgs args;
  args.buffers = absl::MakeConstSpan(&buffer, 1);
  const Result<Received> received = socket.Receive(args);
  return received.ok() ? std::string(text, received->bytes)
                       : std::string(CauseName(received.cause()));
}

void Write(Socket& socket, std::string text) {
  const File::Buffer buffer = {text.data(), text.size()};
  SendArgs args;
  args.buffers = absl::MakeConstSpan(&buffer, 1);
  const Result<size_t> sent = socket.Send(args, {});
  ASSERT_TRUE(sent.ok()) << CauseName(sent.cause());
  EXPECT_EQ(*sent, text.size());
}

class WorldTest : public ::testing::TestWithParam<const char*> {};

TEST_P(WorldTest, TwoHostsConnectTalkAndClose) {
  World world;
  Host& client = world.AddHost("client", GetParam(), "10.0.0.1/24");
  Host& server = world.AddHost("server", GetParam(), "10.0.0.2/24");
  Ref<Socket> listener = Tcp(server);
  listener->AddDescriptor();
  ASSERT_TRUE(listener->Bind(Raw("0.0.0.0", 80), {}).ok());
  ASSERT_TRUE(listener->Listen(5, {}).ok());
  Ref<Socket> socket = Tcp(client);
  socket->AddDescriptor();
  ASSERT_TRUE(socket->Connect(Raw("10.0.0.2", 80), {}).ok());
  world.RunFor(Duration::Seconds(1));
  ASSERT_THAT(world.errors(), ElementsAre());
  ASSERT_TRUE(socket->TakeConnectResult().ok()) << FormatTimeline(world.capture());
  Result<Ref<Socket>> accepted = listener->Accept();
  ASSERT_TRUE(accepted.ok());
  (*accepted)->AddDescriptor();
  Write(*socket, "hello");
  world.RunFor(Duration::Seconds(1));
  EXPECT_EQ(ReadAll(**accepted), "hello");
  socket->DropDescriptor();
  world.RunFor(Duration::Seconds(1));
  EXPECT_EQ(ReadAll(**accepted), "");
  (*accepted)->DropDescriptor();
  listener->DropDescriptor();
  world.RunFor(Duration::Seconds(200));
  EXPECT_EQ(world.DumpState(), "client:\nserver:\n") << FormatTimeline(world.capture());
  EXPECT_EQ(world.packets().live(), 0u);
}

TEST_P(WorldTest, AClosedPortRefuses) {
  World world;
  Host& client = world.AddHost("client", GetParam(), "10.0.0.1/24");
  world.AddHost("server", GetParam(), "10.0.0.2/24");
  Ref<Socket> socket = Tcp(client);
  ASSERT_TRUE(socket->Connect(Raw("10.0.0.2", 80), {}).ok());
  world.RunFor(Duration::Seconds(1));
  const Result<> result = socket->TakeConnectResult();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.cause(), Cause::kRstInSynSent);
}

TEST_P(WorldTest, ABlackHoleTimesOut) {
  World world;
  Host& client = world.AddHost("client", GetParam(), "10.0.0.1/24");
  Host& server = world.AddHost("server", GetParam(), "10.0.0.2/24");
  world.AddFirewallRule(server, "input tcp dport 80 drop");
  Ref<Socket> socket = Tcp(client);
  ASSERT_TRUE(socket->Connect(Raw("10.0.0.2", 80), {}).ok());
  world.RunFor(Duration::Seconds(74));
  EXPECT_EQ(socket->TakeConnectResult().cause(), Cause::kWouldBlock);
  world.RunFor(Duration::Seconds(100));
  EXPECT_EQ(socket->TakeConnectResult().cause(), Cause::kSynTimeout)
      << FormatTimeline(world.capture());
}

// As a virtual machine that its hypervisor stops: nothing happens in it, and what became due
// meanwhile happens afterwards.
TEST_P(WorldTest, APausedHostStandsStill) {
  World world;
  Host& client = world.AddHost("client", GetParam(), "10.0.0.1/24");
  Host& server = world.AddHost("server", GetParam(), "10.0.0.2/24");
  Ref<Socket> listener = Tcp(server);
  ASSERT_TRUE(listener->Bind(Raw("0.0.0.0", 80), {}).ok());
  ASSERT_TRUE(listener->Listen(8, {}).ok());
  const int cut = world.Partition({&client}, {&server});
  Ref<Socket> socket = Tcp(client);
  ASSERT_TRUE(socket->Connect(Raw("10.0.0.2", 80), {}).ok());
  world.RunFor(Duration::Millis(500));
  world.Pause(client);
  world.Heal(cut);
  const size_t before = world.capture().size();
  world.RunFor(Duration::Seconds(30));
  EXPECT_EQ(world.capture().size(), before);
  EXPECT_EQ(socket->TakeConnectResult().cause(), Cause::kWouldBlock);
  world.Resume(client);
  world.RunFor(Duration::Millis(100));
  EXPECT_TRUE(socket->TakeConnectResult().ok()) << FormatTimeline(world.capture());
}

INSTANTIATE_TEST_SUITE_P(Personality, WorldTest, ::testing::Values("linux", "freebsd"),
                         [](const auto& info) { return std::string(info.param); });

TEST(WorldErrors, AreCollectedAndKeepTheWorldFromRunning) {
  struct Case {
    const char* name;
    void (*describe)(World&, Host&);
    const char* message;
  };
  const Case kCases[] = {
      {"personality", [](World& w, Host&) { w.AddHost("x", "plan9"); }, "\"plan9\""},
      {"host twice", [](World& w, Host&) { w.AddHost("host"); }, "host of that name"},
      {"address", [](World& w, Host&) { w.AddHost("x", "linux", "10.0.0.300/24"); }, "10.0.0.300"},
      {"prefix", [](World& w, Host&) { w.AddHost("x", "linux", "10.0.0.3/33"); }, "10.0.0.3/33"},
      {"interface", [](World& w, Host& h) { w.AddAddress(h, "10.0.0.3/24", "eth7"); }, "eth7"},
      {"route", [](World& w, Host& h) { w.AddRoute(h, "default via nowhere"); }, "nowhere"},
      {"firewall", [](World& w, Host& h) { w.AddFirewallRule(h, "input tcp explode"); }, "explode"},
      {"sysctl", [](World& w, Host& h) { w.SetSysctl(h, "net.x", "1"); }, "net.x"},
      {"value", [](World& w, Host& h) { w.SetSysctl(h, "net.ipv4.tcp_syn_retries", "many"); },
       "many"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    World world;
    Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
    c.describe(world, host);
    ASSERT_THAT(world.errors(), ElementsAre(HasSubstr(c.message)));
    const RunReport report = world.Run();
    EXPECT_EQ(report.status, RunStatus::kStopped);
    EXPECT_THAT(report.text, HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace drywire
