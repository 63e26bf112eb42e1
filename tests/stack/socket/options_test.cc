// Socket options: lengths, ranges, what reads back. The Linux rows were observed on Linux 6.18 with
// net.core.{r,w}mem_max at 4194304 and HZ=250.
#include "stack/socket/options.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "stack/personality/profile.h"

namespace drywire {
namespace {

class OptionsTest : public testing::Test {
 protected:
  void Use(Profile profile, int domain, int type) {
    profile_ = std::move(profile);
    options_ = InitialSocketOptions(profile_.socket, domain, type);
    context_ = OptionContext();
    context_.options = &options_;
    context_.profile = &profile_.socket;
    context_.domain = domain;
    context_.type = type;
    context_.protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
  }
  void SetUp() override { Use(LinuxProfile(), AF_INET, SOCK_DGRAM); }

  // "4:01000000", or the cause.
  std::string Get(int level, int name, size_t length) {
    std::vector<uint8_t> value(length, 0xaa);
    const Result<size_t> got = GetSocketOption(context_, level, name, absl::MakeSpan(value));
    if (!got.ok()) return std::string(CauseName(got.cause()));
    return absl::StrCat(*got, ":",
                        absl::BytesToHexString(
                            absl::string_view(reinterpret_cast<const char*>(value.data()), *got)));
  }
  // "ok" or the cause.
  std::string Set(int level, int name, const std::string& value,
                  const Credentials& credentials = {}) {
    const Result<> set = SetSocketOption(
        context_, level, name,
        absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(value.data()), value.size()),
        credentials);
    return set.ok() ? "ok" : std::string(CauseName(set.cause()));
  }
  static std::string Int(int32_t number) {
    return std::string(reinterpret_cast<const char*>(&number), sizeof number);
  }
  // Sets a number and reads it back as an int.
  std::string RoundTrip(int level, int name, int32_t number) {
    const std::string set = Set(level, name, Int(number));
    if (set != "ok") return set;
    int32_t back = 0;
    uint8_t bytes[4];
    const Result<size_t> got = GetSocketOption(context_, level, name, absl::MakeSpan(bytes, 4));
    if (!got.ok()) return std::string(CauseName(got.cause()));
    std::memcpy(&back, bytes, sizeof back);
    return absl::StrCat(back);
  }

  Profile profile_;
  SocketOptions options_;
  OptionContext context_;
};

TEST_F(OptionsTest, LengthsOfValuesReadOnLinux618) {
  struct Row {
    int level, name;
    const char* lengths[5];  // asked for 0, 1, 3, 4 and 8 bytes
  };
  const Row rows[] = {
      {SOL_SOCKET, SO_TYPE, {"0:", "1:02", "3:020000", "4:02000000", "4:02000000"}},
      {SOL_SOCKET, SO_DOMAIN, {"0:", "1:02", "3:020000", "4:02000000", "4:02000000"}},
      {SOL_SOCKET, SO_PROTOCOL, {"0:", "1:11", "3:110000", "4:11000000", "4:11000000"}},
      {SOL_SOCKET, SO_SNDBUF, {"0:", "1:00", "3:004003", "4:00400300", "4:00400300"}},
      {SOL_SOCKET, SO_LINGER, {"0:", "1:00", "3:000000", "4:00000000", "8:0000000000000000"}},
      {SOL_SOCKET, SO_RCVTIMEO, {"0:", "1:00", "3:000000", "4:00000000", "8:0000000000000000"}},
      {SOL_SOCKET, SO_RCVLOWAT, {"0:", "1:01", "3:010000", "4:01000000", "4:01000000"}},
      // ip(7) options of 0 to 255 shrink to one byte when less than an int is asked for.
      {IPPROTO_IP, IP_TTL, {"0:", "1:40", "1:40", "4:40000000", "4:40000000"}},
      {IPPROTO_IP, IP_TOS, {"0:", "1:00", "1:00", "4:00000000", "4:00000000"}},
      {IPPROTO_IP, IP_MTU_DISCOVER, {"0:", "1:01", "1:01", "4:01000000", "4:01000000"}},
      {IPPROTO_IP,
       IP_MTU,
       {"kNotConnected", "kNotConnected", "kNotConnected", "kNotConnected", "kNotConnected"}},
  };
  const size_t lengths[] = {0, 1, 3, 4, 8};
  for (const Row& row : rows) {
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(Get(row.level, row.name, lengths[i]), row.lengths[i])
          << row.level << " " << row.name << " " << lengths[i];
    }
  }
  Use(LinuxProfile(), AF_INET6, SOCK_DGRAM);
  EXPECT_EQ(Get(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 3), "3:400000");
  EXPECT_EQ(Get(IPPROTO_IPV6, IPV6_V6ONLY, 1), "1:00");
}

