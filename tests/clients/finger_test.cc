// A client that knows nothing of Drywire (finger.c), compiled against tools/posix/compat.h.
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "stack/base/address.h"
#include "tests/clients/client_server.h"
#include "tests/harness/server_io.h"
#include "tools/posix/posix.h"

// Of finger.c, which has no header.
extern "C" long finger(const char* host, const char* service, const char* user, int connect_ms,
                       unsigned limit_s, char* answer, size_t size);

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: the suffixes are all there is.

// Answers one query after `delay`, in two parts that are 10 ms apart.
void ServeFinger(Duration delay = Duration::Zero()) {
  const int listener = ListenOn(79);
  const int fd = posix::accept(listener, nullptr, nullptr);
  std::string query;
  while (!absl::EndsWith(query, "\r\n")) {
    char buffer[100];
    const ssize_t got = posix::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    query.append(buffer, static_cast<size_t>(got));
  }
  posix::usleep(static_cast<useconds_t>(delay.micros()));
  if (SendAll(fd, absl::StrCat("Login: ", query))) {
    posix::usleep(10'000);
    SendAll(fd, "No plan.\r\n");
  }
  posix::close(fd);
  posix::close(listener);
}

struct Answer {
  long length = 0;
  int error = 0;
  std::string text;
};

Answer Finger(const char* host, int connect_ms = 5000, unsigned limit_s = 60, size_t size = 100) {
  std::string text(size, '?');
  errno = 0;
  const long length = finger(host, "finger", "postel", connect_ms, limit_s, text.data(), size);
  return {length, errno, length < 0 ? "" : std::string(text.c_str())};
}

class FingerTest : public ClientTest {};

// The client writes its query in two pieces, so the second one waits for the acknowledgement of the
// first (Nagle): a round trip, and FreeBSD's server delays its acknowledgement by 40 ms. Linux does
// not delay the first ones of a connection.
TEST_P(FingerTest, AsksAHostByItsName) {
  Run([this](ClientServer& net) {
    net.Server([] { ServeFinger(); });
    net.Client([&net, this] {
      const Answer answer = Finger("server");
      EXPECT_EQ(answer.text, "Login: postel\r\nNo plan.\r\n");
      EXPECT_EQ(answer.length, 25);
      EXPECT_EQ(net.now(), OnLinux() ? 70_ms : 110_ms);
    });
  });
}

TEST_P(FingerTest, CutsALongAnswer) {
  Run([](ClientServer& net) {
    net.Server([] { ServeFinger(); });
    net.Client([] { EXPECT_EQ(Finger("10.0.0.2", 5000, 60, 8).text, "Login: "); });
  });
}

TEST_P(FingerTest, KnowsNoSuchHost) {
  Run([](ClientServer& net) {
    net.Client([] { EXPECT_EQ(Finger("nowhere").error, EADDRNOTAVAIL); });
  });
}

TEST_P(FingerTest, IsRefused) {
  Run([](ClientServer& net) {
    net.Client([&net] {
      EXPECT_EQ(Finger("server").error, ECONNREFUSED);
      EXPECT_EQ(net.now(), 20_ms);
    });
  });
}

TEST_P(FingerTest, TriesTheNextAddress) {
  Run([this](ClientServer& net) {
    net.world.AddAddress(net.server, "10.0.0.3/24");
    net.world.AddFirewallRule(net.server, "input ip daddr 10.0.0.3 drop");
    net.world.AddName("twice", *Address::Parse("10.0.0.3"));
    net.world.AddName("twice", *Address::Parse("10.0.0.2"));
    net.Server([] { ServeFinger(); });
    net.Client([&net, this] {
      EXPECT_EQ(Finger("twice", 700).length, 25);
      EXPECT_EQ(net.now(), OnLinux() ? 770_ms : 810_ms);
    });
  });
}

TEST_P(FingerTest, TheConnectTimeoutIsPolls) {
  Run([](ClientServer& net) {
    net.world.AddFirewallRule(net.server, "input tcp dport 79 drop");
    net.Client([&net] {
      EXPECT_EQ(Finger("server").error, ETIMEDOUT);
      EXPECT_EQ(net.now(), 5_s);
    });
  });
}

TEST_P(FingerTest, TheAlarmEndsAConnect) {
  Run([](ClientServer& net) {
    net.world.AddFirewallRule(net.server, "input tcp dport 79 drop");
    net.Client([&net] {
      EXPECT_EQ(Finger("server", 5000, 3).error, ETIMEDOUT);
      EXPECT_EQ(net.now(), 3_s);
    });
  });
}

TEST_P(FingerTest, TheAlarmEndsASlowAnswer) {
  Run([](ClientServer& net) {
    net.Server([] { ServeFinger(20_s); });
    net.Client([&net] {
      EXPECT_EQ(Finger("server", 5000, 7).error, ETIMEDOUT);
      EXPECT_EQ(net.now(), 7_s);
    });
  });
}

INSTANTIATE_TEST_SUITE_P(Personality, FingerTest, ::testing::Values("linux", "freebsd"),
                         PersonalityOf);

}  // namespace
}  // namespace drywire
