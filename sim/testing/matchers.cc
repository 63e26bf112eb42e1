#include "sim/testing/matchers.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace drywire {

std::string ErrnoName(int error) {
  // glibc's own table: "ECONNREFUSED" for the number, null for one that is not an errno.
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : absl::StrCat("errno ", error);
}

std::vector<std::string> PacketsFrom(World& world, const Host& host) {
  std::vector<std::string> texts;
  const Capture& capture = world.capture();
  for (size_t i = 0; i < capture.size(); ++i) {
    const CapturedPacket& captured = capture.at(i);
    const Segment* segment = captured.packet.segment();
    const bool sent = captured.kind == PacketEvent::Kind::kSent ||
                      (captured.kind == PacketEvent::Kind::kDropped && captured.at_sender);
    if (sent && captured.from->host() == host.id() && segment != nullptr) {
      texts.push_back(segment->ToString());
    }
  }
  return texts;
}

std::vector<std::string> TcpStates(Host& host) {
  std::vector<std::string> states;
  for (absl::string_view line : absl::StrSplit(host.DescribeSockets(), '\n', absl::SkipEmpty())) {
    states.emplace_back(line.substr(0, line.find(' ')));
  }
  return states;
}

}  // namespace drywire