TEST_F(OptionsTest, LengthsOfValuesSetOnLinux618) {
  const std::string one_byte("\1", 1);
  const std::string three_bytes("\1\0\0", 3);
  // SOL_SOCKET looks at the length first, even for what it does not know.
  EXPECT_EQ(Set(SOL_SOCKET, SO_REUSEADDR, three_bytes), "kOptionLengthInvalid");
  EXPECT_EQ(Set(SOL_SOCKET, SO_TYPE, three_bytes), "kOptionLengthInvalid");
  EXPECT_EQ(Set(SOL_SOCKET, SO_TYPE, Int(1)), "kOptionUnknown");
  EXPECT_EQ(Set(SOL_SOCKET, 200, three_bytes), "kOptionLengthInvalid");
  EXPECT_EQ(Set(SOL_SOCKET, 200, Int(1)), "kOptionUnknown");
  EXPECT_EQ(Set(SOL_SOCKET, SO_REUSEADDR, Int(1) + "x"), "ok");
  EXPECT_EQ(Set(SOL_SOCKET, SO_LINGER, std::string(7, '\1')), "kOptionLengthInvalid");
  EXPECT_EQ(Set(SOL_SOCKET, SO_RCVTIMEO, std::string(15, '\0')), "kOptionLengthInvalid");
  // IP options take single bytes; an empty value is 0 where 0 makes sense.
  EXPECT_EQ(Set(IPPROTO_IP, IP_TTL, one_byte), "ok");
  EXPECT_EQ(options_.ttl, 1);
  EXPECT_EQ(Set(IPPROTO_IP, IP_TTL, ""), "kOptionLengthInvalid");
  EXPECT_EQ(Set(IPPROTO_IP, IP_TOS, ""), "ok");
  EXPECT_EQ(Set(IPPROTO_IP, IP_MTU_DISCOVER, ""), "ok");
  EXPECT_EQ(Set(IPPROTO_IP, IP_FREEBIND, ""), "kOptionLengthInvalid");
  EXPECT_EQ(Set(IPPROTO_IP, 51, three_bytes), "kOptionLengthInvalid");
  Use(LinuxProfile(), AF_INET6, SOCK_DGRAM);
  EXPECT_EQ(Set(IPPROTO_IPV6, IPV6_V6ONLY, three_bytes), "kOptionLengthInvalid");
}

