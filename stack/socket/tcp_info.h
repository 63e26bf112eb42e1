// Linux's struct tcp_info (include/uapi/linux/tcp.h) with the members that the C library's
// <netinet/tcp.h> does not know, which come after its own.
#ifndef DRYWIRE_STACK_SOCKET_TCP_INFO_H_
#define DRYWIRE_STACK_SOCKET_TCP_INFO_H_

#include <netinet/tcp.h>

#include <cstddef>
#include <cstdint>

namespace drywire {

struct LinuxTcpInfo {
  tcp_info known = {};
  uint64_t tcpi_pacing_rate = 0;
  uint64_t tcpi_max_pacing_rate = 0;
  uint64_t tcpi_bytes_acked = 0;
  uint64_t tcpi_bytes_received = 0;
  uint32_t tcpi_segs_out = 0;
  uint32_t tcpi_segs_in = 0;
  uint32_t tcpi_notsent_bytes = 0;
  uint32_t tcpi_min_rtt = 0;
  uint32_t tcpi_data_segs_in = 0;
  uint32_t tcpi_data_segs_out = 0;
  uint64_t tcpi_delivery_rate = 0;
  uint64_t tcpi_busy_time = 0;
  uint64_t tcpi_rwnd_limited = 0;
  uint64_t tcpi_sndbuf_limited = 0;
  uint32_t tcpi_delivered = 0;
  uint32_t tcpi_delivered_ce = 0;
  uint64_t tcpi_bytes_sent = 0;
  uint64_t tcpi_bytes_retrans = 0;
  uint32_t tcpi_dsack_dups = 0;
  uint32_t tcpi_reord_seen = 0;
  uint32_t tcpi_rcv_ooopack = 0;
  uint32_t tcpi_snd_wnd = 0;
  uint32_t tcpi_rcv_wnd = 0;
  uint32_t tcpi_rehash = 0;
  uint16_t tcpi_total_rto = 0;
  uint16_t tcpi_total_rto_recoveries = 0;
  uint32_t tcpi_total_rto_time = 0;
  uint32_t accurate_ecn[8] = {};  // eight members about ECN
};
static_assert(offsetof(LinuxTcpInfo, tcpi_pacing_rate) == 104);
static_assert(offsetof(LinuxTcpInfo, tcpi_rcv_wnd) == 232);
static_assert(sizeof(LinuxTcpInfo) == 280);  // what getsockopt() gives on 6.18

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_TCP_INFO_H_
