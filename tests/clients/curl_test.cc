// Debian's libcurl, unmodified, inside a simulated process: its system calls are taken over by
// //tools/posix:interpose. Numeric hosts only: a name would start libcurl's resolver thread. The
// server is tests/harness/http_server.h.
#include <curl/curl.h>

#include <cerrno>
#include <memory>
#include <string>

#include "tests/clients/client_server.h"
#include "tests/harness/http_server.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: the suffixes are all there is.
using ::testing::ElementsAre;

struct CleanUp {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

// One GET with a handle of its own, so that nothing is left of an earlier run.
class Transfer {
 public:
  explicit Transfer(const std::string& url) : handle_(curl_easy_init()) {
    Set(CURLOPT_URL, url.c_str());
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_PROXY, "");
    Set(CURLOPT_WRITEFUNCTION, &Transfer::Append);
    Set(CURLOPT_WRITEDATA, this);
  }

  template <typename T>
  void Set(CURLoption option, T value) {
    EXPECT_EQ(curl_easy_setopt(handle_.get(), option, value), CURLE_OK) << option;
  }
  CURLcode Perform() { return curl_easy_perform(handle_.get()); }

  CURL* handle() const { return handle_.get(); }
  const std::string& body() const { return body_; }
  long status() const {
    long status = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    return status;
  }
  // One of libcurl's own measurements.
  Duration Time(CURLINFO info) const {
    curl_off_t micros = 0;
    EXPECT_EQ(curl_easy_getinfo(handle_.get(), info, &micros), CURLE_OK);
    return Duration::Micros(micros);
  }
  int SystemError() const {
    long error = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_OS_ERRNO, &error);
    return static_cast<int>(error);
  }

 private:
  static size_t Append(const char* data, size_t size, size_t count, void* transfer) {
    static_cast<Transfer*>(transfer)->body_.append(data, size * count);
    return size * count;
  }

  std::unique_ptr<CURL, CleanUp> handle_;
  std::string body_;
};

class CurlTest : public ClientTest {
 protected:
  // Outside of the worlds: the libraries below libcurl read their files once, now.
  static void SetUpTestSuite() { ASSERT_EQ(curl_global_init(CURL_GLOBAL_ALL), CURLE_OK); }
  static void TearDownTestSuite() { curl_global_cleanup(); }
};

HttpServerOptions Page(const std::string& body) { return {.pages = {{"/page", body}}}; }

TEST_P(CurlTest, GetsAPage) {
  Run([](ClientServer& net) {
    net.Server([] { ServeHttp(Page("hello, world\n")); });
    net.Client([&net] {
      Transfer get("http://10.0.0.2/page");
      EXPECT_EQ(get.Perform(), CURLE_OK);
      EXPECT_EQ(get.status(), 200);
      EXPECT_EQ(get.body(), "hello, world\n");
      EXPECT_EQ(net.now(), 40_ms);
      EXPECT_EQ(get.Time(CURLINFO_CONNECT_TIME_T), 20_ms);
      EXPECT_EQ(get.Time(CURLINFO_TOTAL_TIME_T), 40_ms);
    });
  });
}

// Its resolver is a thread, which is refused (and said so on standard error).
TEST_P(CurlTest, CannotResolveNames) {
  Run([](ClientServer& net) {
    net.Client([&net] {
      Transfer get("http://server/page");
      EXPECT_EQ(get.Perform(), CURLE_COULDNT_RESOLVE_HOST);
      EXPECT_EQ(net.now(), 0_s);
    });
  });
}

TEST_P(CurlTest, GetsNoPage) {
  Run([](ClientServer& net) {
    net.Server([] { ServeHttp({}); });
    net.Client([] {
      Transfer get("http://10.0.0.2/absent");
      EXPECT_EQ(get.Perform(), CURLE_OK);
      EXPECT_EQ(get.status(), 404);
      EXPECT_EQ(get.body(), "");
    });
  });
}

