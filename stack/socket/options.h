// The socket options that all INET sockets share: SOL_SOCKET, IPPROTO_IP and IPPROTO_IPV6.
//
// A table says for each (level, name) which systems have it, how long its value is, which values
// are allowed and where it is kept; options in no row are unknown (ENOPROTOOPT), which is how
// everything that is not modelled is refused: SO_BINDTODEVICE, SO_MARK, timestamping, packet info,
// multicast membership, BPF filters. Names are Linux's numbers also for a FreeBSD
// host, because programs are compiled here; FreeBSD's SO_REUSEPORT_LB has its own.
//
// Stored without effect: SO_PRIORITY, SO_RCVLOWAT on datagram sockets.
// Source: socket(7), ip(7), ipv6(7); net/core/sock.c, net/ipv4/ip_sockglue.c,
// net/ipv6/ipv6_sockglue.c as observed on Linux 6.18; FreeBSD's getsockopt(2), uipc_socket.c.
#ifndef DRYWIRE_STACK_SOCKET_OPTIONS_H_
#define DRYWIRE_STACK_SOCKET_OPTIONS_H_

#include <cstdint>

#include "absl/types/span.h"
#include "sim/core/time.h"
#include "stack/base/address.h"
#include "stack/base/credentials.h"
#include "stack/base/shared_value.h"
#include "stack/personality/cause.h"
#include "stack/personality/socket_profile.h"

namespace drywire {

// SO_REUSEPORT_LB of FreeBSD's <sys/socket.h>, which Linux's headers do not have.
inline constexpr int kSoReusePortLb = 0x00010000;

// The values, in the options' own units. Protocols read them where they matter. Every socket has
// one: no wider than what they hold.
struct SocketOptions {
  Duration receive_timeout = Duration::Infinite();
  Duration send_timeout = Duration::Infinite();
  int32_t linger_seconds = 0;  // negative: for ever
  int32_t receive_buffer = 0;  // bytes, as it reads back (doubled on Linux)
  int32_t send_buffer = 0;
  int32_t receive_low_water = 1;
  int32_t priority = 0;
  int32_t local_port_range = 0;  // high << 16 | low
  // SOL_SOCKET
  int16_t reuse_address = 0;
  int16_t reuse_port = 0;
  int16_t reuse_port_lb = 0;
  int16_t broadcast = 0;
  int16_t keepalive = 0;
  int16_t oob_inline = 0;
  int16_t linger_on = 0;
  // IPPROTO_IP
  int16_t ttl = -1;  // -1: the host's default
  int16_t tos = 0;
  int16_t mtu_discover = 1;  // IP_PMTUDISC_*: WANT
  int16_t freebind = 0;
  int16_t bind_address_no_port = 0;
  int16_t recverr = 0;
  // IPPROTO_IPV6
  int16_t v6only = 0;
  int16_t hops = -1;
  int16_t traffic_class = 0;
  int16_t mtu_discover6 = 1;
  int16_t recverr6 = 0;
  bool receive_buffer_set = false;  // by the program: no automatic growth any more
  bool send_buffer_set = false;
};

// As sockets hold them: most have the same.
using SharedOptions = SharedValue<SocketOptions>;

// What an option needs to know of the socket it is asked of.
struct OptionContext {
  SocketOptions* options = nullptr;
  const SocketProfile* profile = nullptr;
  int domain = 0;
  int type = 0;
  int protocol = 0;
  bool bound = false;      // holds a port
  bool connected = false;  // has a route to a peer
  bool listening = false;
  int64_t path_mtu = 0;  // to the peer, when connected
  // Buffers that grow by themselves: what they are now, bytes; 0: what the options say.
  int64_t receive_buffer = 0;
  int64_t send_buffer = 0;
  int64_t largest_receive_buffer = 0;  // that one may get by growing
  int64_t default_ttl = 64;
  int64_t default_hops = 64;
};

// getsockopt: bytes written, at most value.size(). kOptionUnknown, kOptionLengthInvalid,
// kNotConnected (IP_MTU), kNotSupported (another protocol's level).
Result<size_t> GetSocketOption(const OptionContext& context, int level, int name,
                               absl::Span<uint8_t> value);
// setsockopt. kOptionUnknown, kOptionLengthInvalid, kOptionValueInvalid, kTimeValueInvalid,
// kNoPermission, kAlreadyBound (IPV6_V6ONLY).
Result<> SetSocketOption(const OptionContext& context, int level, int name,
                         absl::Span<const uint8_t> value, const Credentials& credentials);

// The largest packet that IP_MTU admits to on a route to `remote`, bytes: an IPv4 packet is below
// 64 KiB (IP_MAX_MTU), also on loopback.
inline int64_t LargestOn(uint32_t mtu, const Address& remote) {
  return remote.is_v4() && mtu > 65535 ? 65535 : mtu;
}

// Whether SetSocketOption knows the option.
bool IsSettableOption(const OptionContext& context, int level, int name);

// The options of a fresh socket.
SocketOptions InitialSocketOptions(const SocketProfile& profile, int domain, int type);

// For protocols with options of their own: what is written is cut to value.size(). Both return the
// bytes written.
size_t WriteOption(const void* data, size_t size, absl::Span<uint8_t> value);
size_t WriteIntOption(int64_t number, absl::Span<uint8_t> value);
// kOptionLengthInvalid when shorter than an int.
Result<int64_t> ReadIntOption(absl::Span<const uint8_t> value);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_OPTIONS_H_
