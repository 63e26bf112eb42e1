// The text views of a capture.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/net/capture.h"
#include "sim/net/link.h"
#include "sim/net/port.h"

namespace drywire {
namespace {

using Kind = PacketEvent::Kind;

// Delivery repeats what was sent; the other kinds say something of their own.
std::vector<const CapturedPacket*> Select(const Capture& capture, const TimelineOptions& options) {
  std::vector<const CapturedPacket*> selected;
  for (size_t i = 0; i < capture.size(); ++i) {
    const CapturedPacket& event = capture.at(i);
    if (event.kind == Kind::kDelivered && !options.arrivals) continue;
    const Port& to = event.to != nullptr ? *event.to : *event.from;
    if (options.matcher.Matches({event.packet, *event.from, to, event.time})) {
      selected.push_back(&event);
    }
  }
  if (selected.size() > options.last) {
    selected.erase(selected.begin(), selected.end() - static_cast<ptrdiff_t>(options.last));
  }
  return selected;
}

std::string Outcome(const CapturedPacket& event) {
  switch (event.kind) {
    case Kind::kSent:
      return "";
    case Kind::kDelivered:
      return "  arrived";
    case Kind::kDropped:
      return absl::StrCat(event.at_sender ? "  dropped: " : "  dropped on arrival: ", event.reason);
    case Kind::kChanged:
      return absl::StrCat("  changed: ", event.reason);
  }
  return "";
}

std::string HostOf(const Port& port) { return port.name().substr(0, port.name().find(':')); }

class Ladder {
 public:
  Ladder(std::vector<const CapturedPacket*> events, const std::vector<std::string>& hosts)
      : hosts_(hosts) {
    for (const CapturedPacket* event : events) Add(event, hosts.empty());
    MeasureLabels();
  }

  std::string Draw() const {
    std::string text = Line("", [this](std::string* line) {
      for (size_t i = 0; i < hosts_.size(); ++i) {
        const size_t at = Column(i);
        Put(line, at - std::min(at, hosts_[i].size() / 2), hosts_[i]);
      }
    });
    std::string note;
    for (const CapturedPacket* event : events_) {
      if (event->kind == Kind::kChanged) {
        // Says something about the packet that follows.
        absl::StrAppend(&note, note.empty() ? "" : ", ", event->reason);
        continue;
      }
      absl::StrAppend(&text, Row(*event, note));
      note.clear();
    }
    return text;
  }

 private:
  static constexpr size_t kTimeWidth = 12;
  static constexpr size_t kArrow = 10;  // "|--- " and " --->|" around a label.
  static constexpr size_t kMinGap = 32;

  void Add(const CapturedPacket* event, bool add_hosts) {
    for (const Port* port : {event->from, event->to}) {
      if (port == nullptr) continue;
      const std::string host = HostOf(*port);
      if (std::find(hosts_.begin(), hosts_.end(), host) != hosts_.end()) continue;
      if (!add_hosts) return;
      hosts_.push_back(host);
    }
    events_.push_back(event);
  }

  void MeasureLabels() {
    for (const CapturedPacket* event : events_) {
      const std::string ports = Ports(event->packet);
      if (ports.empty()) continue;
      if (connection_.empty()) connection_ = ports;
      if (ports != connection_ && Ports(event->packet, true) != connection_) show_ports_ = true;
    }
    for (const CapturedPacket* event : events_) {
      gap_ = std::max(gap_, Label(event->packet).size() + kArrow);
    }
  }

  // "4000>80"; empty for packets without ports.
  static std::string Ports(const Packet& packet, bool reversed = false) {
    uint16_t from = 0;
    uint16_t to = 0;
    if (const Segment* s = packet.segment()) {
      from = s->source_port;
      to = s->destination_port;
    } else if (const Datagram* d = packet.datagram()) {
      from = d->source_port;
      to = d->destination_port;
    } else {
      return "";
    }
    return reversed ? absl::StrCat(to, ">", from) : absl::StrCat(from, ">", to);
  }
  std::string Label(const Packet& packet) const {
    const std::string ports = show_ports_ ? Ports(packet) : "";
    return absl::StrCat(ports, ports.empty() ? "" : " ", packet.BodyToString());
  }

  size_t Column(size_t host) const { return host * gap_ + 6; }
  size_t ColumnOf(const Port& port) const {
    const auto host = std::find(hosts_.begin(), hosts_.end(), HostOf(port));
    return Column(static_cast<size_t>(host - hosts_.begin()));
  }

  static void Put(std::string* line, size_t at, absl::string_view text) {
    if (line->size() < at + text.size()) line->resize(at + text.size(), ' ');
    line->replace(at, text.size(), text.data(), text.size());
  }
  template <typename Fill>
  static std::string Line(absl::string_view time, Fill fill) {
    std::string line;
    fill(&line);
    std::string text = absl::StrFormat("%-*s%s", static_cast<int>(kTimeWidth), time, line);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  }

  std::string Row(const CapturedPacket& event, const std::string& note) const {
    const std::string label = Label(event.packet);
    std::string remark = note.empty() ? "" : absl::StrCat("  ", note);
    absl::StrAppend(&remark, Outcome(event));
    return Line(FormatInstant(event.time), [&](std::string* line) {
      for (size_t i = 0; i < hosts_.size(); ++i) Put(line, Column(i), "|");
      const size_t from = ColumnOf(*event.from);
      const size_t to = event.to != nullptr ? ColumnOf(*event.to) : from;
      if (from == to) {
        Put(line, from + 1, absl::StrCat(event.to != nullptr ? "<-> " : "--X ", label));
      } else {
        Arrow(line, from, to, label, event.kind == Kind::kDropped, event.at_sender);
      }
      // Behind the last column, or behind a label that reaches further.
      Put(line, std::max(line->size(), Column(hosts_.size() - 1) + 1), remark);
    });
  }

  static void Arrow(std::string* line, size_t from, size_t to, absl::string_view label, bool lost,
                    bool at_sender) {
    const bool right = from < to;
    const size_t left_end = std::min(from, to) + 1;
    const size_t right_end = std::max(from, to) - 1;
    std::string shaft(right_end - left_end + 1, '-');
    Put(line, left_end, shaft);
    Put(line, left_end + 3, absl::StrCat(" ", label, " "));
    Put(line, right ? right_end : left_end, right ? ">" : "<");
    if (!lost) return;
    // Lost on the way, or at the very end of it.
    const size_t way = at_sender ? 2 : 0;
    if (right) {
      Put(line, right_end - way, at_sender ? "X  " : "X");
    } else {
      Put(line, left_end, at_sender ? "  X" : "X");
    }
  }

  std::vector<std::string> hosts_;
  std::vector<const CapturedPacket*> events_;
  std::string connection_;  // Ports of the first packet that has any.
  bool show_ports_ = false;
  size_t gap_ = kMinGap;
};

}  // namespace

std::string FormatTimeline(const Capture& capture, const TimelineOptions& options) {
  std::string text;
  for (const CapturedPacket* event : Select(capture, options)) {
    absl::StrAppendFormat(&text, "%-12s %s > %s  #%u %s%s\n", FormatInstant(event->time),
                          event->from->name(), event->to != nullptr ? event->to->name() : "?",
                          event->packet.serial, event->packet.ToString(), Outcome(*event));
  }
  return text;
}

std::string FormatSequenceDiagram(const Capture& capture, const TimelineOptions& options,
                                  const std::vector<std::string>& hosts) {
  TimelineOptions without_arrivals = options;
  without_arrivals.arrivals = false;
  return Ladder(Select(capture, without_arrivals), hosts).Draw();
}

}  // namespace drywire
