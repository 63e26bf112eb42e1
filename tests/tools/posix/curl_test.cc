// Debian's libcurl, unmodified and shared, on simulated hosts through :interpose.
#include <curl/curl.h>

#include <cerrno>
#include <memory>
#include <string>

#include "sim/testing/drywire_test.h"
#include "tests/harness/servers.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

size_t Append(char* data, size_t size, size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

// One transfer handle that collects the body. Made inside the process that uses it.
class Transfer {
 public:
  explicit Transfer(const char* url) : handle_(curl_easy_init()) {
    Set(CURLOPT_URL, url);
    Set(CURLOPT_WRITEFUNCTION, Append);
    Set(CURLOPT_WRITEDATA, &body_);
    Set(CURLOPT_NOPROXY, "*");
  }
  ~Transfer() { curl_easy_cleanup(handle_); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  template <typename T>
  void Set(CURLoption option, T value) {
    curl_easy_setopt(handle_, option, value);
  }
  CURLcode Perform() { return curl_easy_perform(handle_); }
  long OsErrno() const {
    long error = 0;
    curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &error);
    return error;
  }
  CURL* handle() const { return handle_; }
  const std::string& body() const { return body_; }

 private:
  CURL* handle_;
  std::string body_;
};

class Initialise : public testing::Environment {
  void SetUp() override { curl_global_init(CURL_GLOBAL_ALL); }
  void TearDown() override { curl_global_cleanup(); }
};
const auto* const kInitialise = testing::AddGlobalTestEnvironment(new Initialise);

struct Pair {
  explicit Pair(World& world, const ServerOptions& options = {}, const char* system = "linux")
      : client(world.AddHost("client", system, "10.0.0.1/24")),
        server(world.AddHost("server", "linux", "10.0.0.2/24")) {
    world.Spawn(server, "http", [options] { RunHttpServer(options); });
  }
  Host& client;
  Host& server;
};

DRYWIRE_TEST(Curl, Gets) {
  Pair pair(world);
  world.Spawn(pair.client, "client", [] {
    Transfer transfer("http://10.0.0.2/");
    EXPECT_EQ(transfer.Perform(), CURLE_OK);
    EXPECT_EQ(transfer.body().size(), 100u);
    EXPECT_EQ(transfer.body().substr(95), "56789");
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Curl, GetsFromAFreeBsdHostAndReusesTheConnection) {
  Pair pair(world, {}, "freebsd");
  world.Spawn(pair.client, "client", [] {
    Transfer transfer("http://10.0.0.2/");
    EXPECT_EQ(transfer.Perform(), CURLE_OK);
    EXPECT_EQ(transfer.Perform(), CURLE_OK) << "the server takes one connection only";
    EXPECT_EQ(transfer.body().size(), 200u);
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Curl, IsRefused) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  world.AddHost("server", "linux", "10.0.0.2/24");
  world.Spawn(client, "client", [] {
    Transfer transfer("http://10.0.0.2/");
    EXPECT_EQ(transfer.Perform(), CURLE_COULDNT_CONNECT);
    EXPECT_EQ(transfer.OsErrno(), ECONNREFUSED);
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Curl, GivesABlackHoleUpInItsOwnTime) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  world.AddFirewallRule(server, "input tcp dport 80 drop");
  world.Spawn(client, "client", [&world] {
    Transfer transfer("http://10.0.0.2/");
    transfer.Set(CURLOPT_CONNECTTIMEOUT_MS, 2500L);
    EXPECT_EQ(transfer.Perform(), CURLE_OPERATION_TIMEDOUT);
    EXPECT_GE(world.now(), Instant::Zero() + 2500_ms);
    EXPECT_LT(world.now(), Instant::Zero() + 2600_ms);
    // Its own limit is 300 s, the system's comes first.
    Transfer patient("http://10.0.0.2/");
    const Instant begin = world.now();
    EXPECT_EQ(patient.Perform(), CURLE_OPERATION_TIMEDOUT);
    EXPECT_EQ(patient.OsErrno(), ETIMEDOUT);
    EXPECT_EQ((world.now() - begin).seconds(), 131);
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Curl, SeesAResetInMidReply) {
  ServerOptions options;
  options.body_size = 10'000;
  options.reset_after = 5'000;
  Pair pair(world, options);
  world.Spawn(pair.client, "client", [] {
    Transfer transfer("http://10.0.0.2/");
    EXPECT_EQ(transfer.Perform(), CURLE_RECV_ERROR);
    EXPECT_EQ(transfer.OsErrno(), ECONNRESET);
    EXPECT_GT(transfer.body().size(), 4'000u);
    EXPECT_LT(transfer.body().size(), 5'000u);
  });
  EXPECT_TRUE(world.Run().ok());
}

void RunOverSlowLink(World& world, std::function<void()> client_body) {
  Host& client = world.AddHost("client");
  Host& server = world.AddHost("server");
  LinkConfig slow;
  slow.latency = 50_ms;
  slow.bandwidth = 80'000;
  world.Connect(client, "10.0.0.1/24", server, "10.0.0.2/24", slow);
  ServerOptions options;
  options.body_size = 30'000;
  world.Spawn(server, "http", [options] { RunHttpServer(options); });
  world.Spawn(client, "client", std::move(client_body));
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Curl, WaitsForASlowLink) {
  RunOverSlowLink(world, [&world] {
    Transfer transfer("http://10.0.0.2/");
    EXPECT_EQ(transfer.Perform(), CURLE_OK);
    EXPECT_EQ(transfer.body().size(), 30'000u);
    EXPECT_GT(world.now(), Instant::Zero() + 3_s);
    EXPECT_LT(world.now(), Instant::Zero() + 5_s);
  });
}

DRYWIRE_TEST(Curl, RunsOutOfTimeOnASlowLink) {
  RunOverSlowLink(world, [&world] {
    Transfer transfer("http://10.0.0.2/");
    transfer.Set(CURLOPT_TIMEOUT_MS, 1500L);
    EXPECT_EQ(transfer.Perform(), CURLE_OPERATION_TIMEDOUT);
    EXPECT_GT(transfer.body().size(), 0u);
    EXPECT_LT(transfer.body().size(), 30'000u);
    EXPECT_LT(world.now(), Instant::Zero() + 1600_ms);
  });
}

DRYWIRE_TEST(Curl, SurvivesAPartitionThatHeals) {
  ServerOptions options;
  options.think_time = 2_s;
  Pair pair(world, options);
  int cut = 0;
  world.At(1_s, [&] { cut = world.Partition({&pair.client}, {&pair.server}); });
  world.At(11_s, [&] { world.Heal(cut); });
  world.Spawn(pair.client, "client", [&world] {
    Transfer transfer("http://10.0.0.2/");
    EXPECT_EQ(transfer.Perform(), CURLE_OK);
    EXPECT_GT(world.now(), Instant::Zero() + 11_s);
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Curl, RunsTwoTransfersAtOnce) {
  ServerOptions options;
  options.think_time = 1_s;
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  for (const char* address : {"10.0.0.2/24", "10.0.0.3/24"}) {
    Host& server = world.AddHost(address, "linux", address);
    world.Spawn(server, "http", [options] { RunHttpServer(options); });
  }
  world.Spawn(client, "client", [&world] {
    Transfer a("http://10.0.0.2/"), b("http://10.0.0.3/");
    CURLM* const multi = curl_multi_init();
    curl_multi_add_handle(multi, a.handle());
    curl_multi_add_handle(multi, b.handle());
    int running = 2;
    while (running > 0) {
      ASSERT_EQ(curl_multi_perform(multi, &running), CURLM_OK);
      if (running > 0) {
        ASSERT_EQ(curl_multi_poll(multi, nullptr, 0, 10'000, nullptr), CURLM_OK);
      }
    }
    EXPECT_EQ(a.body().size(), 100u);
    EXPECT_EQ(b.body().size(), 100u);
    EXPECT_LT(world.now(), Instant::Zero() + 1500_ms);
    curl_multi_remove_handle(multi, a.handle());
    curl_multi_remove_handle(multi, b.handle());
    curl_multi_cleanup(multi);
  });
  EXPECT_TRUE(world.Run().ok());
}

}  // namespace
}  // namespace drywire