TEST_F(OptionsTest, ValuesAsTheyReadBackOnLinux618) {
  struct Row {
    int domain, type, level, name;
    int32_t number;
    const char* expected;
  };
  const int v4 = AF_INET, v6 = AF_INET6, udp = SOCK_DGRAM, tcp = SOCK_STREAM;
  const Row rows[] = {
      {v4, udp, SOL_SOCKET, SO_REUSEADDR, 5, "1"},
      {v4, udp, SOL_SOCKET, SO_REUSEADDR, -1, "1"},
      {v4, udp, SOL_SOCKET, SO_BROADCAST, 0, "0"},
      {v4, udp, SOL_SOCKET, SO_RCVLOWAT, 0, "1"},
      {v4, udp, SOL_SOCKET, SO_RCVLOWAT, -1, "2147483647"},
      {v4, udp, SOL_SOCKET, SO_PRIORITY, 7, "7"},
      {v4, udp, SOL_SOCKET, SO_SNDBUF, 0, "4608"},
      {v4, udp, SOL_SOCKET, SO_SNDBUF, 2305, "4610"},
      {v4, udp, SOL_SOCKET, SO_SNDBUF, 212993, "425986"},
      {v4, udp, SOL_SOCKET, SO_SNDBUF, 2147483647, "8388608"},
      {v4, udp, SOL_SOCKET, SO_SNDBUF, -1, "8388608"},
      {v4, udp, SOL_SOCKET, SO_RCVBUF, 0, "2304"},
      {v4, udp, SOL_SOCKET, SO_RCVBUF, 2047, "4094"},
      {v4, udp, SOL_SOCKET, SO_RCVBUF, -5, "8388608"},
      {v4, udp, IPPROTO_IP, IP_TTL, 0, "kOptionValueInvalid"},
      {v4, udp, IPPROTO_IP, IP_TTL, 255, "255"},
      {v4, udp, IPPROTO_IP, IP_TTL, 256, "kOptionValueInvalid"},
      {v4, udp, IPPROTO_IP, IP_TTL, -1, "64"},
      {v4, udp, IPPROTO_IP, IP_TOS, -1, "255"},
      {v4, udp, IPPROTO_IP, IP_TOS, 256, "0"},
      {v4, tcp, IPPROTO_IP, IP_TOS, 7, "4"},
      {v4, udp, IPPROTO_IP, IP_MTU_DISCOVER, 2, "2"},
      {v4, udp, IPPROTO_IP, IP_MTU_DISCOVER, -1, "kOptionValueInvalid"},
      {v4, udp, IPPROTO_IP, IP_MTU_DISCOVER, 7, "kOptionValueInvalid"},
      {v4, udp, IPPROTO_IP, IP_FREEBIND, 64, "1"},
      {v4, udp, IPPROTO_IP, 51, 1000, "1000"},
      {v4, udp, IPPROTO_IP, 51, (2000 << 16) | 1000, "131073000"},
      {v4, udp, IPPROTO_IP, 51, (1000 << 16) | 2000, "kOptionValueInvalid"},
      {v4, udp, IPPROTO_IP, IP_RECVERR, 7, "1"},
      {v4, udp, IPPROTO_IPV6, IPV6_RECVERR, 1, "kOptionUnknown"},
      {v6, udp, IPPROTO_IPV6, IPV6_RECVERR, 1, "1"},
      {v4, udp, IPPROTO_IP, IP_PKTINFO, 1, "kOptionUnknown"},  // not modelled
      {v4, udp, IPPROTO_IPV6, IPV6_V6ONLY, 1, "kOptionUnknown"},
      {v6, udp, IPPROTO_IP, IP_TTL, 9, "9"},
      {v6, udp, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 0, "0"},
      {v6, udp, IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1, "64"},
      {v6, udp, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 256, "kOptionValueInvalid"},
      {v6, udp, IPPROTO_IPV6, IPV6_TCLASS, -1, "0"},
      {v6, udp, IPPROTO_IPV6, IPV6_TCLASS, 255, "255"},
      {v6, tcp, IPPROTO_IPV6, IPV6_TCLASS, 255, "252"},
      {v6, udp, IPPROTO_IPV6, IPV6_V6ONLY, 64, "1"},
      {v6, udp, IPPROTO_IPV6, IPV6_MTU_DISCOVER, -1, "kOptionValueInvalid"},
  };
  for (const Row& row : rows) {
    Use(LinuxProfile(), row.domain, row.type);
    EXPECT_EQ(RoundTrip(row.level, row.name, row.number), row.expected)
        << row.level << " " << row.name << " = " << row.number;
  }
}

