#include "stack/socket/options.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace drywire {
namespace {

// <netinet/in.h> of older libraries lacks some of the kernel's names.
constexpr int kIpBindAddressNoPort = 24;
constexpr int kIpLocalPortRange = 51;

enum System : uint8_t { kLinuxOnly = 1, kFreeBsdOnly = 2, kBoth = 3 };

enum class Rule : uint8_t {
  kFlag,      // any number; reads back as 0 or 1
  kNumber,    // from min to max
  kReadOnly,  // see ReadComputed
  kSpecial,   // a switch below knows
};

using O = SocketOptions;

// Where an option is kept; some are kept nowhere.
struct Field {
  constexpr Field() = default;
  constexpr Field(int16_t O::*field) : small(field) {}
  constexpr Field(int32_t O::*field) : large(field) {}

  bool empty() const { return small == nullptr && large == nullptr; }
  int64_t Read(const O& options) const {
    return small != nullptr ? options.*small : options.*large;
  }
  // The value fits: rows say so.
  void Write(O& options, int64_t value) const {
    if (small != nullptr) {
      options.*small = static_cast<int16_t>(value);
    } else {
      options.*large = static_cast<int32_t>(value);
    }
  }

  int16_t O::*small = nullptr;
  int32_t O::*large = nullptr;
};

struct Row {
  int level;
  int name;
  Rule rule;
  System systems;
  Field field = {};
  int64_t min = 0;
  int64_t max = 0;
  int freebsd_bit = 0;      // of so_options, as the flag reads back there
  bool needs_value = true;  // Linux's IP options: whether an empty value is an error
};

constexpr Row kRows[] = {
    {SOL_SOCKET, SO_REUSEADDR, Rule::kFlag, kBoth, &O::reuse_address, 0, 0, 0x4},
    {SOL_SOCKET, SO_REUSEPORT, Rule::kFlag, kBoth, &O::reuse_port, 0, 0, 0x200},
    {SOL_SOCKET, kSoReusePortLb, Rule::kFlag, kFreeBsdOnly, &O::reuse_port_lb, 0, 0, 0x10000},
    {SOL_SOCKET, SO_BROADCAST, Rule::kFlag, kBoth, &O::broadcast, 0, 0, 0x20},
    {SOL_SOCKET, SO_KEEPALIVE, Rule::kFlag, kBoth, &O::keepalive, 0, 0, 0x8},
    {SOL_SOCKET, SO_OOBINLINE, Rule::kFlag, kBoth, &O::oob_inline, 0, 0, 0x100},
    {SOL_SOCKET, SO_LINGER, Rule::kSpecial, kBoth},
    {SOL_SOCKET, SO_RCVBUF, Rule::kSpecial, kBoth, &O::receive_buffer},
    {SOL_SOCKET, SO_SNDBUF, Rule::kSpecial, kBoth, &O::send_buffer},
    {SOL_SOCKET, SO_RCVBUFFORCE, Rule::kSpecial, kLinuxOnly},
    {SOL_SOCKET, SO_SNDBUFFORCE, Rule::kSpecial, kLinuxOnly},
    {SOL_SOCKET, SO_RCVTIMEO, Rule::kSpecial, kBoth},
    {SOL_SOCKET, SO_SNDTIMEO, Rule::kSpecial, kBoth},
    {SOL_SOCKET, SO_RCVLOWAT, Rule::kSpecial, kBoth, &O::receive_low_water},
    {SOL_SOCKET, SO_SNDLOWAT, Rule::kReadOnly, kLinuxOnly},
    {SOL_SOCKET, SO_PRIORITY, Rule::kSpecial, kLinuxOnly, &O::priority},
    {SOL_SOCKET, SO_TYPE, Rule::kReadOnly, kBoth},
    {SOL_SOCKET, SO_DOMAIN, Rule::kReadOnly, kBoth},
    {SOL_SOCKET, SO_PROTOCOL, Rule::kReadOnly, kBoth},
    {SOL_SOCKET, SO_ACCEPTCONN, Rule::kReadOnly, kBoth},

    {IPPROTO_IP, IP_TTL, Rule::kSpecial, kBoth, &O::ttl},
    {IPPROTO_IP, IP_TOS, Rule::kSpecial, kBoth, &O::tos, 0, 0, 0, false},
    {IPPROTO_IP, IP_MTU, Rule::kReadOnly, kLinuxOnly},
    {IPPROTO_IP, IP_MTU_DISCOVER, Rule::kNumber, kLinuxOnly, &O::mtu_discover, 0, 5, 0, false},
    {IPPROTO_IP, IP_FREEBIND, Rule::kFlag, kLinuxOnly, &O::freebind},
    {IPPROTO_IP, kIpBindAddressNoPort, Rule::kFlag, kLinuxOnly, &O::bind_address_no_port, 0, 0, 0,
     false},
    {IPPROTO_IP, IP_RECVERR, Rule::kFlag, kLinuxOnly, &O::recverr, 0, 0, 0, false},
    {IPPROTO_IP, kIpLocalPortRange, Rule::kSpecial, kLinuxOnly, &O::local_port_range},

    {IPPROTO_IPV6, IPV6_V6ONLY, Rule::kSpecial, kBoth, &O::v6only},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, Rule::kSpecial, kBoth, &O::hops},
    {IPPROTO_IPV6, IPV6_TCLASS, Rule::kSpecial, kBoth, &O::traffic_class},
    {IPPROTO_IPV6, IPV6_RECVERR, Rule::kFlag, kLinuxOnly, &O::recverr6},
    {IPPROTO_IPV6, IPV6_MTU, Rule::kReadOnly, kLinuxOnly},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER, Rule::kNumber, kLinuxOnly, &O::mtu_discover6, 0, 5},
};

