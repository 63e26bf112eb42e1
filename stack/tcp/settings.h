// What a program may set on one TCP socket: the values of its socket options.
//
// Zero means "not set: the profile's value" unless said otherwise. Accepted connections copy their
// listener's. Source: tcp(7) of Linux, tcp(4) of FreeBSD.
#ifndef DRYWIRE_STACK_TCP_SETTINGS_H_
#define DRYWIRE_STACK_TCP_SETTINGS_H_

#include <cstdint>

#include "sim/core/time.h"
#include "stack/base/shared_value.h"
#include "stack/personality/tcp_profile.h"

namespace drywire {

struct TcpSettings {
  uint32_t receive_buffer = 0;   // SO_RCVBUF as it reads back; 0: the profile's default
  uint32_t send_buffer = 0;      // SO_SNDBUF as it reads back; 0: the profile's default
  uint32_t user_timeout_ms = 0;  // TCP_USER_TIMEOUT
  uint32_t low_water = 1;        // SO_RCVLOWAT
  uint32_t window_clamp = 0;     // TCP_WINDOW_CLAMP, bytes
  uint32_t notsent_lowat = 0;    // TCP_NOTSENT_LOWAT, bytes
  int16_t keep_idle_s = 0;       // TCP_KEEPIDLE
  int16_t keep_interval_s = 0;   // TCP_KEEPINTVL
  int16_t keepinit_s = 0;        // TCP_KEEPINIT (FreeBSD)
  int16_t linger2_s = 0;         // TCP_LINGER2; -1: no FIN-WAIT-2 for orphans
  uint16_t max_segment = 0;      // TCP_MAXSEG
  uint8_t syn_count = 0;         // TCP_SYNCNT
  uint8_t keep_count = 0;        // TCP_KEEPCNT
  uint8_t defer_accept = 0;      // TCP_DEFER_ACCEPT, in SYN-ACK retransmissions
  bool quick_ack = true;         // TCP_QUICKACK, before the connection opens
  bool no_delay = false;         // TCP_NODELAY
  bool cork = false;             // TCP_CORK, TCP_NOPUSH
  bool keepalive = false;        // SO_KEEPALIVE
  bool no_options = false;       // TCP_NOOPT (FreeBSD)
  bool tells_unread = false;     // TCP_INQ
  bool oob_inline = false;       // SO_OOBINLINE

  // What is sent in a segment, too, is at most TCP_MAXSEG.
  uint16_t ClampMss(uint16_t offered) const {
    return max_segment != 0 && max_segment < offered ? max_segment : offered;
  }
  Duration KeepIdle(const TcpProfile& p) const {
    return Duration::Seconds(keep_idle_s != 0 ? keep_idle_s : p.keepalive_time_s);
  }
  Duration KeepInterval(const TcpProfile& p) const {
    return Duration::Seconds(keep_interval_s != 0 ? keep_interval_s : p.keepalive_intvl_s);
  }
  int64_t KeepCount(const TcpProfile& p) const {
    return keep_count != 0 ? keep_count : p.keepalive_probes;
  }
  Duration KeepInit(const TcpProfile& p) const {
    return keepinit_s != 0 ? Duration::Seconds(keepinit_s) : Duration::Millis(p.keepinit_ms);
  }
  // How long an orphan stays in FIN-WAIT-2; requires linger2_s >= 0.
  Duration FinTimeout(const TcpProfile& p) const {
    return Duration::Seconds(linger2_s != 0 ? linger2_s : p.fin_timeout_s);
  }
  // How many bytes may wait to be sent before a writer must.
  uint32_t NotsentLowat(const TcpProfile& p) const {
    return notsent_lowat != 0 ? notsent_lowat : static_cast<uint32_t>(p.notsent_lowat);
  }
  bool KeepsAlive(const TcpProfile& p) const { return keepalive || p.always_keepalive != 0; }

  friend bool operator==(const TcpSettings&, const TcpSettings&) = default;
};

// As sockets hold them: most have the same.
using SharedSettings = SharedValue<TcpSettings>;

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_SETTINGS_H_
