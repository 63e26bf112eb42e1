#include "stack/tcp/rto.h"

#include <algorithm>

namespace drywire {
namespace {

constexpr int kBsdMaxShift = 9;

}  // namespace

void RttEstimator::Sample(const TcpProfile& profile, Duration rtt, Seq snd_una, Seq snd_nxt) {
  const int64_t m = std::clamp<int64_t>(rtt.micros(), 0, int64_t{1} << 28);
  if (profile.rto_rule == RtoRule::kLinux) {
    LinuxSample(static_cast<uint32_t>(profile.rto_min_ms * 1000), m, snd_una, snd_nxt);
  } else {
    BsdSample(m);
  }
}

void RttEstimator::LinuxSample(uint32_t min_us, int64_t m, Seq snd_una, Seq snd_nxt) {
  if (srtt_us_ == 0) {
    srtt_us_ = static_cast<uint32_t>(std::max<int64_t>(1, m << 3));
    mdev_us_ = static_cast<uint32_t>(m << 1);
    rttvar_us_ = std::max(mdev_us_, min_us);
    mdev_max_us_ = rttvar_us_;
    rtt_seq_ = snd_nxt;
    return;
  }
  m -= srtt_us_ >> 3;
  srtt_us_ = static_cast<uint32_t>(std::max<int64_t>(1, srtt_us_ + m));
  const bool faster = m < 0;
  m = (faster ? -m : m) - (mdev_us_ >> 2);
  // A round trip that got shorter must not inflate the deviation as much as a longer one.
  if (faster && m > 0) m >>= 3;
  mdev_us_ = static_cast<uint32_t>(mdev_us_ + m);
  if (mdev_us_ > mdev_max_us_) {
    mdev_max_us_ = mdev_us_;
    rttvar_us_ = std::max(rttvar_us_, mdev_max_us_);
  }
  if (snd_una.After(rtt_seq_)) {
    if (mdev_max_us_ < rttvar_us_) rttvar_us_ -= (rttvar_us_ - mdev_max_us_) >> 2;
    rtt_seq_ = snd_nxt;
    mdev_max_us_ = min_us;
  }
}

void RttEstimator::BsdSample(int64_t m) {
  if (srtt_us_ == 0) {
    srtt_us_ = static_cast<uint32_t>(std::max<int64_t>(1, m << 3));
    mdev_us_ = static_cast<uint32_t>(m << 1);
  } else {
    const int64_t delta = m - (srtt_us_ >> 3);
    srtt_us_ = static_cast<uint32_t>(std::max<int64_t>(1, srtt_us_ + delta));
    const int64_t deviation = (delta < 0 ? -delta : delta) - (mdev_us_ >> 2);
    mdev_us_ = static_cast<uint32_t>(std::max<int64_t>(1, mdev_us_ + deviation));
  }
  rttvar_us_ = mdev_us_;
}

void RttEstimator::FallBack(const TcpProfile& profile) {
  if (srtt_us_ != 0 || profile.rto_rule != RtoRule::kLinux) return;
  rttvar_us_ = mdev_us_ = mdev_max_us_ = 3'000'000;
}

Duration RttEstimator::Rto(const TcpProfile& profile) const {
  if (srtt_us_ == 0) {
    return rttvar_us_ == 0 ? Duration::Millis(profile.rexmit_initial_ms)
                           : Duration::Micros(rttvar_us_);
  }
  const Duration high = Duration::Millis(profile.rto_max_ms);
  if (profile.rto_rule == RtoRule::kBsd) {
    const Duration sum = Duration::Micros((srtt_us_ >> 3) + rttvar_us_);
    return std::min(std::max(sum, Duration::Millis(profile.rto_min_ms)), high);
  }
  // Whole ticks; and a round trip takes some time, however little. In 32 bits, for every segment
  // asks: both terms are below 2^30.
  const uint32_t least = std::max<uint32_t>(srtt_us_ >> 3, 1) + rttvar_us_;
  const auto tick = static_cast<uint32_t>(profile.tick.micros());
  return std::min(Duration::Micros(int64_t{(least + tick - 1) / tick} * tick), high);
}

Duration RttEstimator::BackedOff(const TcpProfile& profile, int shift) const {
  if (shift == 0 && profile.rexmit_slop_ms == 0) {
    return std::min(Rto(profile), Duration::Millis(profile.rto_max_ms));
  }
  // FreeBSD's tcp_backoff[] ends at 512; Linux is limited by the maximum alone.
  shift = std::min(shift, profile.rto_rule == RtoRule::kBsd ? kBsdMaxShift : 30);
  // FreeBSD adds no slop to the very first timeout, which no measurement or back-off made.
  const bool first_syn = srtt_us_ == 0 && shift == 0;
  const Duration slop = first_syn ? Duration() : Duration::Millis(profile.rexmit_slop_ms);
  return std::min(Rto(profile) * (int64_t{1} << shift) + slop,
                  Duration::Millis(profile.rto_max_ms));
}

Duration RttEstimator::BsdPersist(const TcpProfile& profile, int shift) const {
  const Duration base = srtt() * 4 + rttvar() * 2;
  return std::clamp(base * (int64_t{1} << std::min(shift, kBsdMaxShift)) +
                        Duration::Millis(profile.rexmit_slop_ms),
                    Duration::Millis(profile.persmin_ms), Duration::Millis(profile.persmax_ms));
}

Duration RttEstimator::BsdTotalBackOff(const TcpProfile& profile) const {
  return Rto(profile) * 2559;
}

}  // namespace drywire