const Row* FindRow(const OptionContext& context, int level, int name) {
  if (level == IPPROTO_IPV6 && context.domain != AF_INET6) return nullptr;
  const int system = context.profile->has_reuse_port_lb ? kFreeBsdOnly : kLinuxOnly;
  for (const Row& row : kRows) {
    if (row.level == level && row.name == name && (row.systems & system) != 0) return &row;
  }
  return nullptr;
}

// Linux's ip(7) options of 0 to 255 fit into a short buffer as one byte.
size_t WriteIpOption(const OptionContext& context, int64_t number, absl::Span<uint8_t> value) {
  const bool is_short = !value.empty() && value.size() < sizeof(int);
  if (context.profile->short_option_values && is_short && number >= 0 && number <= 255) {
    const uint8_t byte = static_cast<uint8_t>(number);
    return WriteOption(&byte, 1, value);
  }
  return WriteIntOption(number, value);
}

Result<int64_t> ReadNumber(const OptionContext& context, const Row& row,
                           absl::Span<const uint8_t> value) {
  const bool by_bytes = row.level == IPPROTO_IP && context.profile->short_option_values &&
                        row.name != kIpLocalPortRange && value.size() < sizeof(int);
  if (!by_bytes) return ReadIntOption(value);
  if (value.empty()) {
    if (row.needs_value) return Cause::kOptionLengthInvalid;
    return 0;
  }
  return value[0];
}

Result<int64_t> ReadComputed(const OptionContext& context, const Row& row) {
  if (row.level == SOL_SOCKET) {
    switch (row.name) {
      case SO_TYPE:
        return context.type;
      case SO_DOMAIN:
        return context.domain;
      case SO_PROTOCOL:
        return context.protocol;
      case SO_ACCEPTCONN: {
        const int64_t bit = context.profile->boolean_options_read_as_bits ? 2 : 1;
        return context.listening ? bit : 0;
      }
      case SO_SNDLOWAT:
        return 1;
    }
  }
  // IP_MTU, IPV6_MTU.
  if (!context.connected) return Cause::kNotConnected;
  return context.path_mtu;
}

size_t WriteTimeout(Duration timeout, absl::Span<uint8_t> value) {
  timeval time = {};
  if (!timeout.is_infinite()) {
    time.tv_sec = timeout.seconds();
    time.tv_usec = timeout.micros() % 1'000'000;
  }
  return WriteOption(&time, sizeof time, value);
}

