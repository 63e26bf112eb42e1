// Round-trip estimation and the retransmission timeout (RFC 6298), in whole microseconds.
//
// Both systems smooth as the RFC says. Linux keeps the largest deviation of the last round trip and
// lets it decay, with rto_min as its floor; FreeBSD floors the sum and adds a slop. Linux's timeout
// is a number of ticks (TCP_INFO shows 204 ms on loopback), which decides when a connection is
// given up: its doublings are compared with a time made of rto_min. No timer is late here. Source:
// net/ipv4/tcp_input.c (tcp_rtt_estimator) as of Linux 6; sys/netinet/tcp_var.h, tcp_input.c,
// tcp_timer.c and tcp_output.c of FreeBSD 14.
#ifndef DRYWIRE_STACK_TCP_RTO_H_
#define DRYWIRE_STACK_TCP_RTO_H_

#include <cstdint>

#include "sim/core/time.h"
#include "stack/base/seq.h"
#include "stack/personality/tcp_profile.h"

namespace drywire {

class RttEstimator {
 public:
  // A round trip was measured; `snd_una` and `snd_nxt` as they are now.
  void Sample(const TcpProfile& profile, Duration rtt, Seq snd_una, Seq snd_nxt);
  // The handshake gave no sample (RFC 6298 5.7): begin with 3 s.
  void FallBack(const TcpProfile& profile);

  bool has_sample() const { return srtt_us_ != 0; }
  // Smoothed round trip; zero before the first sample.
  Duration srtt() const { return Duration::Micros(srtt_us_ >> 3); }
  // Four times the deviation: what RFC 6298 adds to SRTT.
  Duration rttvar() const { return Duration::Micros(rttvar_us_); }
  // The timeout without back-off.
  Duration Rto(const TcpProfile& profile) const;
  // The timeout after `shift` doublings, within the system's limits.
  Duration BackedOff(const TcpProfile& profile, int shift) const;
  // FreeBSD's tcp_setpersist(): time to the next window probe, within persmin and persmax. It takes
  // the estimates as they are stored, times 32 and 16, for plain ones.
  Duration BsdPersist(const TcpProfile& profile, int shift) const;
  // How long all retransmissions together would take without limits: FreeBSD's tcp_totbackoff.
  Duration BsdTotalBackOff(const TcpProfile& profile) const;

 private:
  void LinuxSample(uint32_t min_us, int64_t m, Seq snd_una, Seq snd_nxt);
  void BsdSample(int64_t m);

  uint32_t srtt_us_ = 0;      // times 8
  uint32_t mdev_us_ = 0;      // times 4
  uint32_t mdev_max_us_ = 0;  // Linux: largest mdev in this round trip
  uint32_t rttvar_us_ = 0;    // times 4; what is added to SRTT
  Seq rtt_seq_;               // Linux: when this is acknowledged a new round trip begins
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_RTO_H_
