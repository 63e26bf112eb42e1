#include "tools/pkt/flow.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "stack/base/bytes.h"
#include "stack/wire/icmp.h"
#include "stack/wire/option_layout.h"
#include "stack/wire/segment.h"
#include "tools/pkt/syntax.h"

namespace drywire::pkt {

Flow* FlowTable::NewFlow() {
  flows_.push_back(std::make_unique<Flow>());
  return flows_.back().get();
}

Flow* FlowTable::Find(int script_fd) {
  for (auto it = flows_.rbegin(); it != flows_.rend(); ++it) {
    if ((*it)->script_fd == script_fd) return it->get();
  }
  return nullptr;
}

std::optional<int> FlowTable::LiveFd(int script_fd) const {
  const auto found = open_fds_.find(script_fd);
  if (found == open_fds_.end()) return std::nullopt;
  return found->second;
}

void FlowTable::OnOpen(int script_fd, int fd) { open_fds_[script_fd] = fd; }

void FlowTable::OnSocket(int script_fd, int fd, int type, int protocol) {
  OnOpen(script_fd, fd);
  Flow* flow = NewFlow();
  flow->script_fd = script_fd;
  flow->fd = fd;
  flow->datagram = (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_DGRAM;
  flow->protocol = protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6 ? IpProtocol::kIcmp
                   : flow->datagram                                       ? IpProtocol::kUdp
                                                                          : IpProtocol::kTcp;
  flow->local = {config_->local, config_->bind_port};
  under_test_ = flow;
}

void FlowTable::OnListen(int script_fd) {
  Flow* flow = Find(script_fd);
  if (flow != nullptr) flow->state = Flow::State::kListening;
}

void FlowTable::OnConnect(int script_fd, bool dissolves) {
  Flow* flow = Find(script_fd);
  if (flow == nullptr) return;
  if (dissolves) {
    flow->state = Flow::State::kNew;
    return;
  }
  if (flow->state != Flow::State::kNew) return;
  flow->state = Flow::State::kConnecting;
  flow->remote = {config_->remote, config_->connect_port};
}

bool FlowTable::OnAccept(int script_fd, int fd) {
  for (const std::unique_ptr<Flow>& flow : flows_) {
    if (flow->fd != -1 ||
        (flow->state != Flow::State::kSynAckSent && flow->state != Flow::State::kSynAckAcked)) {
      continue;
    }
    flow->script_fd = script_fd;
    flow->fd = fd;
    OnOpen(script_fd, fd);
    return true;
  }
  return false;
}

// The child of a listener that the script's segment begins. Also without any socket, or with one
// that neither listens nor connects: a script may knock at a closed port.
Flow* FlowTable::Passive(const PacketSpec& spec) {
  if (spec.outbound || spec.tcp() == nullptr) return nullptr;
  const bool alone = under_test_ != nullptr && under_test_->state == Flow::State::kNew &&
                     under_test_->protocol == IpProtocol::kTcp;
  if (under_test_ != nullptr && !alone && under_test_->state != Flow::State::kListening) {
    return nullptr;
  }
  Flow* flow = NewFlow();
  flow->state = Flow::State::kSegmentReceived;
  flow->remote_isn = spec.tcp()->seq;
  flow->remote = {config_->remote, next_port_++};
  flow->local = {config_->local, config_->bind_port};
  under_test_ = flow;
  return flow;
}

Flow* FlowTable::ForScriptPacket(const PacketSpec& spec) {
  if (Flow* flow = Passive(spec); flow != nullptr) return flow;
  const TcpSpec* tcp = spec.tcp();
  if (tcp != nullptr && spec.outbound && under_test_ != nullptr &&
      under_test_->state == Flow::State::kConnecting && (tcp->flags & kSyn) != 0 &&
      (tcp->flags & kAck) == 0) {
    under_test_->state = Flow::State::kSynSent;
    under_test_->script_local_isn = tcp->seq;
  }
  if (under_test_ != nullptr && under_test_->protocol == IpProtocol::kUdp && tcp != nullptr) {
    return nullptr;
  }
  return under_test_;
}

bool FlowTable::ClaimSent(const Packet& packet) {
  Flow* flow = under_test_;
  if (flow == nullptr) return false;
  const Segment* segment = packet.segment();
  const Datagram* datagram = packet.datagram();
  if (packet.destination != flow->remote.address) return false;
  if (packet.icmp() != nullptr) return packet.source == flow->local.address;
  if (segment == nullptr && datagram == nullptr) return false;
  const Endpoint source{packet.source,
                        segment != nullptr ? segment->source_port : datagram->source_port};
  const uint16_t to = segment != nullptr ? segment->destination_port : datagram->destination_port;
  if (to != flow->remote.port) return false;
  const bool opens = segment != nullptr ? flow->state == Flow::State::kSynSent &&
                                              segment->Has(kSyn) && !segment->Has(kAck)
                                        : flow->state == Flow::State::kConnecting;
  if (opens) {
    flow->local = source;
    if (segment != nullptr) flow->local_isn = segment->seq.value();
    return true;
  }
  return source == flow->local;
}

// --- From the script to the wire ---

namespace {

using Kind = TcpOption::Kind;

void AppendOther(const std::vector<uint8_t>& option, std::vector<uint8_t>* bytes) {
  bytes->insert(bytes->end(), option.begin(), option.end());
}

std::vector<uint8_t> FastOpenBytes(const TcpOption& option) {
  std::vector<uint8_t> bytes;
  if (option.kind == Kind::kFastOpen) {
    bytes = {tcp_option::kFastOpen, static_cast<uint8_t>(2 + option.bytes.size())};
  } else {
    bytes = {254, static_cast<uint8_t>(4 + option.bytes.size()), 0xf9, 0x89};
  }
  AppendOther(option.bytes, &bytes);
  return bytes;
}

std::string MapTimestamps(const TcpOption& option, const Config& config, const Flow& flow,
                          bool has_ack, TcpOptions* options) {
  options->has_timestamps = true;
  options->ts_val = option.value;
  options->ts_ecr = option.echo;
  if (!has_ack || option.absolute_echo) return "";
  const auto sent = flow.timestamps.find(option.echo);
  if (sent != flow.timestamps.end()) {
    options->ts_ecr = sent->second;
  } else if (config.ts_ecr_scaled && flow.has_first_timestamp) {
    options->ts_ecr = option.echo - flow.first_script_timestamp + flow.first_timestamp;
  } else {
    return absl::StrCat("TS ecr ", option.echo, " echoes no TS val that was sent before");
  }
  return "";
}

std::string MapOptions(const TcpSpec& tcp, const Config& config, const Flow& flow,
                       uint32_t ack_offset, TcpOptions* options) {
  std::vector<uint8_t> other;
  for (const TcpOption& option : tcp.options) {
    switch (option.kind) {
      case Kind::kNop:
        break;
      case Kind::kEol:
        options->other_options = Bytes::Copy(other);
        return "";
      case Kind::kMss:
        options->has_mss = true;
        options->mss = static_cast<uint16_t>(option.value);
        break;
      case Kind::kWindowScale:
        options->has_window_scale = true;
        options->window_scale = static_cast<uint8_t>(option.value);
        break;
      case Kind::kSackPermitted:
        options->sack_permitted = true;
        break;
      case Kind::kSack:
        options->sack_count = 0;
        for (const auto& [left, right] : option.blocks) {
          options->sack[options->sack_count++] = {Seq(left + ack_offset), Seq(right + ack_offset)};
        }
        break;
      case Kind::kTimestamps: {
        const std::string error =
            MapTimestamps(option, config, flow, (tcp.flags & kAck) != 0, options);
        if (!error.empty()) return error;
        break;
      }
      case Kind::kFastOpen:
      case Kind::kFastOpenExperimental:
        AppendOther(FastOpenBytes(option), &other);
        break;
      case Kind::kMd5:
        return "TCP MD5 signatures are not modelled";
      case Kind::kOther:
        AppendOther(option.bytes, &other);
        break;
    }
  }
  options->other_options = Bytes::Copy(other);
  return options->EncodedLength() <= kMaxTcpOptionsLength ? ""
                                                          : "the options are longer than 40 bytes";
}

std::string MapTcp(const TcpSpec& tcp, const Config& config, Flow* flow, Packet* packet) {
  const bool syn = (tcp.flags & kSyn) != 0;
  const bool ack = (tcp.flags & kAck) != 0;
  if (flow->state == Flow::State::kSynAckSent && ack) {
    flow->state = Flow::State::kSynAckAcked;
  } else if (flow->state == Flow::State::kSynSent && syn && ack) {
    flow->state = Flow::State::kSynAcked;
    flow->remote_isn = tcp.seq;
  }
  Segment segment;
  segment.source_port = tcp.source_port != 0 ? tcp.source_port : flow->remote.port;
  segment.destination_port = tcp.destination_port != 0 ? tcp.destination_port : flow->local.port;
  segment.flags = tcp.flags;
  segment.seq = Seq(tcp.seq + (tcp.absolute_seq ? 0 : flow->RemoteOffset(syn)));
  const uint32_t ack_offset = flow->LocalOffset(syn);
  segment.ack = Seq(ack ? tcp.ack.value_or(0) + ack_offset : tcp.ack.value_or(0));
  segment.window = tcp.window.value_or(0);
  segment.urgent = tcp.urgent;
  segment.payload = Bytes::Zeros(tcp.length);
  std::string error = MapOptions(tcp, config, *flow, ack_offset, &segment.options);
  packet->body = std::move(segment);
  return error;
}

std::string MapIcmp(const IcmpSpec& icmp, const Config& config, const Flow& flow, Packet* packet) {
  IcmpMessage message;
  message.v6 = config.wire_is_v6();
  if (!FindIcmp(message.v6, icmp.type, icmp.code, &message.type, &message.code)) {
    return absl::StrCat("there is no ICMP", message.v6 ? "v6" : "", " ", icmp.type, " ", icmp.code);
  }
  message.rest = icmp.mtu.value_or(0);
  if (icmp.echo_id != 0) message.rest = uint32_t{icmp.echo_id} << 16;
  if (message.IsError()) {
    QuotedPacket& quoted = message.quoted;
    quoted.source = flow.local.address;
    quoted.destination = flow.remote.address;
    quoted.source_port = flow.local.port;
    quoted.destination_port = flow.remote.port;
    quoted.protocol =
        icmp.quote == IcmpSpec::Quote::kUdp || flow.datagram ? IpProtocol::kUdp : IpProtocol::kTcp;
    quoted.seq = Seq(icmp.seq + flow.LocalOffset(false));
    quoted.length =
        (message.v6 ? 40 : 20) + (quoted.protocol == IpProtocol::kUdp ? 8 : 20) + icmp.length;
  }
  packet->body = std::move(message);
  return "";
}

}  // namespace

std::string MapInbound(const PacketSpec& spec, const Config& config, Flow* flow, Packet* packet) {
  packet->source = flow->remote.address.has_value() ? flow->remote.address : config.remote;
  packet->destination = flow->local.address;
  packet->ttl = spec.ip.ttl.value_or(255);
  packet->tos = spec.ip.tos;
  packet->flow_label = spec.ip.flow_label.value_or(0);
  if (const TcpSpec* tcp = spec.tcp(); tcp != nullptr) {
    return MapTcp(*tcp, config, flow, packet);
  }
  if (const IcmpSpec* icmp = spec.icmp(); icmp != nullptr) {
    return MapIcmp(*icmp, config, *flow, packet);
  }
  const UdpSpec& udp = *spec.udp();
  Datagram datagram;
  const uint16_t remote = flow->remote.port != 0 ? flow->remote.port : config.connect_port;
  datagram.source_port = udp.source_port != 0 ? udp.source_port : remote;
  datagram.destination_port = udp.destination_port != 0 ? udp.destination_port : flow->local.port;
  datagram.payload = Bytes::Zeros(udp.length);
  packet->body = std::move(datagram);
  return "";
}

}  // namespace drywire::pkt
