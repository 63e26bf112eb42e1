#include "tools/pkt/constants.h"

// errqueue.h needs the timespec of time.h.
// clang-format off
#include <time.h>
#include <linux/errqueue.h>
// clang-format on
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace drywire::pkt {
namespace {

constexpr Constant kConstants[] = {
    {"O_RDONLY", O_RDONLY, "files"},
    {"O_WRONLY", O_WRONLY, "files"},
    {"O_RDWR", O_RDWR, "files"},
    {"O_NONBLOCK", O_NONBLOCK, "files"},
    {"O_CREAT", O_CREAT, "files"},
    {"O_TRUNC", O_TRUNC, "files"},
    {"O_APPEND", O_APPEND, "files"},
    {"O_CLOEXEC", O_CLOEXEC, "files"},
    {"F_GETFD", F_GETFD, "files"},
    {"F_SETFD", F_SETFD, "files"},
    {"F_GETFL", F_GETFL, "files"},
    {"F_SETFL", F_SETFL, "files"},
    {"F_DUPFD", F_DUPFD, "files"},
    {"FD_CLOEXEC", FD_CLOEXEC, "files"},
    {"FIONREAD", FIONREAD, "files"},
    {"FIONBIO", FIONBIO, "files"},
    {"SIOCINQ", SIOCINQ, "files"},
    {"SIOCOUTQ", SIOCOUTQ, "files"},
    {"SPLICE_F_MOVE", SPLICE_F_MOVE, "files"},
    {"SPLICE_F_NONBLOCK", SPLICE_F_NONBLOCK, "files"},
    {"AF_UNSPEC", AF_UNSPEC, "address families"},
    {"AF_INET", AF_INET, "address families"},
    {"AF_INET6", AF_INET6, "address families"},
    {"AF_UNIX", AF_UNIX, "address families"},
    {"PF_INET", PF_INET, "address families"},
    {"PF_INET6", PF_INET6, "address families"},
    {"SOCK_STREAM", SOCK_STREAM, "sockets"},
    {"SOCK_DGRAM", SOCK_DGRAM, "sockets"},
    {"SOCK_RAW", SOCK_RAW, "sockets"},
    {"SOCK_NONBLOCK", SOCK_NONBLOCK, "sockets"},
    {"SOCK_CLOEXEC", SOCK_CLOEXEC, "sockets"},
    {"IPPROTO_IP", IPPROTO_IP, "sockets"},
    {"IPPROTO_TCP", IPPROTO_TCP, "sockets"},
    {"IPPROTO_UDP", IPPROTO_UDP, "sockets"},
    {"IPPROTO_ICMP", IPPROTO_ICMP, "sockets"},
    {"IPPROTO_IPV6", IPPROTO_IPV6, "sockets"},
    {"IPPROTO_ICMPV6", IPPROTO_ICMPV6, "sockets"},
    {"INADDR_ANY", INADDR_ANY, "sockets"},
    {"INADDR_LOOPBACK", INADDR_LOOPBACK, "sockets"},
    {"SHUT_RD", SHUT_RD, "sockets"},
    {"SHUT_WR", SHUT_WR, "sockets"},
    {"SHUT_RDWR", SHUT_RDWR, "sockets"},
    {"SOMAXCONN", SOMAXCONN, "sockets"},
    {"SOL_SOCKET", SOL_SOCKET, "levels"},
    {"SOL_TCP", SOL_TCP, "levels"},
    {"SOL_IP", SOL_IP, "levels"},
    {"SOL_IPV6", SOL_IPV6, "levels"},
    {"SO_ACCEPTCONN", SO_ACCEPTCONN, "options of sockets"},
    {"SO_BROADCAST", SO_BROADCAST, "options of sockets"},
    {"SO_DEBUG", SO_DEBUG, "options of sockets"},
    {"SO_DOMAIN", SO_DOMAIN, "options of sockets"},
    {"SO_DONTROUTE", SO_DONTROUTE, "options of sockets"},
    {"SO_ERROR", SO_ERROR, "options of sockets"},
    {"SO_KEEPALIVE", SO_KEEPALIVE, "options of sockets"},
    {"SO_LINGER", SO_LINGER, "options of sockets"},
    {"SO_MARK", SO_MARK, "options of sockets"},
    {"SO_OOBINLINE", SO_OOBINLINE, "options of sockets"},
    {"SO_PRIORITY", SO_PRIORITY, "options of sockets"},
    {"SO_PROTOCOL", SO_PROTOCOL, "options of sockets"},
    {"SO_RCVBUF", SO_RCVBUF, "options of sockets"},
    {"SO_RCVLOWAT", SO_RCVLOWAT, "options of sockets"},
    {"SO_RCVTIMEO", SO_RCVTIMEO, "options of sockets"},
    {"SO_REUSEADDR", SO_REUSEADDR, "options of sockets"},
    {"SO_REUSEPORT", SO_REUSEPORT, "options of sockets"},
    {"SO_SNDBUF", SO_SNDBUF, "options of sockets"},
    {"SO_SNDLOWAT", SO_SNDLOWAT, "options of sockets"},
    {"SO_SNDTIMEO", SO_SNDTIMEO, "options of sockets"},
    {"SO_TIMESTAMP", SO_TIMESTAMP, "options of sockets"},
    {"SO_TIMESTAMPING", SO_TIMESTAMPING, "options of sockets"},
    {"SO_TYPE", SO_TYPE, "options of sockets"},
    {"SO_ZEROCOPY", SO_ZEROCOPY, "options of sockets"},
    {"SO_BUSY_POLL", SO_BUSY_POLL, "options of sockets"},
    {"SO_MAX_PACING_RATE", SO_MAX_PACING_RATE, "options of sockets"},
    {"SO_PEEK_OFF", SO_PEEK_OFF, "options of sockets"},
    {"TCP_NODELAY", TCP_NODELAY, "options of TCP"},
    {"TCP_MAXSEG", TCP_MAXSEG, "options of TCP"},
    {"TCP_CORK", TCP_CORK, "options of TCP"},
    {"TCP_KEEPIDLE", TCP_KEEPIDLE, "options of TCP"},
    {"TCP_KEEPINTVL", TCP_KEEPINTVL, "options of TCP"},
    {"TCP_KEEPCNT", TCP_KEEPCNT, "options of TCP"},
    {"TCP_SYNCNT", TCP_SYNCNT, "options of TCP"},
    {"TCP_LINGER2", TCP_LINGER2, "options of TCP"},
    {"TCP_DEFER_ACCEPT", TCP_DEFER_ACCEPT, "options of TCP"},
    {"TCP_WINDOW_CLAMP", TCP_WINDOW_CLAMP, "options of TCP"},
    {"TCP_INFO", TCP_INFO, "options of TCP"},
    {"TCP_QUICKACK", TCP_QUICKACK, "options of TCP"},
    {"TCP_CONGESTION", TCP_CONGESTION, "options of TCP"},
    {"TCP_MD5SIG", TCP_MD5SIG, "options of TCP"},
    {"TCP_USER_TIMEOUT", TCP_USER_TIMEOUT, "options of TCP"},
    {"TCP_FASTOPEN", TCP_FASTOPEN, "options of TCP"},
    {"TCP_TIMESTAMP", TCP_TIMESTAMP, "options of TCP"},
    {"TCP_NOTSENT_LOWAT", TCP_NOTSENT_LOWAT, "options of TCP"},
    {"TCP_FASTOPEN_CONNECT", TCP_FASTOPEN_CONNECT, "options of TCP"},
    {"TCP_FASTOPEN_KEY", TCP_FASTOPEN_KEY, "options of TCP"},
    {"TCP_FASTOPEN_NO_COOKIE", TCP_FASTOPEN_NO_COOKIE, "options of TCP"},
    {"TCP_INQ", TCP_INQ, "options of TCP"},
    {"TCP_CM_INQ", TCP_CM_INQ, "options of TCP"},
    {"TCP_ZEROCOPY_RECEIVE", TCP_ZEROCOPY_RECEIVE, "options of TCP"},
    {"TCP_SAVE_SYN", TCP_SAVE_SYN, "options of TCP"},
    {"TCP_SAVED_SYN", TCP_SAVED_SYN, "options of TCP"},
    {"TCP_THIN_LINEAR_TIMEOUTS", TCP_THIN_LINEAR_TIMEOUTS, "options of TCP"},
    {"TCP_THIN_DUPACK", TCP_THIN_DUPACK, "options of TCP"},
    {"TCP_CC_INFO", TCP_CC_INFO, "options of TCP"},
    {"TCP_ULP", TCP_ULP, "options of TCP"},
    {"TCP_TX_DELAY", TCP_TX_DELAY, "options of TCP"},
    {"IP_TOS", IP_TOS, "options of IP"},
    {"IP_TTL", IP_TTL, "options of IP"},
    {"IP_MTU", IP_MTU, "options of IP"},
    {"IP_MTU_DISCOVER", IP_MTU_DISCOVER, "options of IP"},
    {"IP_PMTUDISC_DONT", IP_PMTUDISC_DONT, "options of IP"},
    {"IP_PMTUDISC_WANT", IP_PMTUDISC_WANT, "options of IP"},
    {"IP_PMTUDISC_DO", IP_PMTUDISC_DO, "options of IP"},
    {"IP_PMTUDISC_PROBE", IP_PMTUDISC_PROBE, "options of IP"},
    {"IP_RECVERR", IP_RECVERR, "options of IP"},
    {"IP_FREEBIND", IP_FREEBIND, "options of IP"},
    {"IP_TRANSPARENT", IP_TRANSPARENT, "options of IP"},
    {"IP_BIND_ADDRESS_NO_PORT", IP_BIND_ADDRESS_NO_PORT, "options of IP"},
    {"IPV6_V6ONLY", IPV6_V6ONLY, "options of IP"},
    {"IPV6_UNICAST_HOPS", IPV6_UNICAST_HOPS, "options of IP"},
    {"IPV6_TCLASS", IPV6_TCLASS, "options of IP"},
    {"IPV6_RECVERR", IPV6_RECVERR, "options of IP"},
    {"IPV6_MTU", IPV6_MTU, "options of IP"},
    {"IPV6_MTU_DISCOVER", IPV6_MTU_DISCOVER, "options of IP"},
    {"IPV6_AUTOFLOWLABEL", IPV6_AUTOFLOWLABEL, "options of IP"},
    {"MSG_OOB", MSG_OOB, "messages"},
    {"MSG_PEEK", MSG_PEEK, "messages"},
    {"MSG_DONTROUTE", MSG_DONTROUTE, "messages"},
    {"MSG_CTRUNC", MSG_CTRUNC, "messages"},
    {"MSG_TRUNC", MSG_TRUNC, "messages"},
    {"MSG_DONTWAIT", MSG_DONTWAIT, "messages"},
    {"MSG_EOR", MSG_EOR, "messages"},
    {"MSG_WAITALL", MSG_WAITALL, "messages"},
    {"MSG_CONFIRM", MSG_CONFIRM, "messages"},
    {"MSG_ERRQUEUE", MSG_ERRQUEUE, "messages"},
    {"MSG_NOSIGNAL", MSG_NOSIGNAL, "messages"},
    {"MSG_MORE", MSG_MORE, "messages"},
    {"MSG_FASTOPEN", MSG_FASTOPEN, "messages"},
    {"MSG_ZEROCOPY", MSG_ZEROCOPY, "messages"},
    {"SCM_TIMESTAMPING", SCM_TIMESTAMPING, "messages"},
    {"SO_EE_ORIGIN_NONE", SO_EE_ORIGIN_NONE, "messages"},
    {"SO_EE_ORIGIN_LOCAL", SO_EE_ORIGIN_LOCAL, "messages"},
    {"SO_EE_ORIGIN_ICMP", SO_EE_ORIGIN_ICMP, "messages"},
    {"SO_EE_ORIGIN_ICMP6", SO_EE_ORIGIN_ICMP6, "messages"},
    {"SO_EE_ORIGIN_ZEROCOPY", SO_EE_ORIGIN_ZEROCOPY, "messages"},
    {"SO_EE_CODE_ZEROCOPY_COPIED", SO_EE_CODE_ZEROCOPY_COPIED, "messages"},
    {"SO_EE_ORIGIN_TIMESTAMPING", SO_EE_ORIGIN_TIMESTAMPING, "messages"},
    {"SCM_TSTAMP_SND", SCM_TSTAMP_SND, "messages"},
    {"SCM_TSTAMP_SCHED", SCM_TSTAMP_SCHED, "messages"},
    {"SCM_TSTAMP_ACK", SCM_TSTAMP_ACK, "messages"},
    {"SOF_TIMESTAMPING_TX_HARDWARE", SOF_TIMESTAMPING_TX_HARDWARE, "messages"},
    {"SOF_TIMESTAMPING_TX_SOFTWARE", SOF_TIMESTAMPING_TX_SOFTWARE, "messages"},
    {"SOF_TIMESTAMPING_RX_HARDWARE", SOF_TIMESTAMPING_RX_HARDWARE, "messages"},
    {"SOF_TIMESTAMPING_RX_SOFTWARE", SOF_TIMESTAMPING_RX_SOFTWARE, "messages"},
    {"SOF_TIMESTAMPING_SOFTWARE", SOF_TIMESTAMPING_SOFTWARE, "messages"},
    {"SOF_TIMESTAMPING_RAW_HARDWARE", SOF_TIMESTAMPING_RAW_HARDWARE, "messages"},
    {"SOF_TIMESTAMPING_OPT_ID", SOF_TIMESTAMPING_OPT_ID, "messages"},
    {"SOF_TIMESTAMPING_TX_SCHED", SOF_TIMESTAMPING_TX_SCHED, "messages"},
    {"SOF_TIMESTAMPING_TX_ACK", SOF_TIMESTAMPING_TX_ACK, "messages"},
    {"SOF_TIMESTAMPING_OPT_CMSG", SOF_TIMESTAMPING_OPT_CMSG, "messages"},
    {"SOF_TIMESTAMPING_OPT_TSONLY", SOF_TIMESTAMPING_OPT_TSONLY, "messages"},
    {"POLLIN", POLLIN, "readiness"},
    {"POLLPRI", POLLPRI, "readiness"},
    {"POLLOUT", POLLOUT, "readiness"},
    {"POLLRDHUP", POLLRDHUP, "readiness"},
    {"POLLERR", POLLERR, "readiness"},
    {"POLLHUP", POLLHUP, "readiness"},
    {"POLLNVAL", POLLNVAL, "readiness"},
    {"POLLRDNORM", POLLRDNORM, "readiness"},
    {"POLLRDBAND", POLLRDBAND, "readiness"},
    {"POLLWRNORM", POLLWRNORM, "readiness"},
    {"POLLWRBAND", POLLWRBAND, "readiness"},
    {"EPOLLIN", EPOLLIN, "readiness"},
    {"EPOLLPRI", EPOLLPRI, "readiness"},
    {"EPOLLOUT", EPOLLOUT, "readiness"},
    {"EPOLLRDHUP", EPOLLRDHUP, "readiness"},
    {"EPOLLERR", EPOLLERR, "readiness"},
    {"EPOLLHUP", EPOLLHUP, "readiness"},
    {"EPOLLRDNORM", EPOLLRDNORM, "readiness"},
    {"EPOLLRDBAND", EPOLLRDBAND, "readiness"},
    {"EPOLLWRNORM", EPOLLWRNORM, "readiness"},
    {"EPOLLWRBAND", EPOLLWRBAND, "readiness"},
    {"EPOLLMSG", EPOLLMSG, "readiness"},
    {"EPOLLET", EPOLLET, "readiness"},
    {"EPOLLONESHOT", EPOLLONESHOT, "readiness"},
    {"EPOLLEXCLUSIVE", EPOLLEXCLUSIVE, "readiness"},
    {"EPOLLWAKEUP", EPOLLWAKEUP, "readiness"},
    {"EPOLL_CTL_ADD", EPOLL_CTL_ADD, "readiness"},
    {"EPOLL_CTL_MOD", EPOLL_CTL_MOD, "readiness"},
    {"EPOLL_CTL_DEL", EPOLL_CTL_DEL, "readiness"},
    {"EPOLL_CLOEXEC", EPOLL_CLOEXEC, "readiness"},
    {"IPTOS_DSCP_CS0", 0x00, "code points"},
    {"IPTOS_DSCP_CS1", 0x20, "code points"},
    {"IPTOS_DSCP_CS2", 0x40, "code points"},
    {"IPTOS_DSCP_CS3", 0x60, "code points"},
    {"IPTOS_DSCP_CS4", 0x80, "code points"},
    {"IPTOS_DSCP_CS5", 0xa0, "code points"},
    {"IPTOS_DSCP_CS6", 0xc0, "code points"},
    {"IPTOS_DSCP_CS7", 0xe0, "code points"},
    {"IPTOS_DSCP_AF11", 0x28, "code points"},
    {"IPTOS_DSCP_AF12", 0x30, "code points"},
    {"IPTOS_DSCP_AF13", 0x38, "code points"},
    {"IPTOS_DSCP_AF21", 0x48, "code points"},
    {"IPTOS_DSCP_AF22", 0x50, "code points"},
    {"IPTOS_DSCP_AF23", 0x58, "code points"},
    {"IPTOS_DSCP_AF31", 0x68, "code points"},
    {"IPTOS_DSCP_AF32", 0x70, "code points"},
    {"IPTOS_DSCP_AF33", 0x78, "code points"},
    {"IPTOS_DSCP_AF41", 0x88, "code points"},
    {"IPTOS_DSCP_AF42", 0x90, "code points"},
    {"IPTOS_DSCP_AF43", 0x98, "code points"},
    {"IPTOS_DSCP_EF", 0xb8, "code points"},
    {"TCP_KEEPINIT", 128, "options of FreeBSD"},
    {"TCP_NOPUSH", TCP_CORK, "options of FreeBSD"},
    {"TCP_NOOPT", 8, "options of FreeBSD"},
    {"TCP_REMOTE_UDP_ENCAPS_PORT", 71, "options of FreeBSD"},
    {"TCP_FUNCTION_BLK", 8192, "options of FreeBSD"},
    {"TCP_RACK_PACE_ALWAYS", 1055, "options of FreeBSD"},
    {"TCP_RACK_PACE_MAX_SEG", 1057, "options of FreeBSD"},
    {"TCP_RACK_PACE_RATE_SS", 1111, "options of FreeBSD"},
    {"IPV6_USE_MIN_MTU", 42, "options of FreeBSD"},
    {"NULL", 0, "values"},
};

constexpr int kMaxErrno = 133;

}  // namespace

absl::Span<const Constant> ConstantTable() { return kConstants; }

std::optional<int64_t> FindConstant(absl::string_view name) {
  for (const Constant& constant : kConstants) {
    if (constant.name == name) return constant.value;
  }
  return FindErrno(name);
}

std::optional<int> FindErrno(absl::string_view name) {
  if (name == "EWOULDBLOCK") return EWOULDBLOCK;
  if (name == "EOPNOTSUPP" || name == "ENOTSUP") return EOPNOTSUPP;
  for (int error = 1; error <= kMaxErrno; ++error) {
    const char* known = strerrorname_np(error);
    if (known != nullptr && name == known) return error;
  }
  return std::nullopt;
}

std::string ErrnoText(int error) {
  const char* name = strerrorname_np(error);
  return absl::StrCat(name == nullptr ? "errno" : name, " (", std::strerror(error), ")");
}

}  // namespace drywire::pkt
