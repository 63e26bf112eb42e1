#include "tests/worlds/program.h"

#include <arpa/inet.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "sim/core/check.h"
#include "sim/core/trace.h"

namespace drywire::worlds {

AnyAddress MakeAddress(const std::string& text, uint16_t port) {
  AnyAddress address;
  if (text.find(':') == std::string::npos) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    DRYWIRE_CHECK(inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) << text;
    address.length = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    DRYWIRE_CHECK(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) << text;
    address.length = sizeof v6;
  }
  return address;
}

void Program::Main() {
  Run();
  world().trace().Note(world().now(), host_.id(), "program", number_,
                       static_cast<int64_t>(seen_ >> 1));
}

void Program::SawBytes(const void* data, size_t size) {
  Mix(StableHash(absl::string_view(static_cast<const char*>(data), size)));
}

void Program::SawAddress(const AnyAddress& address) {
  Mix(address.length);
  SawBytes(&address.storage,
           address.length < sizeof address.storage ? address.length : sizeof address.storage);
}

void Program::Violation(const std::string& text) {
  programs_.violations.push_back(absl::StrCat("program ", number_, " on ", host_.name(), " at ",
                                              FormatInstant(world().now()), ": ", text));
}

AnyAddress Program::PeerAddress(bool v6, uint16_t port) {
  const Network& network = *programs_.network;
  const bool server = !programs_.servers.empty() && draw.Chance(70);
  const Network::Member& member =
      server ? network.members[draw.Of(programs_.servers)] : draw.Of(network.members);
  for (int tries = 0; tries < 4; ++tries) {
    const std::string& text = draw.Of(member.addresses);
    if ((text.find(':') != std::string::npos) == v6) return MakeAddress(text, port);
  }
  return MakeAddress(v6 ? "fd00:0::1" : member.addresses[0], port);
}

uint16_t Program::Port() {
  static constexpr uint16_t kPorts[] = {kEchoPort, kEchoPort, kEchoPort, 80, 80,   1025,
                                        1026,      5000,      5000,      9,  40000};
  return draw.Of(kPorts);
}

uint16_t Program::BindPort() {
  static constexpr uint16_t kPorts[] = {0, 80, 80, 1025, 1026, 5000, 5000, 9, 40000};
  return draw.Of(kPorts);
}

}  // namespace drywire::worlds
