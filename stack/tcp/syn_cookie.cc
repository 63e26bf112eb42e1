#include "stack/tcp/syn_cookie.h"

#include <algorithm>

#include "stack/tcp/isn.h"

namespace drywire {
namespace {

constexpr uint16_t kLinuxMss[] = {536, 1300, 1440, 1460};
constexpr uint16_t kBsdMss[] = {216, 536, 1200, 1360, 1400, 1440, 1452, 1460};
constexpr uint8_t kBsdScale[] = {0, 1, 2, 4, 6, 7, 8, 9};
constexpr int kCookieBits = 24;
constexpr uint32_t kCookieMask = (1u << kCookieBits) - 1;
constexpr uint32_t kMaxAge = 2;  // minutes
// In the low bits of Linux's timestamp: window scale (15: none), SACK.
constexpr uint32_t kTsScaleMask = 0xf;
constexpr uint32_t kTsSack = 0x10;
constexpr uint32_t kTsMask = 0x3f;

bool OptionsInIsn(const TcpProfile& profile) { return profile.request_rule == RequestRule::kBsd; }

template <typename T, size_t n>
uint32_t LargestNotAbove(const T (&table)[n], uint32_t value) {
  uint32_t index = n - 1;
  while (index > 0 && table[index] > value) --index;
  return index;
}

uint32_t Minute(Instant now) { return static_cast<uint32_t>(now.nanos() / 60'000'000'000); }

}  // namespace

uint32_t SynCookies::Hash(const ConnectionId& id, uint64_t salt, int which) const {
  return static_cast<uint32_t>(MixBits(HashConnection(id, secret_[which]) + salt));
}

uint32_t SynCookies::DataHash(const TcpProfile& profile, const ConnectionId& id, Seq irs,
                              uint32_t count) const {
  return Hash(id, OptionsInIsn(profile) ? uint64_t{irs.value()} << 32 | count : count, 1);
}

Seq SynCookies::Encode(const TcpProfile& profile, const ConnectionId& id, Seq irs, Instant now,
                       HandshakeOptions* options) const {
  uint32_t data = 0;
  if (OptionsInIsn(profile)) {
    const uint32_t mss = LargestNotAbove(kBsdMss, options->peer_mss);
    options->peer_mss = kBsdMss[mss];
    data = mss;
    if (options->wscale_on) data |= LargestNotAbove(kBsdScale, options->snd_wscale) << 3;
    if (options->sack_on) data |= 1u << 6;
  } else {
    data = LargestNotAbove(kLinuxMss, options->peer_mss);
    options->peer_mss = kLinuxMss[data];
  }
  const uint32_t count = Minute(now);
  return Seq(Hash(id, 0, 0) + irs.value() + (count << kCookieBits) +
             ((DataHash(profile, id, irs, count) + data) & kCookieMask));
}

uint32_t SynCookies::EncodeTimestamp(const TcpProfile& profile, uint32_t now_ms,
                                     const HandshakeOptions& options) const {
  if (OptionsInIsn(profile)) return now_ms + options.ts_offset;
  const uint32_t bits =
      (options.wscale_on ? options.snd_wscale : kTsScaleMask) | (options.sack_on ? kTsSack : 0);
  uint32_t ts = (now_ms & ~kTsMask) | bits;
  if (ts > now_ms) ts -= kTsMask + 1;
  return ts + options.ts_offset;
}

bool SynCookies::Decode(const TcpProfile& profile, const ConnectionId& id, const Segment& ack,
                        Instant now, HandshakeOptions* options) const {
  const Seq irs = ack.seq - 1;
  uint32_t cookie = (ack.ack - 1).value() - Hash(id, 0, 0) - irs.value();
  const uint32_t age = (Minute(now) - (cookie >> kCookieBits)) & (0xffffffffu >> kCookieBits);
  if (age >= kMaxAge) return false;
  const uint32_t data = (cookie - DataHash(profile, id, irs, Minute(now) - age)) & kCookieMask;
  options->ts_on = ack.options.has_timestamps && profile.timestamps != 0;
  options->ts_recent = ack.options.ts_val;
  if (OptionsInIsn(profile)) {
    if (data >= 128) return false;
    options->peer_mss = kBsdMss[data & 7];
    options->snd_wscale = kBsdScale[data >> 3 & 7];
    options->wscale_on = options->snd_wscale != 0;
    options->sack_on = (data >> 6 & 1) != 0;
    return true;
  }
  if (data >= 4) return false;
  options->peer_mss = kLinuxMss[data];
  if (!options->ts_on || ack.options.ts_ecr == 0) return true;
  const uint32_t bits = ack.options.ts_ecr - options->ts_offset;
  options->sack_on = (bits & kTsSack) != 0 && profile.sack != 0;
  options->wscale_on = (bits & kTsScaleMask) != kTsScaleMask && profile.window_scaling != 0;
  if (options->wscale_on) options->snd_wscale = bits & kTsScaleMask;
  return true;
}

}  // namespace drywire
