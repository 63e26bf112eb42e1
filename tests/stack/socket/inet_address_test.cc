// Address arguments: lengths and families in each system's order. The Linux rows were observed on
// Linux 6.18; FreeBSD's are facts observed on 13.0, with the order of 13.1 and later.
#include "stack/socket/inet_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <string>

#include "gtest/gtest.h"
#include "stack/personality/profile.h"

namespace drywire {
namespace {

RawAddress Inet(const char* text, uint16_t port, int64_t length = 16,
                sa_family_t family = AF_INET) {
  sockaddr_storage storage = {};
  sockaddr_in in = {};
  in.sin_family = family;
  in.sin_port = htons(port);
  inet_pton(AF_INET, text, &in.sin_addr);
  std::memcpy(&storage, &in, sizeof in);
  return RawAddress(&storage, length);
}

RawAddress Inet6(const char* text, uint16_t port, int64_t length = 28, uint32_t scope = 0) {
  sockaddr_storage storage = {};
  sockaddr_in6 in = {};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  in.sin6_scope_id = scope;
  inet_pton(AF_INET6, text, &in.sin6_addr);
  std::memcpy(&storage, &in, sizeof in);
  return RawAddress(&storage, length);
}

RawAddress OfFamily(sa_family_t family, int64_t length) {
  sockaddr_storage storage = {};
  storage.ss_family = family;
  return RawAddress(&storage, length);
}

struct Case {
  const char* name;
  RawAddress address;
  int domain;
  int type;
  AddressUse use;
  bool v6only;
  std::string expected;  // an endpoint or a cause
};

void Check(const Profile& profile, const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const Result<Endpoint> got =
        DecodeInetAddress(c.address, c.domain, c.type, c.use, c.v6only, profile.socket);
    EXPECT_EQ(got.ok() ? (*got).ToString() : std::string(CauseName(got.cause())), c.expected)
        << c.name;
  }
}

constexpr AddressUse kBind = AddressUse::kBind;
constexpr AddressUse kConnect = AddressUse::kConnect;
constexpr AddressUse kSend = AddressUse::kSend;

TEST(InetAddressTest, LinuxAsObservedOn618) {
  const Profile profile = LinuxProfile();
  const int v4 = AF_INET, v6 = AF_INET6, tcp = SOCK_STREAM, udp = SOCK_DGRAM;
  const char* length = "kAddressLengthInvalid";
  const char* family = "kAddressFamilyMismatch";
  Check(
      profile,
      {
          {"plain", Inet("127.0.0.1", 80), v4, tcp, kConnect, false, "127.0.0.1:80"},
          {"longer", Inet("127.0.0.1", 80, 100), v4, tcp, kConnect, false, "127.0.0.1:80"},
          {"15 bytes", Inet("127.0.0.1", 80, 15), v4, tcp, kConnect, false, length},
          {"v6 on v4", Inet6("::1", 80), v4, tcp, kConnect, false, family},
          {"v4 on tcp6, 16", Inet("127.0.0.1", 80), v6, tcp, kConnect, false, length},
          {"v4 on tcp6, 28", Inet("127.0.0.1", 80, 28), v6, tcp, kConnect, false, family},
          {"v4 on udp6", Inet("127.0.0.1", 80), v6, udp, kConnect, false, "[::ffff:127.0.0.1]:80"},
          {"v4 on udp6, 15", Inet("127.0.0.1", 80, 15), v6, udp, kConnect, false, length},
          {"v4 on udp6 v6only", Inet("127.0.0.1", 80), v6, udp, kConnect, true, family},
          {"v4 to udp6 v6only", Inet("127.0.0.1", 80), v6, udp, kSend, true, "kV6OnlyMapped"},
          {"mapped, v6only", Inet6("::ffff:127.0.0.1", 80), v6, udp, kConnect, true,
           "kV6OnlyMapped"},
          {"mapped", Inet6("::ffff:127.0.0.1", 80), v6, tcp, kConnect, false,
           "[::ffff:127.0.0.1]:80"},
          {"24 bytes", Inet6("fe80::1", 80, 24, 3), v6, tcp, kConnect, false, "[fe80::1]:80"},
          {"23 bytes", Inet6("::1", 80, 23), v6, tcp, kConnect, false, length},
          {"scope", Inet6("fe80::1", 80, 28, 3), v6, tcp, kConnect, false, "[fe80::1%3]:80"},
          {"unix on v4, short", OfFamily(AF_UNIX, 15), v4, tcp, kConnect, false, length},
          {"unix on v4", OfFamily(AF_UNIX, 110), v4, tcp, kConnect, false, family},
          {"unix to udp6", OfFamily(AF_UNIX, 28), v6, udp, kSend, false, "kInvalidArgument"},
          {"unspec any, bind", Inet("0.0.0.0", 9, 16, AF_UNSPEC), v4, udp, kBind, false,
           "0.0.0.0:9"},
          {"unspec lo, bind", Inet("127.0.0.1", 9, 16, AF_UNSPEC), v4, udp, kBind, false, family},
          {"unspec, send", Inet("127.0.0.1", 9, 16, AF_UNSPEC), v4, udp, kSend, false,
           "127.0.0.1:9"},
          {"v4 on udp6, bind 16", Inet("127.0.0.1", 9), v6, udp, kBind, false, length},
          {"v4 on udp6, bind 28", Inet("127.0.0.1", 9, 28), v6, udp, kBind, false, family},
      });
}

TEST(InetAddressTest, FreeBsdTakesExactLengthsOnly) {
  Profile profile = FreeBsdProfile();
  const int v4 = AF_INET, v6 = AF_INET6, tcp = SOCK_STREAM, udp = SOCK_DGRAM;
  const char* length = "kAddressLengthInvalid";
  const char* family = "kAddressFamilyMismatch";
  Check(profile, {
                     {"plain", Inet("127.0.0.1", 80), v4, tcp, kConnect, false, "127.0.0.1:80"},
                     {"17 bytes", Inet("127.0.0.1", 80, 17), v4, tcp, kConnect, false, length},
                     {"v6 24 bytes", Inet6("::1", 80, 24), v6, tcp, kConnect, false, length},
                     {"v4 on tcp6", Inet("127.0.0.1", 80), v6, tcp, kConnect, false, family},
                     {"v4 on udp6", Inet("127.0.0.1", 80), v6, udp, kConnect, false, family},
                     {"unspec", OfFamily(AF_UNSPEC, 16), v4, udp, kConnect, false, family},
                     {"unspec, send", OfFamily(AF_UNSPEC, 16), v4, udp, kSend, false, family},
                     {"mapped, v6only", Inet6("::ffff:127.0.0.1", 80), v6, tcp, kConnect, true,
                      "kV6OnlyMapped"},
                 });
  profile.socket.address.family_before_length = false;  // 13.0
  Check(profile, {{"v4 on tcp6", Inet("127.0.0.1", 80), v6, tcp, kConnect, false, length}});
}

TEST(InetAddressTest, ClaimedLengths) {
  struct Row {
    int64_t length;
    Cause on_linux;
    Cause on_freebsd;
  };
  const Row rows[] = {
      {-1, Cause::kAddressLengthInvalid, Cause::kAddressLengthInvalid},
      {0, Cause::kNone, Cause::kAddressLengthInvalid},
      {1, Cause::kNone, Cause::kAddressLengthInvalid},
      {2, Cause::kNone, Cause::kNone},
      {128, Cause::kNone, Cause::kNone},
      {129, Cause::kAddressTooLong, Cause::kNone},
      {255, Cause::kAddressTooLong, Cause::kNone},
      {256, Cause::kAddressTooLong, Cause::kAddressTooLong},
  };
  for (const Row& row : rows) {
    const Result<> on_linux = CheckClaimedLength(row.length, LinuxProfile().socket);
    const Result<> on_freebsd = CheckClaimedLength(row.length, FreeBsdProfile().socket);
    EXPECT_EQ(on_linux.ok() ? Cause::kNone : on_linux.cause(), row.on_linux) << row.length;
    EXPECT_EQ(on_freebsd.ok() ? Cause::kNone : on_freebsd.cause(), row.on_freebsd) << row.length;
  }
}

TEST(InetAddressTest, Dissolving) {
  const SocketProfile on_linux = LinuxProfile().socket;
  EXPECT_TRUE(*IsDissolve(OfFamily(AF_UNSPEC, 2), on_linux));
  EXPECT_TRUE(*IsDissolve(OfFamily(AF_UNSPEC, 16), on_linux));
  EXPECT_FALSE(*IsDissolve(Inet("127.0.0.1", 1), on_linux));
  EXPECT_EQ(IsDissolve(OfFamily(AF_UNSPEC, 1), on_linux).cause(), Cause::kAddressLengthInvalid);
  EXPECT_FALSE(*IsDissolve(OfFamily(AF_UNSPEC, 16), FreeBsdProfile().socket));
}

TEST(InetAddressTest, EncodingIsTheInverseOfDecoding) {
  const Profile profile = LinuxProfile();
  for (const char* text : {"0.0.0.0", "127.0.0.1", "255.255.255.255"}) {
    const Endpoint endpoint{*Address::Parse(text), 4711, 0};
    const RawAddress raw = EncodeInetAddress(endpoint, AF_INET);
    EXPECT_EQ(raw.length(), 16);
    EXPECT_EQ(*DecodeInetAddress(raw, AF_INET, SOCK_STREAM, kBind, false, profile.socket),
              endpoint);
    // The same on an AF_INET6 socket is v4-mapped.
    const RawAddress mapped = EncodeInetAddress(endpoint, AF_INET6);
    EXPECT_EQ(mapped.length(), 28);
    const Result<Endpoint> back =
        DecodeInetAddress(mapped, AF_INET6, SOCK_STREAM, kBind, false, profile.socket);
    EXPECT_TRUE((*back).address.IsV4Mapped());
    EXPECT_EQ(Unmap(*back), endpoint);
  }
  const Endpoint local{*Address::Parse("fe80::1"), 4711, 2};
  EXPECT_EQ(*DecodeInetAddress(EncodeInetAddress(local, AF_INET6), AF_INET6, SOCK_STREAM, kBind,
                               false, profile.socket),
            local);
  EXPECT_EQ(EncodeInetAddress(Endpoint(), AF_INET6).length(), 28);
}

}  // namespace
}  // namespace drywire
