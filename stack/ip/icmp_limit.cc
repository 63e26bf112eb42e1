#include "stack/ip/icmp_limit.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "stack/wire/icmp.h"

namespace drywire {
namespace {

// inet_peer_xrlim_allow of Linux: tokens are time; six errors fit into a full bucket.
constexpr int64_t kBurst = 6;
constexpr Duration kJiffy = Duration::Millis(4);
constexpr size_t kSweepAbove = 1024;

}  // namespace

bool IcmpLimit::AllowError(Instant now, const IcmpError& error, const Address& destination,
                           bool loopback) {
  const bool unreachable = error.type == (error.v6 ? icmp6::kUnreachable : icmp4::kUnreachable);
  // Path MTU discovery depends on these: neither system limits them.
  if (error.v6 ? error.type == icmp6::kPacketTooBig
               : unreachable && error.code == icmp4::kFragmentationNeeded) {
    return true;
  }
  if (profile_.icmp_limit == IcmpLimitRule::kPerSecond) {
    return AllowPerSecond(now, unreachable ? unreachable_ : other_);
  }
  const bool limited = error.v6 || (error.type < 32 && (profile_.icmp_ratemask >> error.type & 1));
  const Duration interval =
      Duration::Millis(error.v6 ? profile_.icmp_v6_ratelimit_ms : profile_.icmp_ratelimit_ms);
  if (loopback || !limited || interval == Duration::Zero()) return true;
  Bucket& bucket = Refill(now, destination, interval * kBurst);
  if (bucket.tokens < interval) return false;
  bucket.tokens -= interval;
  return true;
}

bool IcmpLimit::AllowRouteError(Instant now, const Address& source) {
  if (profile_.route_error_cost == 0 || !source.is_v4()) return true;
  const Duration cost = kJiffy * profile_.route_error_cost;
  Bucket& bucket = Refill(now, source, kJiffy * profile_.route_error_burst);
  if (bucket.tokens < cost) return false;
  bucket.tokens -= cost;
  return true;
}

IcmpLimit::Bucket& IcmpLimit::Refill(Instant now, const Address& address, Duration most) {
  const int64_t interval = std::max(profile_.icmp_ratelimit_ms, profile_.icmp_v6_ratelimit_ms);
  const Duration full =
      std::max(Duration::Millis(interval) * kBurst, kJiffy * profile_.route_error_burst);
  if (buckets_.size() > kSweepAbove) {
    // Full buckets are as good as none. The order of erasing leaves no mark.
    absl::erase_if(buckets_, [&](const auto& entry) {
      return entry.second.tokens + (now - entry.second.last) >= full;
    });
  }
  Bucket& bucket = buckets_.try_emplace(address, Bucket{full, now}).first->second;
  bucket.tokens = std::min(bucket.tokens + (now - bucket.last), most);
  bucket.last = now;
  return bucket;
}

bool IcmpLimit::AllowReset(Instant now) {
  return profile_.icmp_limit != IcmpLimitRule::kPerSecond || AllowPerSecond(now, reset_);
}

bool IcmpLimit::AllowPerSecond(Instant now, Second& kind) {
  if (profile_.icmplim == 0) return true;
  if (kind.count == 0 || now - kind.start >= Duration::Seconds(1)) kind = {now, 0};
  return ++kind.count <= profile_.icmplim;
}

void IcmpLimit::Clear() {
  buckets_.clear();
  unreachable_ = other_ = reset_ = Second();
}

}  // namespace drywire