Result<Duration> ReadTimeout(const SocketProfile& profile, absl::Span<const uint8_t> value) {
  timeval time;
  if (value.size() < sizeof time) return Cause::kOptionLengthInvalid;
  std::memcpy(&time, value.data(), sizeof time);
  if (time.tv_usec < 0 || time.tv_usec >= 1'000'000) return Cause::kTimeValueInvalid;
  if (time.tv_sec < 0) {
    if (profile.negative_timeout_is_error) return Cause::kTimeValueInvalid;
    return Duration::Zero();
  }
  if (time.tv_sec == 0 && time.tv_usec == 0) return Duration::Infinite();
  const Duration tick = Duration::Micros(profile.timeout_granularity_us);
  const Duration asked = Duration::Seconds(time.tv_sec) + Duration::Micros(time.tv_usec);
  if (asked.is_infinite() || asked.nanos() > INT64_MAX / 2) return Duration::Infinite();
  return tick * ((asked + tick - Duration::Nanos(1)) / tick);
}

Result<> SetBuffer(const OptionContext& context, bool receive, bool force, int64_t number,
                   const Credentials& credentials) {
  const SocketProfile& profile = *context.profile;
  O& options = *context.options;
  int64_t size = number;
  if (profile.maxsockbuf != 0) {
    if (number < 1) return Cause::kOptionValueInvalid;
    if (number > profile.maxsockbuf) return Cause::kNoBufferSpace;
  } else if (force) {
    if (!credentials.Has(Capability::kNetAdmin)) return Cause::kNoPermission;
    size = std::max<int64_t>(number, 0);
  } else {
    // A negative size is a huge unsigned one.
    const int64_t max = receive ? profile.rmem_max : profile.wmem_max;
    size = number < 0 ? max : std::min(number, max);
  }
  size = std::min<int64_t>(profile.buffers_double ? size * 2 : size, INT32_MAX - 1);
  const int64_t min = receive ? profile.min_receive_buffer : profile.min_send_buffer;
  (receive ? options.receive_buffer : options.send_buffer) =
      static_cast<int32_t>(std::max(size, min));
  (receive ? options.receive_buffer_set : options.send_buffer_set) = true;
  return {};
}

Result<> SetLinger(const OptionContext& context, absl::Span<const uint8_t> value) {
  linger asked;
  if (value.size() < sizeof asked) return Cause::kOptionLengthInvalid;
  std::memcpy(&asked, value.data(), sizeof asked);
  const bool is_short = context.profile->linger_is_short;
  if (is_short && (asked.l_linger < 0 || asked.l_linger > std::numeric_limits<uint16_t>::max())) {
    return Cause::kTimeValueInvalid;
  }
  context.options->linger_on = asked.l_onoff != 0 ? 1 : 0;
  // On Linux switching it off leaves the time as it was.
  if (asked.l_onoff != 0 || is_short) context.options->linger_seconds = asked.l_linger;
  return {};
}

linger GetLinger(const OptionContext& context) {
  constexpr int kBit = 0x80;
  linger setting = {context.options->linger_on, context.options->linger_seconds};
  if (setting.l_onoff != 0 && context.profile->boolean_options_read_as_bits) setting.l_onoff = kBit;
  // Linux has it in ticks: for ever is the most there can be.
  if (setting.l_linger < 0) {
    const int64_t ticks_a_second = 1'000'000 / context.profile->timeout_granularity_us;
    setting.l_linger = static_cast<int>(std::numeric_limits<int64_t>::max() / ticks_a_second);
  }
  return setting;
}