TEST_F(OptionsTest, ForcedBuffersOnLinux618) {
  EXPECT_EQ(Set(SOL_SOCKET, SO_RCVBUFFORCE, Int(2147483647)), "ok");
  EXPECT_EQ(options_.receive_buffer, 2147483646);
  EXPECT_EQ(Set(SOL_SOCKET, SO_RCVBUFFORCE, Int(-1)), "ok");
  EXPECT_EQ(options_.receive_buffer, 2304);
  EXPECT_TRUE(options_.receive_buffer_set);
  EXPECT_EQ(Get(SOL_SOCKET, SO_RCVBUFFORCE, 4), "kOptionUnknown");
  const Credentials user{1000, 1000, {}};
  EXPECT_EQ(Set(SOL_SOCKET, SO_SNDBUFFORCE, Int(9000), user), "kNoPermission");
  EXPECT_EQ(Set(SOL_SOCKET, SO_PRIORITY, Int(7), user), "kNoPermission");
  EXPECT_EQ(Set(SOL_SOCKET, SO_PRIORITY, Int(6), user), "ok");
}

std::string Time(int64_t seconds, int64_t micros) {
  const timeval time{seconds, micros};
  return std::string(reinterpret_cast<const char*>(&time), sizeof time);
}

TEST_F(OptionsTest, TimeoutsAreRoundedUpToTicksOnLinux618) {
  struct Row {
    int64_t seconds, micros;
    const char* set;
    int64_t stored;  // microseconds; -1: infinite
  };
  const Row rows[] = {
      {0, 0, "ok", -1},
      {1, 0, "ok", 1'000'000},
      {0, 1, "ok", 4000},
      {0, 3999, "ok", 4000},
      {0, 4000, "ok", 4000},
      {0, 4001, "ok", 8000},
      {-1, 0, "ok", 0},
      {int64_t{1} << 62, 0, "ok", -1},
      {0, 1'000'000, "kTimeValueInvalid", -1},
      {0, -1, "kTimeValueInvalid", -1},
  };
  for (const Row& row : rows) {
    Use(LinuxProfile(), AF_INET, SOCK_STREAM);
    EXPECT_EQ(Set(SOL_SOCKET, SO_RCVTIMEO, Time(row.seconds, row.micros)), row.set);
    EXPECT_EQ(options_.receive_timeout,
              row.stored < 0 ? Duration::Infinite() : Duration::Micros(row.stored))
        << row.seconds << "." << row.micros;
  }
  Use(FreeBsdProfile(), AF_INET, SOCK_STREAM);
  EXPECT_EQ(Set(SOL_SOCKET, SO_SNDTIMEO, Time(-1, 0)), "kTimeValueInvalid");
  EXPECT_EQ(Set(SOL_SOCKET, SO_SNDTIMEO, Time(0, 3999)), "ok");
  EXPECT_EQ(options_.send_timeout, Duration::Micros(3999));
}

TEST_F(OptionsTest, LingerKeepsTheTimeWhenSwitchedOff) {
  const auto linger_of = [](int on, int seconds) { return Int(on) + Int(seconds); };
  EXPECT_EQ(Set(SOL_SOCKET, SO_LINGER, linger_of(2, 5)), "ok");
  EXPECT_EQ(Get(SOL_SOCKET, SO_LINGER, 8), "8:0100000005000000");
  EXPECT_EQ(Set(SOL_SOCKET, SO_LINGER, linger_of(0, 7)), "ok");
  EXPECT_EQ(Get(SOL_SOCKET, SO_LINGER, 8), "8:0000000005000000");
  Use(FreeBsdProfile(), AF_INET, SOCK_STREAM);  // uipc_socket.c sosetopt(), sogetopt()
  EXPECT_EQ(Set(SOL_SOCKET, SO_LINGER, linger_of(2, 5)), "ok");
  EXPECT_EQ(Get(SOL_SOCKET, SO_LINGER, 8), "8:8000000005000000");
  EXPECT_EQ(Set(SOL_SOCKET, SO_LINGER, linger_of(0, 7)), "ok");
  EXPECT_EQ(Get(SOL_SOCKET, SO_LINGER, 8), "8:0000000007000000");
}