TEST_P(CurlTest, UsesItsConnectionAgain) {
  Run([](ClientServer& net) {
    HttpServerOptions options = Page("again ");
    options.keep_alive = true;  // And one connection only.
    net.Server([options] { ServeHttp(options); });
    net.Client([&net] {
      Transfer get("http://10.0.0.2/page");
      EXPECT_EQ(get.Perform(), CURLE_OK);
      EXPECT_EQ(net.now(), 40_ms);
      EXPECT_EQ(get.Perform(), CURLE_OK);
      EXPECT_EQ(net.now(), 60_ms);
      EXPECT_EQ(get.body(), "again again ");
    });
  });
}

TEST_P(CurlTest, ConnectTimeoutInABlackHole) {
  Run([](ClientServer& net) {
    net.world.AddFirewallRule(net.server, "input tcp dport 80 drop");
    net.Client([&net] {
      Transfer get("http://10.0.0.2/page");
      get.Set(CURLOPT_CONNECTTIMEOUT_MS, 1500L);
      EXPECT_EQ(get.Perform(), CURLE_OPERATION_TIMEDOUT);
      EXPECT_EQ(net.now(), 1500_ms);
    });
  });
}

TEST_P(CurlTest, WithoutATimeoutTheSystemGivesUp) {
  Run([this](ClientServer& net) {
    net.world.AddFirewallRule(net.server, "input tcp dport 80 drop");
    net.Client([&net, this] {
      Transfer get("http://10.0.0.2/page");
      EXPECT_EQ(get.Perform(), CURLE_OPERATION_TIMEDOUT);  // So libcurl reports ETIMEDOUT.
      EXPECT_EQ(get.SystemError(), ETIMEDOUT);
      EXPECT_EQ(net.now(), OnLinux() ? 131_s : 75_s);
    });
  });
}

TEST_P(CurlTest, IsRefused) {
  Run([](ClientServer& net) {
    net.Client([&net] {
      Transfer get("http://10.0.0.2/page");
      EXPECT_EQ(get.Perform(), CURLE_COULDNT_CONNECT);
      EXPECT_EQ(get.SystemError(), ECONNREFUSED);
      EXPECT_EQ(net.now(), 20_ms);
    });
  });
}

TEST_P(CurlTest, IsResetInMidBody) {
  Run([this](ClientServer& net) {
    net.Server([] { ServeHttp({}); });
    net.Client([&net, this] {
      Transfer get("http://10.0.0.2/half");
      EXPECT_EQ(get.Perform(), CURLE_RECV_ERROR);
      EXPECT_EQ(get.body(), std::string(500, 'h'));
      // The reset left 10 ms after the first half. FreeBSD has not acknowledged that half yet, and
      // so answers the reset with a challenge; the second reset is believed.
      EXPECT_EQ(net.now(), OnLinux() ? 50_ms : 70_ms);
    });
  });
}