// Linux makes room for what is to be waited for, up to half of what the buffer can become (datagram
// sockets keep the number as it is). FreeBSD takes no more than the buffer.
Result<> SetLowWater(const OptionContext& context, int64_t number) {
  O& options = *context.options;
  if (context.profile->maxsockbuf != 0) {
    if (number < 1) return Cause::kOptionValueInvalid;
    options.receive_low_water =
        static_cast<int32_t>(std::min<int64_t>(number, options.receive_buffer));
    return {};
  }
  int64_t mark = number < 0 ? INT32_MAX : number;
  if (context.largest_receive_buffer != 0) {
    const bool fixed = options.receive_buffer_set;
    mark = std::min(mark, (fixed ? options.receive_buffer : context.largest_receive_buffer) / 2);
    if (!fixed && mark * 2 > options.receive_buffer) {
      options.receive_buffer = static_cast<int32_t>(mark * 2);
    }
  }
  options.receive_low_water = static_cast<int32_t>(std::max<int64_t>(mark, 1));
  return {};
}

// A byte that may be -1 for "the default".
Result<> SetByte(int16_t& field, int64_t number, int64_t min, int64_t at_minus_one) {
  if (number != -1 && (number < min || number > 255)) return Cause::kOptionValueInvalid;
  field = static_cast<int16_t>(number == -1 ? at_minus_one : number);
  return {};
}

// Streams own the ECN bits.
int16_t WithoutEcnOfStream(const OptionContext& context, int64_t number) {
  return static_cast<int16_t>(number & (context.type == SOCK_STREAM ? 0xfc : 0xff));
}

Result<> SetIpSpecial(const OptionContext& context, const Row& row, int64_t number) {
  O& options = *context.options;
  if (row.level == IPPROTO_IPV6) {
    if (row.name == IPV6_V6ONLY) {
      if (context.bound) return Cause::kAlreadyBound;
      options.v6only = number != 0 ? 1 : 0;
      return {};
    }
    if (row.name == IPV6_UNICAST_HOPS) return SetByte(options.hops, number, 0, -1);
    const Result<> set = SetByte(options.traffic_class, number, 0, 0);
    options.traffic_class = WithoutEcnOfStream(context, options.traffic_class);
    return set;
  }
  switch (row.name) {
    case IP_TTL:
      return SetByte(options.ttl, number, 1, -1);
    case IP_TOS:
      options.tos = WithoutEcnOfStream(context, number);
      return {};
    default: {  // kIpLocalPortRange
      const int64_t low = number & 0xffff;
      const int64_t high = (number >> 16) & 0xffff;
      if (low != 0 && high != 0 && low > high) return Cause::kOptionValueInvalid;
      options.local_port_range = static_cast<int32_t>(number);
      return {};
    }
  }
}

Result<> SetSocketSpecial(const OptionContext& context, const Row& row, int64_t number,
                          const Credentials& credentials) {
  switch (row.name) {
    case SO_RCVBUF:
    case SO_RCVBUFFORCE:
      return SetBuffer(context, true, row.name == SO_RCVBUFFORCE, number, credentials);
    case SO_SNDBUF:
    case SO_SNDBUFFORCE:
      return SetBuffer(context, false, row.name == SO_SNDBUFFORCE, number, credentials);
    case SO_RCVLOWAT:
      return SetLowWater(context, number);
    default:  // SO_PRIORITY
      if ((number < 0 || number > 6) && !credentials.Has(Capability::kNetAdmin) &&
          !credentials.Has(Capability::kNetRaw)) {
        return Cause::kNoPermission;
      }
      context.options->priority = static_cast<int32_t>(number);
      return {};
  }
}

Result<int64_t> ReadValue(const OptionContext& context, const Row& row) {
  if (row.rule == Rule::kReadOnly) return ReadComputed(context, row);
  if (row.field.empty()) return Cause::kOptionUnknown;  // SO_RCVBUFFORCE can only be set
  const int64_t number = row.field.Read(*context.options);
  if (row.name == SO_RCVBUF && row.level == SOL_SOCKET && context.receive_buffer != 0) {
    return context.receive_buffer;
  }
  if (row.name == SO_SNDBUF && row.level == SOL_SOCKET && context.send_buffer != 0) {
    return context.send_buffer;
  }
  if (row.rule == Rule::kFlag && context.profile->boolean_options_read_as_bits &&
      row.freebsd_bit != 0) {
    return number != 0 ? row.freebsd_bit : 0;
  }
  if (row.field.small == &O::ttl && number < 0) return context.default_ttl;
  if (row.field.small == &O::hops && number < 0) return context.default_hops;
  return number;
}

}  // namespace

