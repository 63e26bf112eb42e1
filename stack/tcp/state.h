// The states of a TCP connection and the edges between them, as a table (RFC 9293 3.3.2, figure 5).
//
// The table holds the edges of the figure under the figure's labels, and the edges that only the
// RFC's text has (resets, aborts, timeouts, hard ICMP errors) with the section that says so. A
// state changes by looking up (state, event) here and in no other way; a pair that is not in the
// table is a programming error. A connection that is half-open at a listener is a Request
// (listener.h) and not in this table: its SYN-RECEIVED ends by becoming a Tcb, or with "rcv RST"
// back to LISTEN. The text's FIN in SYN-RECEIVED is not here either: a segment without an ACK is
// dropped before its FIN is looked at, and an acceptable ACK has led to ESTABLISHED by then.
#ifndef DRYWIRE_STACK_TCP_STATE_H_
#define DRYWIRE_STACK_TCP_STATE_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace drywire {

enum class TcpState : uint8_t {
  kClosed,
  kListen,
  kSynSent,
  kSynReceived,
  kEstablished,
  kFinWait1,
  kFinWait2,
  kCloseWait,
  kClosing,
  kLastAck,
  kTimeWait,
};
inline constexpr int kTcpStateCount = static_cast<int>(TcpState::kTimeWait) + 1;

enum class TcpEvent : uint8_t {
  kPassiveOpen,
  kActiveOpen,
  kClose,
  kReceiveSyn,
  kReceiveSynAck,
  kReceiveAckOfSyn,
  kReceiveFin,
  kReceiveAckOfFin,
  kTimeout2Msl,
  kReceiveRst,
  kReceiveRstPassive,  // SYN-RECEIVED that came from LISTEN
  kAbort,
  kTimeout,    // no answer within the system's limit
  kIcmpError,  // a hard error
};
inline constexpr int kTcpEventCount = static_cast<int>(TcpEvent::kIcmpError) + 1;

struct TcpEdge {
  TcpState from;
  TcpEvent event;
  TcpState to;
  absl::string_view label;
  absl::string_view source;  // a section of RFC 9293
};

inline constexpr absl::string_view kFigure5 = "figure 5";

