// Every edge of the state table is taken: a row says what makes a connection take it. Where it must
// lead is the table's, which is RFC 9293's figure 5 and text.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "stack/tcp/state.h"
#include "tests/harness/tcp_harness.h"

namespace drywire {
namespace {

using State = TcpState;
using Event = TcpEvent;
using namespace time_literals;  // NOLINT: literals

enum class Where { kBoth, kLinux };

struct Row {
  State from;
  Event event;
  void (*act)(TcbHarness& tcp);
  Cause error = Cause::kNone;  // what is told at the end
  Where where = Where::kBoth;
};

void Listen(TcbHarness& tcp) { tcp.tcb().Listen(); }
void Connect(TcbHarness& tcp) { tcp.SynSent(); }
void Shutdown(TcbHarness& tcp) { tcp.ShutdownSend(); }
void Close(TcbHarness& tcp) { tcp.Close(); }
void Abort(TcbHarness& tcp) { tcp.Abort(); }
void Silence(TcbHarness& tcp) { tcp.Advance(100'000_s); }
void DataIntoSilence(TcbHarness& tcp) {
  tcp.Send(1);
  Silence(tcp);
}
void KeepaliveIntoSilence(TcbHarness& tcp) {
  tcp.tcb().EditSettings().keepalive = true;
  tcp.tcb().RearmKeepalive(tcp.now());
  Silence(tcp);
}
void HardError(TcbHarness& tcp) { tcp.Icmp(Cause::kIcmpPortUnreachable, 0); }
// What the peer sends; it has sent its SYN at 0 and, after its FIN, that at 1.
template <char kind>
void Arrive(TcbHarness& tcp) {
  const bool after_fin = tcp.tcb().fin_received();
  switch (kind) {
    case 'S':
      return tcp.Inject("S 0:0(0) win 65535 <mss 1460>");
    case 'A':  // of our SYN
      return tcp.Inject(". 1:1(0) ack 1 win 65535");
    case 'a':  // of our FIN
      return tcp.Inject(after_fin ? ". 2:2(0) ack 2 win 65535" : ". 1:1(0) ack 2 win 65535");
    case 'F':
      return tcp.Inject(tcp.tcb().snd_una() == Seq(2) ? "F. 1:1(0) ack 2 win 65535"
                                                      : "F. 1:1(0) ack 1 win 65535");
    case 'R':
      return tcp.Inject(after_fin ? "R 2:2(0) win 0" : "R 1:1(0) win 0");
  }
}
void SynAckArrives(TcbHarness& tcp) { tcp.Inject("S. 0:0(0) ack 1 win 65535 <mss 1460>"); }
void ResetOfSynArrives(TcbHarness& tcp) { tcp.Inject("R. 0:0(0) ack 1 win 0"); }

constexpr Row kRows[] = {
    {State::kClosed, Event::kPassiveOpen, Listen},
    {State::kClosed, Event::kActiveOpen, Connect},
    {State::kListen, Event::kClose, Close},
    {State::kListen, Event::kActiveOpen, Connect},
    {State::kSynSent, Event::kClose, Close},
    {State::kSynSent, Event::kReceiveSyn, Arrive<'S'>},
    {State::kSynSent, Event::kReceiveSynAck, SynAckArrives},
    {State::kSynReceived, Event::kReceiveAckOfSyn, Arrive<'A'>},
    // FreeBSD's FIN waits for ESTABLISHED.
    {State::kSynReceived, Event::kClose, Shutdown, Cause::kNone, Where::kLinux},
    {State::kEstablished, Event::kClose, Shutdown},
    {State::kEstablished, Event::kReceiveFin, Arrive<'F'>},
    {State::kFinWait1, Event::kReceiveAckOfFin, Arrive<'a'>},
    {State::kFinWait1, Event::kReceiveFin, Arrive<'F'>},
    {State::kFinWait2, Event::kReceiveFin, Arrive<'F'>},
    {State::kCloseWait, Event::kClose, Shutdown},
    {State::kClosing, Event::kReceiveAckOfFin, Arrive<'a'>},
    {State::kLastAck, Event::kReceiveAckOfFin, Arrive<'a'>},

    {State::kSynSent, Event::kReceiveRst, ResetOfSynArrives, Cause::kRstInSynSent},
    {State::kSynReceived, Event::kReceiveRst, Arrive<'R'>, Cause::kRstInSynReceived},
    {State::kEstablished, Event::kReceiveRst, Arrive<'R'>, Cause::kRstInEstablished},
    {State::kFinWait1, Event::kReceiveRst, Arrive<'R'>, Cause::kRstInEstablished},
    {State::kFinWait2, Event::kReceiveRst, Arrive<'R'>, Cause::kRstInEstablished},
    {State::kCloseWait, Event::kReceiveRst, Arrive<'R'>, Cause::kRstInCloseWait},
    {State::kClosing, Event::kReceiveRst, Arrive<'R'>, Cause::kRstWhileClosing},
    {State::kLastAck, Event::kReceiveRst, Arrive<'R'>, Cause::kRstWhileClosing},

    {State::kListen, Event::kAbort, Abort},
    {State::kSynSent, Event::kAbort, Abort},
    {State::kSynReceived, Event::kAbort, Abort},
    {State::kEstablished, Event::kAbort, Abort},
    {State::kFinWait1, Event::kAbort, Abort},
    {State::kFinWait2, Event::kAbort, Abort},
    {State::kCloseWait, Event::kAbort, Abort},
    {State::kClosing, Event::kAbort, Abort},
    {State::kLastAck, Event::kAbort, Abort},

    {State::kSynSent, Event::kTimeout, Silence, Cause::kSynTimeout},
    {State::kSynReceived, Event::kTimeout, Silence, Cause::kSynTimeout},
    {State::kEstablished, Event::kTimeout, DataIntoSilence, Cause::kRetransmissionTimeout},
    {State::kFinWait1, Event::kTimeout, Silence, Cause::kRetransmissionTimeout},
    {State::kFinWait2, Event::kTimeout, KeepaliveIntoSilence, Cause::kKeepaliveTimeout},
    {State::kCloseWait, Event::kTimeout, DataIntoSilence, Cause::kRetransmissionTimeout},
    {State::kClosing, Event::kTimeout, Silence, Cause::kRetransmissionTimeout},
    {State::kLastAck, Event::kTimeout, Silence, Cause::kRetransmissionTimeout},

    {State::kSynSent, Event::kIcmpError, HardError, Cause::kIcmpPortUnreachable},
    {State::kSynReceived, Event::kIcmpError, HardError, Cause::kIcmpPortUnreachable},
};

// Taken by others than a Tcb alone: the tests that do are listener_test's Handshake and
// ExactRstDeletesTheRequest, and those of TimeWait in close_test.
constexpr struct {
  State from;
  Event event;
} kElsewhere[] = {
    {State::kListen, Event::kReceiveSyn},    {State::kSynReceived, Event::kReceiveRstPassive},
    {State::kTimeWait, Event::kTimeout2Msl}, {State::kTimeWait, Event::kReceiveRst},
    {State::kTimeWait, Event::kAbort},
};

template <typename T>
bool IsOf(const T& row, const TcpEdge& edge) {
  return row.from == edge.from && row.event == edge.event;
}

TEST(EdgesTest, EachIsTakenByOneRow) {
  for (const TcpEdge& edge : kTcpEdges) {
    const auto of = [&](const auto& row) { return IsOf(row, edge); };
    const auto rows = std::count_if(std::begin(kRows), std::end(kRows), of) +
                      std::count_if(std::begin(kElsewhere), std::end(kElsewhere), of);
    EXPECT_EQ(rows, 1) << TcpStateName(edge.from) << ", " << TcpEventName(edge.event);
  }
}

class EdgeTest : public testing::TestWithParam<Row> {
 protected:
  void Take(Profile profile) {
    const Row& row = GetParam();
    TcbHarness tcp(std::move(profile));
    tcp.In(row.from);
    row.act(tcp);
    tcp.ExpectState(NextState(row.from, row.event));
    EXPECT_EQ(CauseName(tcp.error()), CauseName(row.error));
  }
};

INSTANTIATE_TEST_SUITE_P(Rows, EdgeTest, testing::ValuesIn(kRows), [](const auto& info) {
  return absl::StrReplaceAll(
      absl::StrCat(TcpStateName(info.param.from), "_", TcpEventName(info.param.event)),
      {{" ", "_"}, {"-", ""}, {",", ""}, {"=", ""}});
});

TEST_P(EdgeTest, IsTaken) {
  Take(LinuxProfile());
  if (GetParam().where == Where::kBoth) Take(FreeBsdProfile());
}

}  // namespace
}  // namespace drywire