size_t WriteOption(const void* data, size_t size, absl::Span<uint8_t> value) {
  const size_t written = std::min(size, value.size());
  if (written != 0) std::memcpy(value.data(), data, written);
  return written;
}

size_t WriteIntOption(int64_t number, absl::Span<uint8_t> value) {
  const int32_t as_int = static_cast<int32_t>(number);
  return WriteOption(&as_int, sizeof as_int, value);
}

Result<int64_t> ReadIntOption(absl::Span<const uint8_t> value) {
  int32_t number;
  if (value.size() < sizeof number) return Cause::kOptionLengthInvalid;
  std::memcpy(&number, value.data(), sizeof number);
  return int64_t{number};
}

SocketOptions InitialSocketOptions(const SocketProfile& profile, int domain, int type) {
  SocketOptions options;
  options.receive_buffer = static_cast<int32_t>(profile.rmem_default);
  options.send_buffer = static_cast<int32_t>(profile.wmem_default);
  options.v6only = domain == AF_INET6 && profile.v6only_default != 0 ? 1 : 0;
  (void)type;
  return options;
}

Result<size_t> GetSocketOption(const OptionContext& context, int level, int name,
                               absl::Span<uint8_t> value) {
  const Row* row = FindRow(context, level, name);
  if (row == nullptr) {
    const bool foreign = level != SOL_SOCKET && level != IPPROTO_IP && level != context.protocol;
    return foreign && context.domain == AF_INET && context.profile->foreign_level_unsupported
               ? Cause::kNotSupported
               : Cause::kOptionUnknown;
  }
  if (level == SOL_SOCKET) {
    switch (name) {
      case SO_LINGER: {
        const linger setting = GetLinger(context);
        return WriteOption(&setting, sizeof setting, value);
      }
      case SO_RCVTIMEO:
        return WriteTimeout(context.options->receive_timeout, value);
      case SO_SNDTIMEO:
        return WriteTimeout(context.options->send_timeout, value);
    }
  }
  const Result<int64_t> number = ReadValue(context, *row);
  if (!number.ok()) return number.cause();
  return level == IPPROTO_IP ? WriteIpOption(context, *number, value)
                             : WriteIntOption(*number, value);
}

bool IsSettableOption(const OptionContext& context, int level, int name) {
  const Row* row = FindRow(context, level, name);
  return row != nullptr && row->rule != Rule::kReadOnly;
}

Result<> SetSocketOption(const OptionContext& context, int level, int name,
                         absl::Span<const uint8_t> value, const Credentials& credentials) {
  // Linux looks at the length before it looks for the option, at this level only.
  if (level == SOL_SOCKET && value.size() < sizeof(int)) return Cause::kOptionLengthInvalid;
  const Row* row = FindRow(context, level, name);
  if (row == nullptr || row->rule == Rule::kReadOnly) return Cause::kOptionUnknown;
  if (level == SOL_SOCKET) {
    if (name == SO_LINGER) return SetLinger(context, value);
    if (name == SO_RCVTIMEO || name == SO_SNDTIMEO) {
      const Result<Duration> timeout = ReadTimeout(*context.profile, value);
      if (!timeout.ok()) return timeout.cause();
      (name == SO_RCVTIMEO ? context.options->receive_timeout : context.options->send_timeout) =
          *timeout;
      return {};
    }
  }
  const Result<int64_t> number = ReadNumber(context, *row, value);
  if (!number.ok()) return number.cause();
  switch (row->rule) {
    case Rule::kFlag:
      row->field.Write(*context.options, *number != 0 ? 1 : 0);
      return {};
    case Rule::kNumber:
      if (*number < row->min || *number > row->max) return Cause::kOptionValueInvalid;
      row->field.Write(*context.options, *number);
      return {};
    default:
      return level == SOL_SOCKET ? SetSocketSpecial(context, *row, *number, credentials)
                                 : SetIpSpecial(context, *row, *number);
  }
}

}  // namespace drywire
