#include "stack/udp/udp_pcb.h"

#include <utility>

namespace drywire {
namespace {

// The buffer a datagram is stored in on Linux 6.18: room for headers and bookkeeping, rounded up
// to what the allocator hands out, plus the descriptor. Observed with the default buffer of 212992
// bytes: 256 datagrams of up to 100 bytes, 92 of 700 to 1400, 25 of 4000, 6 of 30000.
int64_t SkbTruesize(size_t payload) {
  constexpr int64_t kDescriptor = 256;
  constexpr int64_t kSmallest = 576;
  constexpr int64_t kOverhead = 364;  // link, IP and UDP headers, struct skb_shared_info
  const int64_t needed = static_cast<int64_t>(payload) + kOverhead;
  if (needed <= kSmallest) return kDescriptor + kSmallest;
  int64_t block = 1024;
  while (block < needed) block *= 2;
  return kDescriptor + block;
}

}  // namespace

bool IsHardUdpError(Cause cause) {
  switch (cause) {
    case Cause::kIcmpProtocolUnreachable:
    case Cause::kIcmpPortUnreachable:
    case Cause::kIcmpNetUnknown:
    case Cause::kIcmpHostUnknown:
    case Cause::kIcmpHostIsolated:
    case Cause::kIcmpNetProhibited:
    case Cause::kIcmpHostProhibited:
    case Cause::kIcmpAdminProhibited:
    case Cause::kIcmpParameterProblem:
    case Cause::kIcmp6AdminProhibited:
    case Cause::kIcmp6PortUnreachable:
    case Cause::kIcmp6PolicyFail:
    case Cause::kIcmp6RejectRoute:
    case Cause::kIcmp6ParameterProblem:
      return true;
    default:
      return false;
  }
}

void UdpPcb::Connect(const Endpoint& peer) {
  peer_ = peer;
  if (profile_->connect_forgets) error_ = Cause::kNone;
}

int64_t UdpPcb::Charge(size_t payload) const {
  constexpr int64_t kSocketAddress = 16;
  return profile_->buffer_rule == UdpBufferRule::kSkbTruesize
             ? SkbTruesize(payload)
             : static_cast<int64_t>(payload) + kSocketAddress;
}

UdpPcb::Arrival UdpPcb::OnDatagram(const Bytes& payload, const Endpoint& source, int64_t buffer) {
  if (connected() &&
      (source.address != peer_.address || (peer_.port != 0 && source.port != peer_.port))) {
    return Arrival::kNotFromPeer;
  }
  const int64_t charge = Charge(payload.size());
  if (charged_ + charge > buffer) return Arrival::kNoRoom;
  charged_ += charge;
  queue_.push_back(Received{payload, source});
  return Arrival::kQueued;
}

bool UdpPcb::OnError(Cause cause, bool fragmentation_matters) {
  // Without a peer nobody could say which of the datagrams failed.
  if (!connected()) return false;
  const bool told = cause == Cause::kIcmpFragmentationNeeded
                        ? fragmentation_matters || profile_->soft_errors_are_told
                        : IsHardUdpError(cause) || profile_->soft_errors_are_told;
  if (told) error_ = cause;
  return told;
}

void UdpPcb::Pop() {
  charged_ -= Charge(queue_.front().payload.size());
  queue_.pop_front();
}

size_t UdpPcb::Readable() const {
  if (queue_.empty()) return 0;
  if (!profile_->readable_counts_all) return queue_.front().payload.size();
  size_t total = 0;
  for (const Received& received : queue_) total += received.payload.size();
  return total;
}

Cause UdpPcb::TakeError() { return std::exchange(error_, Cause::kNone); }

void UdpPcb::Clear() {
  queue_.clear();
  charged_ = 0;
  error_ = Cause::kNone;
  peer_ = Endpoint();
}

}  // namespace drywire
