// Options at level IPPROTO_TCP, and what the protocol takes from the shared ones.
//
// Programs are compiled with Linux's headers, so the numbers are Linux's: TCP_CORK is FreeBSD's
// TCP_NOPUSH. FreeBSD's TCP_KEEPINIT and TCP_NOOPT have no Linux number and are known by their own,
// 128 and 8. An option
// that the host's system does not have is unknown there. Left out, and refused as unknown:
// TCP_CONGESTION, TCP_FASTOPEN*, TCP_MD5SIG, TCP_ULP, TCP_REPAIR*, zero-copy. Source:
// tcp(7); net/ipv4/tcp.c as observed on Linux 6.18; FreeBSD's tcp(4).
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "stack/socket/tcp_acceptor.h"
#include "stack/socket/tcp_host.h"
#include "stack/socket/tcp_info.h"
#include "stack/socket/tcp_socket.h"

namespace drywire {
namespace {

constexpr int kTcpKeepInit = 128;
constexpr int kTcpNoOpt = 8;  // what Linux calls TCP_LINGER2
constexpr int64_t kMaxKeepSeconds = 32767;
constexpr int64_t kMaxKeepCount = 127;
constexpr int64_t kMaxSynCount = 127;
constexpr int64_t kMinMaxSegment = 88;
constexpr int64_t kMaxMaxSegment = 32767;
constexpr int64_t kMaxLinger2Seconds = 120;
constexpr int64_t kMinWindowClamp = 1152;
constexpr uint32_t kTimestampsSize = 12;  // of the option, with its padding

// Options that only Linux has, beside those in the table below.
bool IsLinuxOnly(int name) { return name == TCP_QUICKACK || name == TCP_WINDOW_CLAMP; }

// TCP_DEFER_ACCEPT is kept as a number of SYN-ACK retransmissions: after one second, then twice as
// long each time, up to two minutes.
int64_t RetransmissionsToSeconds(int retransmissions) {
  int64_t seconds = 0;
  int64_t timeout = 1;
  for (int i = 0; i < retransmissions; ++i) {
    seconds += timeout;
    timeout = std::min<int64_t>(timeout * 2, 120);
  }
  return seconds;
}

// An option that is one number between two bounds.
enum Systems : uint8_t { kLinuxOnly = 1, kFreeBsdOnly = 2, kBothSystems = 3 };

struct NumberRow {
  int name;
  Systems systems;
  int64_t min;
  int64_t max;
  int64_t (*get)(const TcpSettings&, const TcpProfile&);
  void (*set)(TcpSettings&, int64_t);
};

constexpr NumberRow kNumbers[] = {
    {TCP_KEEPIDLE, kBothSystems, 1, kMaxKeepSeconds,
     [](const TcpSettings& s, const TcpProfile& p) { return s.KeepIdle(p).seconds(); },
     [](TcpSettings& s, int64_t v) { s.keep_idle_s = static_cast<int16_t>(v); }},
    {TCP_KEEPINTVL, kBothSystems, 1, kMaxKeepSeconds,
     [](const TcpSettings& s, const TcpProfile& p) { return s.KeepInterval(p).seconds(); },
     [](TcpSettings& s, int64_t v) { s.keep_interval_s = static_cast<int16_t>(v); }},
    {TCP_KEEPCNT, kBothSystems, 1, kMaxKeepCount,
     [](const TcpSettings& s, const TcpProfile& p) { return s.KeepCount(p); },
     [](TcpSettings& s, int64_t v) { s.keep_count = static_cast<uint8_t>(v); }},
    {TCP_SYNCNT, kLinuxOnly, 1, kMaxSynCount,
     [](const TcpSettings& s, const TcpProfile& p) {
       return s.syn_count != 0 ? s.syn_count : p.syn_retries;
     },
     [](TcpSettings& s, int64_t v) { s.syn_count = static_cast<uint8_t>(v); }},
    {TCP_USER_TIMEOUT, kLinuxOnly, 0, INT32_MAX,
     [](const TcpSettings& s, const TcpProfile&) { return int64_t{s.user_timeout_ms}; },
     [](TcpSettings& s, int64_t v) { s.user_timeout_ms = static_cast<uint32_t>(v); }},
    {TCP_NOTSENT_LOWAT, kLinuxOnly, INT32_MIN, INT32_MAX,
     [](const TcpSettings& s, const TcpProfile&) {
       return int64_t{static_cast<int32_t>(s.notsent_lowat)};
     },
     [](TcpSettings& s, int64_t v) { s.notsent_lowat = static_cast<uint32_t>(v); }},
    {TCP_INQ, kLinuxOnly, 0, 1,
     [](const TcpSettings& s, const TcpProfile&) { return int64_t{s.tells_unread ? 1 : 0}; },
     [](TcpSettings& s, int64_t v) { s.tells_unread = v != 0; }},
    {TCP_LINGER2, kLinuxOnly, INT32_MIN, INT32_MAX,
     [](const TcpSettings& s, const TcpProfile& p) {
       return s.linger2_s < 0 ? int64_t{-1} : s.FinTimeout(p).seconds();
     },
     [](TcpSettings& s, int64_t v) {
       s.linger2_s = static_cast<int16_t>(v < 0 ? -1 : std::min(v, kMaxLinger2Seconds));
     }},
    {TCP_DEFER_ACCEPT, kLinuxOnly, INT32_MIN, INT32_MAX,
     [](const TcpSettings& s, const TcpProfile&) {
       return RetransmissionsToSeconds(s.defer_accept);
     },
     [](TcpSettings& s, int64_t v) {
       s.defer_accept = 0;
       while (s.defer_accept < 255 && RetransmissionsToSeconds(s.defer_accept) < v) {
         ++s.defer_accept;
       }
     }},
    {kTcpNoOpt, kFreeBsdOnly, INT32_MIN, INT32_MAX,
     [](const TcpSettings& s, const TcpProfile&) { return int64_t{s.no_options ? 1 : 0}; },
     [](TcpSettings& s, int64_t v) { s.no_options = v != 0; }},
    {kTcpKeepInit, kFreeBsdOnly, 1, kMaxKeepSeconds,
     [](const TcpSettings& s, const TcpProfile& p) { return s.KeepInit(p).seconds(); },
     [](TcpSettings& s, int64_t v) { s.keepinit_s = static_cast<int16_t>(v); }},
};

// Null when the system has no such option.
const NumberRow* FindNumber(int name, bool linux_options) {
  const Systems system = linux_options ? kLinuxOnly : kFreeBsdOnly;
  for (const NumberRow& row : kNumbers) {
    if (row.name == name && (row.systems & system) != 0) return &row;
  }
  return nullptr;
}

// The numbers of Linux's include/net/tcp_states.h.
uint8_t LinuxStateNumber(TcpState state) {
  switch (state) {
    case TcpState::kEstablished:
      return TCP_ESTABLISHED;
    case TcpState::kSynSent:
      return TCP_SYN_SENT;
    case TcpState::kSynReceived:
      return TCP_SYN_RECV;
    case TcpState::kFinWait1:
      return TCP_FIN_WAIT1;
    case TcpState::kFinWait2:
      return TCP_FIN_WAIT2;
    case TcpState::kTimeWait:
      return TCP_TIME_WAIT;
    case TcpState::kClosed:
      return TCP_CLOSE;
    case TcpState::kCloseWait:
      return TCP_CLOSE_WAIT;
    case TcpState::kLastAck:
      return TCP_LAST_ACK;
    case TcpState::kListen:
      return TCP_LISTEN;
    case TcpState::kClosing:
      return TCP_CLOSING;
  }
  return TCP_CLOSE;
}

LinuxTcpInfo MakeTcpInfo(const Tcb& tcb, TcpState state, Instant now) {
  LinuxTcpInfo all;
  // The byte that no member has, too: programs see it.
  std::memset(static_cast<void*>(&all), 0, sizeof all);
  tcp_info& info = all.known;
  info.tcpi_state = LinuxStateNumber(state);
  info.tcpi_retransmits = static_cast<uint8_t>(tcb.retransmits());
  info.tcpi_probes = static_cast<uint8_t>(tcb.probes_out());
  info.tcpi_backoff = static_cast<uint8_t>(tcb.backoff());
  if (tcb.timestamps_on()) info.tcpi_options |= TCPI_OPT_TIMESTAMPS;
  if (tcb.sack_on()) info.tcpi_options |= TCPI_OPT_SACK;
  if (tcb.window_scaling_on()) info.tcpi_options |= TCPI_OPT_WSCALE;
  info.tcpi_snd_wscale = tcb.snd_wscale();
  info.tcpi_rcv_wscale = tcb.rcv_wscale();
  info.tcpi_rto = static_cast<uint32_t>(tcb.CurrentRto().micros());
  info.tcpi_snd_mss = tcb.SendMss();
  info.tcpi_rcv_mss = tcb.receive_mss();
  // As its text is, without the timestamps.
  info.tcpi_advmss = tcb.advertised_mss() - (tcb.timestamps_on() ? kTimestampsSize : 0);
  info.tcpi_reordering = 3;
  info.tcpi_ato = static_cast<uint32_t>(tcb.ack_timeout().micros());
  const auto ago = [&](Instant then) { return static_cast<uint32_t>((now - then).millis()); };
  info.tcpi_last_data_sent = ago(tcb.last_sent_at());
  info.tcpi_last_data_recv = ago(tcb.last_received_at());
  info.tcpi_last_ack_recv = ago(tcb.last_heard());
  info.tcpi_rtt = static_cast<uint32_t>(tcb.rtt().srtt().micros());
  info.tcpi_rttvar = static_cast<uint32_t>(tcb.rtt().rttvar().micros());
  info.tcpi_snd_ssthresh = tcb.congestion().ssthresh();
  info.tcpi_snd_cwnd = tcb.congestion().cwnd();
  const uint32_t mss = std::max<uint32_t>(tcb.SendMss(), 1);
  const auto flight = static_cast<uint32_t>(tcb.snd_max().Since(tcb.snd_una()));
  const bool open = tcb.state() != TcpState::kClosed && tcb.state() != TcpState::kListen;
  info.tcpi_unacked = open ? (flight + mss - 1) / mss : 0;
  const size_t sent = open ? std::min<size_t>(flight, tcb.Unacknowledged()) : 0;
  all.tcpi_notsent_bytes = static_cast<uint32_t>(tcb.Unacknowledged() - sent);
  all.tcpi_bytes_received = tcb.bytes_received();
  all.tcpi_snd_wnd = tcb.snd_wnd();
  all.tcpi_rcv_wnd = tcb.rcv_wnd();
  return all;
}

}  // namespace

void TcpSocket::SyncSettings() {
  TcpSettings settings = tcb_.settings();
  settings.keepalive = options_->keepalive != 0;
  settings.oob_inline = options_->oob_inline != 0;
  settings.low_water = static_cast<uint32_t>(options_->receive_low_water);
  if (options_->receive_buffer_set || options_->receive_buffer > net().profile().tcp.rmem[1]) {
    settings.receive_buffer = static_cast<uint32_t>(options_->receive_buffer);
  }
  if (options_->send_buffer_set) {
    settings.send_buffer = static_cast<uint32_t>(options_->send_buffer);
  }
  if (settings != tcb_.settings()) tcb_.EditSettings() = settings;
}

void TcpSocket::OnOptionSet(int level, int name) {
  SyncSettings();
  if (level != SOL_SOCKET || closed() || listening()) return;
  if (name == SO_RCVLOWAT) WakeReaders();
  if (name == SO_KEEPALIVE) tcb_.RearmKeepalive(net().now());
  Rearm();
}

void TcpSocket::DescribeForOptions(OptionContext& context) const {
  context.listening = listening();
  // The route of an attempt stays with the socket until the attempt's end has been told.
  context.connected = route_->mtu != 0 && !listening();
  context.path_mtu = LargestOn(route_->mtu, remote().address);
  context.receive_buffer = tcb_.ReceiveBuffer();
  context.send_buffer = tcb_.SendBuffer();
  context.largest_receive_buffer = net().profile().tcp.rmem[2];
}

Result<size_t> TcpSocket::GetProtocolOption(int, int name, absl::Span<uint8_t> value) {
  if (dead_) return Cause::kSocketDead;
  if (IsLinuxOnly(name) && !rules().linux_tcp_options) return Cause::kOptionUnknown;
  const TcpSettings& settings = tcb_.settings();
  const TcpState state = listening()     ? TcpState::kListen
                         : left_network_ ? TcpState::kClosed
                                         : tcb_.state();
  switch (name) {
    case TCP_NODELAY:
      return WriteIntOption(settings.no_delay ? 1 : 0, value);
    case TCP_CORK:
      return WriteIntOption(settings.cork ? 1 : 0, value);
    case TCP_QUICKACK:
      return WriteIntOption(tcb_.quick_ack() ? 1 : 0, value);
    case TCP_WINDOW_CLAMP:
      return WriteIntOption(closed() || listening() ? settings.window_clamp : tcb_.WindowClamp(),
                            value);
    case TCP_MAXSEG: {
      const bool open = !closed() && !listening();
      const int64_t chosen =
          settings.max_segment != 0 ? settings.max_segment : net().profile().tcp.mssdflt;
      return WriteIntOption(open ? tcb_.SendMss() : chosen, value);
    }
    case TCP_INFO: {
      LinuxTcpInfo info = MakeTcpInfo(tcb_, state, net().now());
      info.known.tcpi_pmtu = route_->mtu;
      const size_t size = std::min(value.size(), sizeof info);
      std::memcpy(value.data(), &info, size);
      return size;
    }
    default:
      break;
  }
  const NumberRow* row = FindNumber(name, rules().linux_tcp_options);
  if (row == nullptr) return Cause::kOptionUnknown;
  return WriteIntOption(row->get(settings, net().profile().tcp), value);
}

Result<> TcpSocket::SetProtocolOption(int, int name, absl::Span<const uint8_t> value,
                                      const Credentials&) {
  if (dead_) return Cause::kSocketDead;
  const Ref<Socket> alive = SelfReference();
  if (IsLinuxOnly(name) && !rules().linux_tcp_options) return Cause::kOptionUnknown;
  const Result<int64_t> number = ReadIntOption(value);
  if (!number.ok()) return number.cause();
  TcpSettings& settings = tcb_.EditSettings();
  TcpHost::Scratch actions(TcpHost::Of(net()));
  const bool open = !closed() && !handshaking() && !listening();
  switch (name) {
    case TCP_NODELAY:
      settings.no_delay = *number != 0;
      if (open && settings.no_delay) tcb_.Push(net().now(), /*all=*/true, actions.get());
      break;
    case TCP_CORK:
      settings.cork = *number != 0;
      if (open && !settings.cork) tcb_.Push(net().now(), settings.no_delay, actions.get());
      break;
    case TCP_QUICKACK:
      tcb_.SetQuickAck(net().now(), *number != 0, actions.get());
      break;
    case TCP_WINDOW_CLAMP:
      settings.window_clamp =
          *number == 0 ? 0 : static_cast<uint32_t>(std::max(*number, kMinWindowClamp));
      break;
    case TCP_MAXSEG:
      if (*number != 0 && (*number < kMinMaxSegment || *number > kMaxMaxSegment)) {
        return Cause::kOptionValueInvalid;
      }
      settings.max_segment = static_cast<uint16_t>(*number);
      break;
    default: {
      const NumberRow* row = FindNumber(name, rules().linux_tcp_options);
      if (row == nullptr) return Cause::kOptionUnknown;
      if (*number < row->min || *number > row->max) return Cause::kOptionValueInvalid;
      row->set(settings, *number);
      if (open) tcb_.RearmKeepalive(net().now());
      // tcp(7): whoever waits to write looks again.
      if (name == TCP_NOTSENT_LOWAT) actions.get()->wake_writers = tcb_.HasWriteSpace();
      break;
    }
  }
  if (!closed() && !listening()) Perform(*actions);
  return {};
}

}  // namespace drywire