inline constexpr TcpEdge kTcpEdges[] = {
    {TcpState::kClosed, TcpEvent::kPassiveOpen, TcpState::kListen, "passive OPEN / create TCB",
     kFigure5},
    {TcpState::kClosed, TcpEvent::kActiveOpen, TcpState::kSynSent,
     "active OPEN / create TCB, snd SYN", kFigure5},
    {TcpState::kListen, TcpEvent::kClose, TcpState::kClosed, "CLOSE / delete TCB", kFigure5},
    {TcpState::kListen, TcpEvent::kReceiveSyn, TcpState::kSynReceived, "rcv SYN / snd SYN,ACK",
     kFigure5},
    {TcpState::kListen, TcpEvent::kActiveOpen, TcpState::kSynSent, "SEND / snd SYN", kFigure5},
    {TcpState::kSynSent, TcpEvent::kClose, TcpState::kClosed, "CLOSE / delete TCB", kFigure5},
    {TcpState::kSynSent, TcpEvent::kReceiveSyn, TcpState::kSynReceived, "rcv SYN / snd SYN,ACK",
     kFigure5},
    {TcpState::kSynSent, TcpEvent::kReceiveSynAck, TcpState::kEstablished, "rcv SYN,ACK / snd ACK",
     kFigure5},
    {TcpState::kSynReceived, TcpEvent::kReceiveRstPassive, TcpState::kListen, "rcv RST", kFigure5},
    {TcpState::kSynReceived, TcpEvent::kReceiveAckOfSyn, TcpState::kEstablished,
     "rcv ACK of SYN / x", kFigure5},
    {TcpState::kSynReceived, TcpEvent::kClose, TcpState::kFinWait1, "CLOSE / snd FIN", kFigure5},
    {TcpState::kEstablished, TcpEvent::kClose, TcpState::kFinWait1, "CLOSE / snd FIN", kFigure5},
    {TcpState::kEstablished, TcpEvent::kReceiveFin, TcpState::kCloseWait, "rcv FIN / snd ACK",
     kFigure5},
    {TcpState::kFinWait1, TcpEvent::kReceiveAckOfFin, TcpState::kFinWait2, "rcv ACK of FIN / x",
     kFigure5},
    {TcpState::kFinWait1, TcpEvent::kReceiveFin, TcpState::kClosing, "rcv FIN / snd ACK", kFigure5},
    {TcpState::kFinWait2, TcpEvent::kReceiveFin, TcpState::kTimeWait, "rcv FIN / snd ACK",
     kFigure5},
    {TcpState::kCloseWait, TcpEvent::kClose, TcpState::kLastAck, "CLOSE / snd FIN", kFigure5},
    {TcpState::kClosing, TcpEvent::kReceiveAckOfFin, TcpState::kTimeWait, "rcv ACK of FIN / x",
     kFigure5},
    {TcpState::kLastAck, TcpEvent::kReceiveAckOfFin, TcpState::kClosed, "rcv ACK of FIN / x",
     kFigure5},
    {TcpState::kTimeWait, TcpEvent::kTimeout2Msl, TcpState::kClosed, "Timeout=2MSL / delete TCB",
     kFigure5},

    {TcpState::kSynSent, TcpEvent::kReceiveRst, TcpState::kClosed, "rcv RST", "3.10.7.3"},
    {TcpState::kSynReceived, TcpEvent::kReceiveRst, TcpState::kClosed, "rcv RST (active OPEN)",
     "3.10.7.4"},
    {TcpState::kEstablished, TcpEvent::kReceiveRst, TcpState::kClosed, "rcv RST", "3.10.7.4"},
    {TcpState::kFinWait1, TcpEvent::kReceiveRst, TcpState::kClosed, "rcv RST", "3.10.7.4"},
    {TcpState::kFinWait2, TcpEvent::kReceiveRst, TcpState::kClosed, "rcv RST", "3.10.7.4"},
    {TcpState::kCloseWait, TcpEvent::kReceiveRst, TcpState::kClosed, "rcv RST", "3.10.7.4"},
    {TcpState::kClosing, TcpEvent::kReceiveRst, TcpState::kClosed, "rcv RST", "3.10.7.4"},
    {TcpState::kLastAck, TcpEvent::kReceiveRst, TcpState::kClosed, "rcv RST", "3.10.7.4"},
    {TcpState::kTimeWait, TcpEvent::kReceiveRst, TcpState::kClosed, "rcv RST", "3.10.7.4"},

    {TcpState::kListen, TcpEvent::kAbort, TcpState::kClosed, "ABORT", "3.10.5"},
    {TcpState::kSynSent, TcpEvent::kAbort, TcpState::kClosed, "ABORT", "3.10.5"},
    {TcpState::kSynReceived, TcpEvent::kAbort, TcpState::kClosed, "ABORT / snd RST", "3.10.5"},
    {TcpState::kEstablished, TcpEvent::kAbort, TcpState::kClosed, "ABORT / snd RST", "3.10.5"},
    {TcpState::kFinWait1, TcpEvent::kAbort, TcpState::kClosed, "ABORT / snd RST", "3.10.5"},
    {TcpState::kFinWait2, TcpEvent::kAbort, TcpState::kClosed, "ABORT / snd RST", "3.10.5"},
    {TcpState::kCloseWait, TcpEvent::kAbort, TcpState::kClosed, "ABORT / snd RST", "3.10.5"},
    {TcpState::kClosing, TcpEvent::kAbort, TcpState::kClosed, "ABORT", "3.10.5"},
    {TcpState::kLastAck, TcpEvent::kAbort, TcpState::kClosed, "ABORT", "3.10.5"},
    {TcpState::kTimeWait, TcpEvent::kAbort, TcpState::kClosed, "ABORT", "3.10.5"},

    {TcpState::kSynSent, TcpEvent::kTimeout, TcpState::kClosed, "timeout", "3.10.8"},
    {TcpState::kSynReceived, TcpEvent::kTimeout, TcpState::kClosed, "timeout", "3.10.8"},
    {TcpState::kEstablished, TcpEvent::kTimeout, TcpState::kClosed, "timeout", "3.10.8"},
    {TcpState::kFinWait1, TcpEvent::kTimeout, TcpState::kClosed, "timeout", "3.10.8"},
    {TcpState::kFinWait2, TcpEvent::kTimeout, TcpState::kClosed, "timeout", "3.10.8"},
    {TcpState::kCloseWait, TcpEvent::kTimeout, TcpState::kClosed, "timeout", "3.10.8"},
    {TcpState::kClosing, TcpEvent::kTimeout, TcpState::kClosed, "timeout", "3.10.8"},
    {TcpState::kLastAck, TcpEvent::kTimeout, TcpState::kClosed, "timeout", "3.10.8"},

    {TcpState::kSynSent, TcpEvent::kIcmpError, TcpState::kClosed, "hard ICMP error", "3.9.2.2"},
    {TcpState::kSynReceived, TcpEvent::kIcmpError, TcpState::kClosed, "hard ICMP error", "3.9.2.2"},
};

namespace tcp_internal {

inline constexpr uint8_t kNoEdge = 0xff;
using EdgeMatrix = std::array<std::array<uint8_t, kTcpEventCount>, kTcpStateCount>;

constexpr EdgeMatrix MakeEdgeMatrix() {
  EdgeMatrix matrix = {};
  for (auto& row : matrix) {
    for (uint8_t& cell : row) cell = kNoEdge;
  }
  for (const TcpEdge& edge : kTcpEdges) {
    matrix[static_cast<size_t>(edge.from)][static_cast<size_t>(edge.event)] =
        static_cast<uint8_t>(edge.to);
  }
  return matrix;
}

inline constexpr EdgeMatrix kEdgeMatrix = MakeEdgeMatrix();

}  // namespace tcp_internal

constexpr bool HasEdge(TcpState from, TcpEvent event) {
  return tcp_internal::kEdgeMatrix[static_cast<size_t>(from)][static_cast<size_t>(event)] !=
         tcp_internal::kNoEdge;
}

namespace tcp_internal {
[[noreturn]] void NoEdge(TcpState from, TcpEvent event);
}  // namespace tcp_internal

// Where `event` leads from `from`. Requires HasEdge(from, event).
inline TcpState NextState(TcpState from, TcpEvent event) {
  if (!HasEdge(from, event)) tcp_internal::NoEdge(from, event);
  return static_cast<TcpState>(
      tcp_internal::kEdgeMatrix[static_cast<size_t>(from)][static_cast<size_t>(event)]);
}
// The same, by a connection that takes the edge: tools/coverage counts these.
TcpState TakeEdge(TcpState from, TcpEvent event);

// RFC spelling: "SYN-SENT", "FIN-WAIT-1".
absl::string_view TcpStateName(TcpState state);
// "rcv SYN", "CLOSE", "timeout".
absl::string_view TcpEventName(TcpEvent event);

// The diagram of the table, in Mermaid's notation.
std::string StateDiagram();

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_STATE_H_
