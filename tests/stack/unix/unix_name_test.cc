#include "stack/unix/unix_name.h"

#include <sys/socket.h>

#include <cstring>
#include <string>

#include "gtest/gtest.h"
#include "stack/personality/profile.h"

namespace drywire {
namespace {

RawAddress Address(const std::string& path, int64_t length, sa_family_t family = AF_UNIX) {
  uint8_t bytes[128] = {};
  std::memcpy(bytes, &family, sizeof family);
  std::memcpy(bytes + sizeof family, path.data(), path.size());
  return RawAddress(bytes, length);
}

struct Case {
  const char* name;
  RawAddress address;
  bool binding;
  const char* on_linux;  // a path, "@abstract", "none", or a cause
  const char* on_freebsd;
};

std::string Parsed(const Profile& profile, const Case& c) {
  const Result<UnixTarget> target = ParseUnixAddress(profile.unix_domain, c.address, c.binding);
  if (!target.ok()) return std::string(CauseName(target.cause()));
  switch (target->kind) {
    case UnixTarget::Kind::kNone:
      return "none";
    case UnixTarget::Kind::kAbstract:
      return "@" + std::string(target->text.substr(1));
    default:
      return "'" + std::string(target->text) + "'";
  }
}

// unix(7), net/unix/af_unix.c (unix_validate_addr, unix_bind); uipc_usrreq.c (uipc_bindat).
TEST(UnixNameTest, Addresses) {
  const std::string full(108, 'p');
  const Case cases[] = {
      {"path", Address("/run/x", 9), false, "'/run/x'", "'/run/x'"},
      {"no NUL", Address("/run/x", 8), false, "'/run/x'", "'/run/x'"},
      {"longer than the path", Address("/run/x", 60), false, "'/run/x'", "'/run/x'"},
      {"abstract", Address(std::string("\0ab", 3), 5), false, "@ab", "''"},
      {"family only", Address("", 2), false, "kAddressLengthInvalid", "kAddressLengthInvalid"},
      {"family only, to bind", Address("", 2), true, "none", "kAddressLengthInvalid"},
      {"half a family", Address("", 1), true, "kAddressLengthInvalid", "kUnixFamilyMismatch"},
      {"nothing", Address("", 0), true, "kAddressLengthInvalid", "kUnixFamilyMismatch"},
      {"too long", Address(full, 111), false, "kAddressLengthInvalid", "kAddressLengthInvalid"},
      {"another family", Address("/x", 5, AF_INET), true, "kUnixFamilyMismatch",
       "kUnixFamilyMismatch"},
      {"another family, too long", Address(full, 111, AF_INET), true, "kAddressLengthInvalid",
       "kUnixFamilyMismatch"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Parsed(LinuxProfile(), c), c.on_linux) << c.name;
    EXPECT_EQ(Parsed(FreeBsdProfile(), c), c.on_freebsd) << c.name;
  }
  const Case longest = {"", Address(full, 110), false, "", ""};
  EXPECT_EQ(Parsed(LinuxProfile(), longest), "'" + full + "'");
  EXPECT_EQ(Parsed(FreeBsdProfile(), longest), "kAddressLengthInvalid");
  const Case shorter = {"", Address(full.substr(0, 104), 106), false, "", ""};
  EXPECT_EQ(Parsed(FreeBsdProfile(), shorter), "'" + full.substr(0, 104) + "'");
}

int64_t LengthOfName(const Profile& profile, const RawAddress& address) {
  const auto target = ParseUnixAddress(profile.unix_domain, address, true);
  return MakeUnixName(profile.unix_domain, *target, address)->address().length();
}

TEST(UnixNameTest, LengthsAsTheyAreTold) {
  // Linux adds the NUL, FreeBSD keeps what it was given.
  EXPECT_EQ(LengthOfName(LinuxProfile(), Address("/run/x", 8)), 9);
  EXPECT_EQ(LengthOfName(LinuxProfile(), Address("/run/x", 60)), 9);
  EXPECT_EQ(LengthOfName(LinuxProfile(), Address(std::string(108, 'p'), 110)), 111);
  EXPECT_EQ(LengthOfName(LinuxProfile(), Address(std::string("\0ab", 3), 5)), 5);
  EXPECT_EQ(LengthOfName(FreeBsdProfile(), Address("/run/x", 8)), 8);
  EXPECT_EQ(LengthOfName(FreeBsdProfile(), Address("/run/x", 60)), 60);
  EXPECT_EQ(UnnamedUnixAddress(LinuxProfile().unix_domain).length(), 2);
  EXPECT_EQ(UnnamedUnixAddress(FreeBsdProfile().unix_domain).length(), 16);
}

TEST(UnixNameTest, Text) {
  const UnixProfile profile = LinuxProfile().unix_domain;
  const auto text = [&](const RawAddress& address) {
    return FormatUnixName(
        MakeUnixName(profile, *ParseUnixAddress(profile, address, true), address).get());
  };
  EXPECT_EQ(text(Address("/run/x", 9)), "/run/x");
  EXPECT_EQ(text(Address(std::string("\0a\n", 3), 5)), "@a\\n");
  EXPECT_EQ(FormatUnixName(nullptr), "*");
}

}  // namespace
}  // namespace drywire
