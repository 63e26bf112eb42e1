// Source that others wrote: X.Org's transport library as Debian installs it (xtrans-dev), compiled
// unmodified against tools/posix/compat.h. The server is a display number 0 that echoes.
#include <cerrno>
#include <functional>
#include <string>
#include <utility>

#include "stack/base/address.h"
#include "tests/clients/client_server.h"
#include "tests/harness/echo_server.h"

// Of xtrans_client.c.
extern "C" {
struct _XtransConnInfo;
int xtrans_open(const char* address, _XtransConnInfo** connection);
int xtrans_write(_XtransConnInfo* connection, char* data, int size);
int xtrans_read(_XtransConnInfo* connection, char* data, int size);
long xtrans_readable(_XtransConnInfo* connection);
void xtrans_close(_XtransConnInfo* connection);
void xtrans_start(void);
}

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: the suffixes are all there is.

constexpr int kConnectFailed = -1;
constexpr int kTryAgain = -2;

void ServeDisplay() { ServeEcho({.port = 6000}); }

class XtransTest : public ClientTest {
 protected:
  // Runs `body` as a client process whose library is fresh.
  static void Client(ClientServer& net, std::function<void()> body) {
    net.Client([body = std::move(body)] {
      xtrans_start();
      body();
    });
  }
};

TEST_P(XtransTest, TalksToADisplay) {
  Run([](ClientServer& net) {
    net.Server(ServeDisplay);
    Client(net, [&net] {
      _XtransConnInfo* display = nullptr;
      ASSERT_EQ(xtrans_open("tcp/server:0", &display), 0);
      EXPECT_EQ(net.now(), 20_ms);
      std::string text = "hello";
      EXPECT_EQ(xtrans_write(display, text.data(), 5), 5);
      EXPECT_EQ(xtrans_readable(display), 0);
      EXPECT_EQ(xtrans_read(display, text.data(), 2), 2);
      EXPECT_EQ(xtrans_readable(display), 3);
      EXPECT_EQ(xtrans_read(display, text.data() + 2, 3), 3);
      EXPECT_EQ(text, "hello");
      EXPECT_EQ(net.now(), 40_ms);
      xtrans_close(display);
    });
  });
}

TEST_P(XtransTest, TriesAgainWhenRefused) {
  Run([](ClientServer& net) {
    Client(net, [&net] {
      _XtransConnInfo* display = nullptr;
      EXPECT_EQ(xtrans_open("tcp/10.0.0.2:0", &display), kTryAgain);
      EXPECT_EQ(errno, ECONNREFUSED);
      EXPECT_EQ(net.now(), 20_ms);
      xtrans_close(display);
    });
  });
}

TEST_P(XtransTest, FailsInABlackHole) {
  Run([this](ClientServer& net) {
    net.world.AddFirewallRule(net.server, "input tcp dport 6000 drop");
    Client(net, [&net, this] {
      _XtransConnInfo* display = nullptr;
      EXPECT_EQ(xtrans_open("tcp/10.0.0.2:0", &display), kConnectFailed);
      EXPECT_EQ(net.now(), OnLinux() ? 131_s : 75_s);
      xtrans_close(display);
    });
  });
}

TEST_P(XtransTest, GoesOnToTheNextAddress) {
  Run([](ClientServer& net) {
    net.world.AddAddress(net.client, "fd00::1/64");
    net.world.AddAddress(net.server, "fd00::2/64");
    net.world.AddName("display", *Address::Parse("fd00::2"));
    net.world.AddName("display", *Address::Parse("10.0.0.2"));
    net.Server(ServeDisplay);  // Not on IPv6.
    Client(net, [&net] {
      _XtransConnInfo* display = nullptr;
      EXPECT_EQ(xtrans_open("tcp/display:0", &display), kTryAgain);
      xtrans_close(display);
      EXPECT_EQ(net.now(), 20_ms);
      EXPECT_EQ(xtrans_open("tcp/display:0", &display), 0);
      EXPECT_EQ(net.now(), 40_ms);
      xtrans_close(display);
    });
  });
}

INSTANTIATE_TEST_SUITE_P(Personality, XtransTest, ::testing::Values("linux", "freebsd"),
                         PersonalityOf);

}  // namespace
}  // namespace drywire