TEST_P(CurlTest, TransferTimeFollowsFromTheBandwidth) {
  Run(LinkOf(10_ms, 1'000'000), [](ClientServer& net) {
    const std::string body(200'000, 'x');
    net.Server([body] { ServeHttp(Page(body)); });
    net.Client([&net, body] {
      Transfer get("http://10.0.0.2/page");
      EXPECT_EQ(get.Perform(), CURLE_OK);
      EXPECT_EQ(get.body(), body);
      // 139 segments of 1448 bytes or less with 52 bytes of headers each are 207,228 bytes, which a
      // line of 1 Mbit/s carries in 1658 ms; two round trips and a few small packets come on top.
      EXPECT_GE(net.now(), 1698_ms);
      EXPECT_LE(net.now(), 1800_ms);
      EXPECT_EQ(get.Time(CURLINFO_TOTAL_TIME_T).millis(), net.now().millis());
    });
  });
}

TEST_P(CurlTest, GivesUpOnASlowTransfer) {
  // 1000 bytes a second.
  Run(LinkOf(10_ms, 8'000), [](ClientServer& net) {
    net.Server([] { ServeHttp(Page(std::string(100'000, 'x'))); });
    net.Client([&net] {
      Transfer get("http://10.0.0.2/page");
      get.Set(CURLOPT_LOW_SPEED_LIMIT, 5000L);
      get.Set(CURLOPT_LOW_SPEED_TIME, 3L);
      EXPECT_EQ(get.Perform(), CURLE_OPERATION_TIMEDOUT);
      EXPECT_GT(get.body().size(), 1000u);
      EXPECT_LT(get.body().size(), 6000u);
      EXPECT_GE(net.now(), 3_s);
      EXPECT_LE(net.now(), 6_s);
    });
  });
}

TEST_P(CurlTest, TimesOutAsAWhole) {
  Run([](ClientServer& net) {
    net.Server([] { ServeHttp(Page("late")); });
    net.PartitionBetween(35_ms, 10_s);  // Strikes the answer.
    net.Client([&net] {
      Transfer get("http://10.0.0.2/page");
      get.Set(CURLOPT_TIMEOUT_MS, 2000L);
      EXPECT_EQ(get.Perform(), CURLE_OPERATION_TIMEDOUT);
      EXPECT_EQ(net.now(), 2_s);
    });
  });
}

TEST_P(CurlTest, SurvivesAPartitionThatHeals) {
  Run([this](ClientServer& net) {
    net.Server([] { ServeHttp(Page("after all")); });
    net.PartitionBetween(25_ms, 3_s);  // Strikes the end of the handshake, and the request.
    net.Client([&net, this] {
      Transfer get("http://10.0.0.2/page");
      EXPECT_EQ(get.Perform(), CURLE_OK);
      EXPECT_EQ(get.body(), "after all");
      // The time-out doubles: 220 ms on Linux, after a tail loss probe; 60 ms on FreeBSD, with 200
      // ms on top each time.
      if (OnLinux()) {
        EXPECT_THAT(net.DataSentAt(), ElementsAre(20_ms, 240_ms, 460_ms, 900_ms, 1780_ms, 3540_ms));
        EXPECT_EQ(net.now(), 3560_ms);
      } else {
        EXPECT_THAT(net.DataSentAt(),
                    ElementsAre(20_ms, 280_ms, 600_ms, 1040_ms, 1720_ms, 2880_ms, 5000_ms));
        EXPECT_EQ(net.now(), 5020_ms);
      }
    });
  });
}

struct CleanUpMulti {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};

TEST_P(CurlTest, TwoTransfersInOneProcess) {
  Run([](ClientServer& net) {
    net.Server([] { ServeHttp(Page("first")); });
    net.Server([] {
      HttpServerOptions options = Page("second");
      options.port = 8080;
      ServeHttp(options);
    });
    net.Client([&net] {
      const std::unique_ptr<CURLM, CleanUpMulti> multi(curl_multi_init());
      Transfer first("http://10.0.0.2/page");
      Transfer second("http://10.0.0.2:8080/page");
      EXPECT_EQ(curl_multi_add_handle(multi.get(), first.handle()), CURLM_OK);
      EXPECT_EQ(curl_multi_add_handle(multi.get(), second.handle()), CURLM_OK);
      int running = 2;
      while (running > 0) {
        ASSERT_EQ(curl_multi_perform(multi.get(), &running), CURLM_OK);
        if (running > 0) {
          ASSERT_EQ(curl_multi_poll(multi.get(), nullptr, 0, 1000, nullptr), CURLM_OK);
        }
      }
      EXPECT_EQ(first.body(), "first");
      EXPECT_EQ(second.body(), "second");
      EXPECT_EQ(net.now(), 40_ms);  // Both at once.
      curl_multi_remove_handle(multi.get(), first.handle());
      curl_multi_remove_handle(multi.get(), second.handle());
    });
  });
}

INSTANTIATE_TEST_SUITE_P(Personality, CurlTest, ::testing::Values("linux", "freebsd"),
                         PersonalityOf);

}  // namespace
}  // namespace drywire