TEST_F(OptionsTest, LingerOfATimeOutOfRange) {
  const auto linger_of = [](int seconds) { return Int(1) + Int(seconds); };
  EXPECT_EQ(Set(SOL_SOCKET, SO_LINGER, linger_of(-1)), "ok");
  // The largest long, in ticks of 4 ms, cut to an int (oracle Options.Linger).
  EXPECT_EQ(Get(SOL_SOCKET, SO_LINGER, 8), "8:01000000df4f8d97");
  EXPECT_EQ(Set(SOL_SOCKET, SO_LINGER, linger_of(65536)), "ok");
  Use(FreeBsdProfile(), AF_INET, SOCK_STREAM);
  EXPECT_EQ(Set(SOL_SOCKET, SO_LINGER, linger_of(-1)), "kTimeValueInvalid");
  EXPECT_EQ(Set(SOL_SOCKET, SO_LINGER, linger_of(65536)), "kTimeValueInvalid");
  EXPECT_EQ(Set(SOL_SOCKET, SO_LINGER, linger_of(65535)), "ok");
}

TEST_F(OptionsTest, ForeignLevels) {
  EXPECT_EQ(Get(IPPROTO_IPV6, IPV6_V6ONLY, 4), "kNotSupported");
  EXPECT_EQ(Get(99, 1, 4), "kNotSupported");
  EXPECT_EQ(Set(99, 1, Int(1)), "kOptionUnknown");
  EXPECT_EQ(Get(IPPROTO_IP, 60, 4), "kOptionUnknown");
  Use(LinuxProfile(), AF_INET6, SOCK_DGRAM);
  EXPECT_EQ(Get(99, 1, 4), "kOptionUnknown");
}

TEST_F(OptionsTest, V6OnlyIsFixedOnceBound) {
  Use(LinuxProfile(), AF_INET6, SOCK_STREAM);
  context_.bound = true;
  EXPECT_EQ(Set(IPPROTO_IPV6, IPV6_V6ONLY, Int(1)), "kAlreadyBound");
  EXPECT_EQ(Set(IPPROTO_IPV6, IPV6_V6ONLY, Int(0)), "kAlreadyBound");
  Use(FreeBsdProfile(), AF_INET6, SOCK_STREAM);
  EXPECT_EQ(Get(IPPROTO_IPV6, IPV6_V6ONLY, 4), "4:01000000");  // the default there
}

TEST_F(OptionsTest, FreeBsdReadsFlagsAsBitsAndHasItsOwnOptions) {
  EXPECT_EQ(Set(SOL_SOCKET, kSoReusePortLb, Int(1)), "kOptionUnknown");
  Use(FreeBsdProfile(), AF_INET, SOCK_STREAM);
  EXPECT_EQ(RoundTrip(SOL_SOCKET, SO_REUSEADDR, 1), "4");
  EXPECT_EQ(RoundTrip(SOL_SOCKET, SO_REUSEPORT, 1), "512");
  EXPECT_EQ(RoundTrip(SOL_SOCKET, kSoReusePortLb, 1), "65536");
  EXPECT_EQ(RoundTrip(SOL_SOCKET, SO_RCVBUF, 5000), "5000");
  EXPECT_EQ(RoundTrip(SOL_SOCKET, SO_RCVBUF, 0), "kOptionValueInvalid");
  EXPECT_EQ(RoundTrip(SOL_SOCKET, SO_RCVBUF, 2097153), "kNoBufferSpace");
  EXPECT_EQ(RoundTrip(SOL_SOCKET, SO_PRIORITY, 1), "kOptionUnknown");
  EXPECT_EQ(RoundTrip(IPPROTO_IP, IP_FREEBIND, 1), "kOptionUnknown");
  EXPECT_EQ(Get(IPPROTO_IP, IP_TTL, 1), "1:40");
}

}  // namespace
}  // namespace drywire
