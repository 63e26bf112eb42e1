#include "stack/tcp/state.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "sim/core/check.h"
#include "sim/core/coverage_mark.h"

namespace drywire {
namespace {

constexpr absl::string_view kStateNames[kTcpStateCount] = {
    "CLOSED",     "LISTEN",     "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
    "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",  "LAST-ACK",     "TIME-WAIT"};

constexpr absl::string_view kEventNames[kTcpEventCount] = {
    "passive OPEN",           "active OPEN", "CLOSE",          "rcv SYN",        "rcv SYN,ACK",
    "rcv ACK of SYN",         "rcv FIN",     "rcv ACK of FIN", "Timeout=2MSL",   "rcv RST",
    "rcv RST (passive OPEN)", "ABORT",       "timeout",        "hard ICMP error"};

// No two edges may leave a state by the same event.
constexpr bool EdgesAreDistinct() {
  for (const TcpEdge& a : kTcpEdges) {
    int same = 0;
    for (const TcpEdge& b : kTcpEdges) same += a.from == b.from && a.event == b.event;
    if (same != 1) return false;
  }
  return true;
}
static_assert(EdgesAreDistinct());

std::string DiagramId(TcpState state) {
  return absl::StrReplaceAll(TcpStateName(state), {{"-", "_"}});
}

#ifdef DRYWIRE_COVERAGE_MARKS
std::string EdgeMark(TcpState from, TcpEvent event) {
  return absl::StrCat("edge ", TcpStateName(from), ", ", TcpEventName(event));
}
[[maybe_unused]] const bool announced = [] {
  for (const TcpEdge& edge : kTcpEdges) AnnounceCoverageMark(EdgeMark(edge.from, edge.event));
  return true;
}();
#endif

}  // namespace

void tcp_internal::NoEdge(TcpState from, TcpEvent event) {
  DRYWIRE_FATAL() << "TCP: no edge from " << TcpStateName(from) << " by " << TcpEventName(event);
}

TcpState TakeEdge(TcpState from, TcpEvent event) {
  DRYWIRE_COVERAGE_MARK(EdgeMark(from, event));
  return NextState(from, event);
}

absl::string_view TcpStateName(TcpState state) { return kStateNames[static_cast<size_t>(state)]; }

absl::string_view TcpEventName(TcpEvent event) { return kEventNames[static_cast<size_t>(event)]; }

std::string StateDiagram() {
  std::string text = "stateDiagram-v2\n";
  for (int i = 0; i < kTcpStateCount; ++i) {
    const TcpState state = static_cast<TcpState>(i);
    absl::StrAppend(&text, "    state \"", TcpStateName(state), "\" as ", DiagramId(state), "\n");
  }
  absl::StrAppend(&text, "    [*] --> CLOSED\n");
  for (const TcpEdge& edge : kTcpEdges) {
    absl::StrAppend(&text, "    ", DiagramId(edge.from), " --> ", DiagramId(edge.to), " : ",
                    edge.label);
    if (edge.source != kFigure5) absl::StrAppend(&text, " [", edge.source, "]");
    absl::StrAppend(&text, "\n");
  }
  return text;
}

}  // namespace drywire
