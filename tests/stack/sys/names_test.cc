#include "stack/sys/names.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace drywire {
namespace {

class TestNames final : public NameService {
 public:
  std::vector<Address> Lookup(absl::string_view name) const override {
    if (name == "both") return {*Address::Parse("2001:db8::1"), Address::V4(10, 0, 0, 1)};
    if (name == "four") return {Address::V4(10, 0, 0, 4)};
    return {};
  }
  std::string ReverseLookup(const Address& address) const override {
    return address == Address::V4(10, 0, 0, 4) ? "four" : "";
  }
};

// "inet 10.0.0.4 80 stream; ..." or "error N".
std::string Resolve(const char* node, const char* service, int flags = 0, int family = AF_UNSPEC,
                    int type = SOCK_STREAM) {
  const TestNames names;
  addrinfo hints = {};
  hints.ai_flags = flags;
  hints.ai_family = family;
  hints.ai_socktype = type;
  addrinfo* list = nullptr;
  const int error = ResolveAddresses(&names, node, service, &hints, &list);
  if (error != 0) return absl::StrCat("error ", gai_strerror(error));
  std::string text;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    char host[64], port[16];
    EXPECT_EQ(ResolveName(nullptr, at->ai_addr, at->ai_addrlen, host, sizeof host, port,
                          sizeof port, NI_NUMERICHOST | NI_NUMERICSERV),
              0);
    absl::StrAppend(&text, text.empty() ? "" : "; ", host, " ", port, " ", at->ai_socktype);
  }
  FreeAddresses(list);
  return text;
}

TEST(NamesTest, NamesOfTheTopology) {
  EXPECT_EQ(Resolve("both", "80"), "2001:db8::1 80 1; 10.0.0.1 80 1");
  EXPECT_EQ(Resolve("both", "80", 0, AF_INET), "10.0.0.1 80 1");
  EXPECT_EQ(Resolve("four", "http", 0, AF_UNSPEC, 0),
            "10.0.0.4 80 1; 10.0.0.4 80 2; 10.0.0.4 80 3");
  EXPECT_EQ(Resolve("four", "finger"), "10.0.0.4 79 1");
  EXPECT_EQ(Resolve("four", nullptr), "10.0.0.4 0 1");
}

TEST(NamesTest, NumbersAndDefaults) {
  EXPECT_EQ(Resolve("192.0.2.1", "1234"), "192.0.2.1 1234 1");
  EXPECT_EQ(Resolve("fe80::1%2", "1"), "fe80::1%2 1 1");
  EXPECT_EQ(Resolve(nullptr, "80"), "::1 80 1; 127.0.0.1 80 1");
  EXPECT_EQ(Resolve(nullptr, "80", AI_PASSIVE), "0.0.0.0 80 1; :: 80 1");
  EXPECT_EQ(Resolve("localhost", "80", 0, AF_INET), "127.0.0.1 80 1");
}

TEST(NamesTest, MappedAddresses) {
  EXPECT_EQ(Resolve("four", "80", AI_V4MAPPED, AF_INET6), "::ffff:10.0.0.4 80 1");
  EXPECT_EQ(Resolve("both", "80", AI_V4MAPPED, AF_INET6), "2001:db8::1 80 1");
  EXPECT_EQ(Resolve("both", "80", AI_V4MAPPED | AI_ALL, AF_INET6),
            "2001:db8::1 80 1; ::ffff:10.0.0.1 80 1");
}

TEST(NamesTest, Errors) {
  EXPECT_EQ(Resolve("nobody", "80"), "error Name or service not known");
  EXPECT_EQ(Resolve("four", "80", AI_NUMERICHOST), "error Name or service not known");
  EXPECT_EQ(Resolve("four", "no-such-service"), "error Servname not supported for ai_socktype");
  EXPECT_EQ(Resolve("four", "http", AI_NUMERICSERV), "error Name or service not known");
  EXPECT_EQ(Resolve("four", "80", 0x40000000), "error Bad value for ai_flags");
  EXPECT_EQ(Resolve("four", "80", 0, AF_UNIX), "error ai_family not supported");
  EXPECT_EQ(Resolve("10.0.0.1", "80", 0, AF_INET6),
            "error Address family for hostname not supported");
  EXPECT_EQ(Resolve("four", "80", 0, AF_UNSPEC, 99), "error ai_socktype not supported");
}

TEST(NamesTest, ReverseLookup) {
  const TestNames names;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(443);
  address.sin_addr.s_addr = htonl(0x0a000004);
  const auto* const raw = reinterpret_cast<const sockaddr*>(&address);
  char host[32], service[32];
  EXPECT_EQ(ResolveName(&names, raw, sizeof address, host, 32, service, 32, 0), 0);
  EXPECT_STREQ(host, "four");
  EXPECT_STREQ(service, "https");
  EXPECT_EQ(ResolveName(&names, raw, sizeof address, host, 3, nullptr, 0, 0), EAI_OVERFLOW);
  EXPECT_EQ(ResolveName(nullptr, raw, sizeof address, host, 32, nullptr, 0, NI_NAMEREQD),
            EAI_NONAME);
  EXPECT_EQ(ResolveName(&names, raw, 4, host, 32, nullptr, 0, 0), EAI_FAMILY);
}

}  // namespace
}  // namespace drywire
