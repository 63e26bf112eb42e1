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
  Push(Received{payload, source});
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

void UdpPcb::Push(Received received) {
  if (queued_ == ring_.size()) {
    std::vector<Received> larger(ring_.empty() ? 8 : ring_.size() * 2);
    for (size_t i = 0; i < queued_; ++i) larger[i] = At(i);
    ring_ = std::move(larger);
    first_ = 0;
  }
  ring_[(first_ + queued_++) & (ring_.size() - 1)] = std::move(received);
}

void UdpPcb::Pop() {
  charged_ -= Charge(First()->payload.size());
  ring_[first_] = Received();
  first_ = (first_ + 1) & (ring_.size() - 1);
  --queued_;
}

size_t UdpPcb::Readable() const {
  if (queued_ == 0) return 0;
  if (!profile_->readable_counts_all) return First()->payload.size();
  size_t total = 0;
  for (size_t i = 0; i < queued_; ++i) total += At(i).payload.size();
  return total;
}

Cause UdpPcb::TakeError() { return std::exchange(error_, Cause::kNone); }

void UdpPcb::Clear() {
  while (queued_ != 0) Pop();
  error_ = Cause::kNone;
  peer_ = Endpoint();
}

}  // namespace drywire
