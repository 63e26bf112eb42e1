#include "stack/socket/inet_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "stack/ip/ip_stack.h"

namespace drywire {
namespace {

// What a fresh socket has; the same object as long as sysctls stay the same.
const SharedOptions& FreshOptions(NetStack& net, int domain, int type, int64_t receive_buffer,
                                  int64_t send_buffer) {
  const SocketProfile& profile = net.profile().socket;
  const bool v6 = domain == AF_INET6;
  SharedOptions& known = net.fresh_options(v6, type == SOCK_STREAM);
  const bool v6only = v6 && profile.v6only_default != 0;
  if (known->receive_buffer != receive_buffer || known->send_buffer != send_buffer ||
      (known->v6only != 0) != v6only) {
    SocketOptions fresh = InitialSocketOptions(profile, domain, type);
    fresh.receive_buffer = static_cast<int32_t>(receive_buffer);
    fresh.send_buffer = static_cast<int32_t>(send_buffer);
    known = SharedOptions(fresh);
  }
  return known;
}

}  // namespace

InetSocket::InetSocket(NetStack* net, int domain, int type, int protocol, uint32_t uid,
                       int64_t receive_buffer, int64_t send_buffer)
    : Socket(domain, type, protocol),
      net_(net),
      options_(FreshOptions(*net, domain, type, receive_buffer, send_buffer)) {
  port_.uid = uid;
  SyncPortBinding();
  net_->CountSocket(1);
}

InetSocket::~InetSocket() { net_->CountSocket(-1); }

void InetSocket::SyncPortBinding() {
  port_.v6 = v6();
  port_.v6only = v6only();
  port_.reuse_address = options_->reuse_address != 0;
  port_.reuse_port = options_->reuse_port != 0;
  port_.reuse_port_lb = options_->reuse_port_lb != 0;
  port_.range_low = static_cast<uint16_t>(options_->local_port_range & 0xffff);
  port_.range_high = static_cast<uint16_t>((options_->local_port_range >> 16) & 0xffff);
}

Result<RawAddress> InetSocket::LocalName() const {
  Endpoint name = local_;
  name.port = port_.port();
  return EncodeInetAddress(name, domain());
}

BoundAddress InetSocket::BoundForDemux() const {
  BoundAddress bound;
  bound.address = LocalOrAny().Unmapped();
  bound.port = port_.port();
  bound.dual = v6() && bound.address.is_v6() && bound.address.IsUnspecified() && !v6only();
  bound.scope_id = bound.address.IsLinkLocal() ? local_.scope_id : 0;
  return bound;
}

Result<uint32_t> InetSocket::ScopeFor(const Endpoint& remote, bool connecting) const {
  const uint32_t own =
      local_.address.has_value() && NeedsScope(local_.address) ? local_.scope_id : 0;
  if (!NeedsScope(remote.address) || remote.scope_id == 0) return own;
  if (own != 0 && remote.scope_id != own) {
    return connecting ? Cause::kScopeMissing : Cause::kNoRoute;
  }
  return remote.scope_id;
}

Address InetSocket::LocalOrAny() const {
  if (local_.address.has_value()) return local_.address;
  return Address::Any(v6() ? Family::kInet6 : Family::kInet);
}

Result<> InetSocket::CheckLocalAddress(const Endpoint& endpoint) const {
  const Address wire = endpoint.address.Unmapped();
  const IpStack& ip = net_->ip();
  const bool bsd = net_->profile().socket.bound_check_first;
  if (wire.IsMulticast() && type() == SOCK_STREAM) {
    if (bsd) return Cause::kMulticastDestination;
    if (wire.is_v6()) return Cause::kInvalidArgument;
  }
  if (wire.IsUnspecified()) return {};
  if (NeedsScope(wire)) {
    if (endpoint.scope_id == 0) return Cause::kScopeMissing;
    const Interface* interface = ip.FindInterface(endpoint.scope_id);
    if (interface == nullptr) return Cause::kNoSuchInterface;
    if (!wire.IsMulticast() && !interface->Has(wire) && options_->freebind == 0) {
      return Cause::kAddressNotLocal;
    }
  }
  if (wire.IsMulticast()) return {};
  if (ip.IsLocal(wire) || ip.IsBroadcast(wire) || options_->freebind != 0 ||
      net_->profile().socket.nonlocal_bind != 0) {
    return {};
  }
  return Cause::kAddressNotLocal;
}

Result<> InetSocket::BindChecked(const RawAddress& address, const Credentials& credentials,
                                 bool fresh) {
  const SocketProfile& profile = net_->profile().socket;
  const Result<Endpoint> decoded =
      DecodeInetAddress(address, domain(), type(), AddressUse::kBind, v6only(), profile);
  if (!decoded.ok()) return decoded.cause();

  const bool taken = !fresh || port_.port() != 0;
  const Result<> bound = taken ? Result<>(Cause::kAlreadyBound) : Result<>();
  const bool denied =
      ports().PortNeedsPrivilege(decoded->port) && !credentials.Has(Capability::kNetBindService);
  const Result<> privilege = denied ? Result<>(Cause::kPortPrivileged) : Result<>();
  const Result<> local = CheckLocalAddress(*decoded);
  // In each system's own order; see SocketProfile::bound_check_first.
  const Result<>* const freebsd[] = {&bound, &local, &privilege};
  const Result<>* const linux4[] = {&local, &privilege, &bound};
  const Result<>* const linux6[] = {&privilege, &bound, &local};
  for (const Result<>* check : profile.bound_check_first ? freebsd : v6() ? linux6 : linux4) {
    if (!check->ok()) return *check;
  }

  const Address any = Address::Any(decoded->address.family());
  if (decoded->port != 0 || options_->bind_address_no_port == 0) {
    const Result<> held = ports().Bind(&port_, decoded->address, decoded->port, credentials);
    if (!held.ok()) return Exhausted(held.cause(), held.cause());
  }
  local_ = *decoded;
  local_.port = 0;
  address_bound_ = decoded->address != any;
  if (!address_bound_ && !decoded->address.IsV4Mapped()) local_.address = Address();
  port_bound_ = decoded->port != 0;
  // Where sockets are for both families until they are told otherwise, an IPv6 address of its own
  // tells a socket so (inet6_bind).
  const bool narrows = address_bound_ && v6() && !decoded->address.IsV4Mapped();
  if (narrows && profile.v6only_default == 0) options_.Edit().v6only = 1;
  return {};
}

Cause InetSocket::Exhausted(Cause cause, Cause as) const {
  if (cause != Cause::kPortsExhaustedOnBind && cause != Cause::kPortsExhaustedOnConnect) {
    return cause;
  }
  return net_->profile().socket.exhaustion_is_try_again ? Cause::kPortsExhaustedTryAgain : as;
}

Result<> InetSocket::AutoBind(const Credentials& credentials) {
  if (port_.port() != 0) return {};
  const Result<> held = ports().Bind(&port_, LocalOrAny(), 0, credentials);
  if (!held.ok()) return Exhausted(held.cause(), held.cause());
  return {};
}

void InetSocket::InheritFrom(const InetSocket& listener) {
  options_ = listener.options_;
  SyncPortBinding();
}

OptionContext InetSocket::MakeOptionContext() const {
  OptionContext context;
  context.profile = &net_->profile().socket;
  context.domain = domain();
  context.type = type();
  context.protocol = protocol();
  context.bound = port_.port() != 0 || address_bound_;
  context.default_ttl = net_->profile().ip.default_ttl;
  context.default_hops = net_->profile().ip.default_hop_limit;
  DescribeForOptions(context);
  return context;
}

Result<size_t> InetSocket::GetOption(int level, int name, absl::Span<uint8_t> value) {
  if (level == protocol()) return GetProtocolOption(level, name, value);
  OptionContext context = MakeOptionContext();
  SocketOptions options = *options_;
  context.options = &options;
  return GetSocketOption(context, level, name, value);
}

Result<> InetSocket::CheckOptionLevel(int level) const {
  const bool known = level == SOL_SOCKET || level == protocol() || level == IPPROTO_IP ||
                     (level == IPPROTO_IPV6 && v6());
  if (known) return {};
  return !v6() && net_->profile().socket.foreign_level_unsupported ? Cause::kNotSupported
                                                                   : Cause::kOptionUnknown;
}

bool InetSocket::OptionLengthIsSigned(int level) const {
  return level != IPPROTO_IPV6 || !net_->profile().socket.v6_option_length_is_unsigned;
}

// Linux reads values of its own levels before it knows the name, those of IPPROTO_IP after; of
// IPPROTO_IPV6 it reads whole ints only.
Cause InetSocket::UnreadableOption(int level, int name, size_t length) {
  const bool own = level == SOL_SOCKET || level == protocol();
  const bool linux_order = net_->profile().socket.foreign_level_unsupported;
  const bool whole = length >= sizeof(int);
  if (linux_order && own) return Socket::UnreadableOption(level, name, length);
  if (linux_order && level == IPPROTO_IPV6 && v6() && whole) return Cause::kBadAddressPointer;
  const OptionContext context = MakeOptionContext();
  if (!own && !IsSettableOption(context, level, name)) return Cause::kOptionUnknown;
  const bool short_is_fine = linux_order && level == IPPROTO_IP;
  return whole || short_is_fine ? Cause::kBadAddressPointer : Cause::kOptionLengthInvalid;
}

Result<> InetSocket::SetOption(int level, int name, absl::Span<const uint8_t> value,
                               const Credentials& credentials) {
  if (level == protocol()) return SetProtocolOption(level, name, value, credentials);
  OptionContext context = MakeOptionContext();
  context.options = &options_.Edit();
  const Result<> set = SetSocketOption(context, level, name, value, credentials);
  if (!set.ok()) return set;
  SyncPortBinding();
  const bool stops = (level == IPPROTO_IP && name == IP_RECVERR && options_->recverr == 0) ||
                     (level == IPPROTO_IPV6 && name == IPV6_RECVERR && options_->recverr6 == 0);
  if (stops) errors_.reset();
  OnOptionSet(level, name);
  return {};
}

void InetSocket::QueueError(const PacketError& error) {
  const bool v4 = error.quoted.destination.is_v4();
  QueuedError entry;
  entry.cause = error.cause;
  entry.origin = v4 ? ErrorOrigin::kIcmp : ErrorOrigin::kIcmp6;
  entry.type = error.type;
  entry.code = error.code;
  if (error.cause == Cause::kIcmpFragmentationNeeded) entry.info = error.mtu;
  entry.text = error.text;
  entry.destination = {error.quoted.destination, error.quoted.destination_port, 0};
  entry.offender = {error.from, 0, 0};
  for (Endpoint* of : {&entry.destination, &entry.offender}) {
    if (NeedsScope(of->address)) of->scope_id = error.interface;
  }
  if (errors_ == nullptr) errors_ = std::make_unique<ErrorQueue>();
  errors_->Push(std::move(entry), options_->receive_buffer);
}

void InetSocket::QueueLocalError(Cause cause, const Endpoint& destination, uint32_t info) {
  QueuedError entry;
  entry.cause = cause;
  entry.origin = ErrorOrigin::kLocal;
  entry.info = info;
  entry.destination = destination;
  if (errors_ == nullptr) errors_ = std::make_unique<ErrorQueue>();
  errors_->Push(std::move(entry), options_->receive_buffer);
}

// ip_recv_error, ipv6_recv_error, sock_dequeue_err_skb.
Result<Received> InetSocket::ReceiveError(const ReceiveArgs& args, Cause* pending) {
  if (!HasQueuedErrors()) return Cause::kWouldBlock;
  const QueuedError& error = errors_->Pop();
  if (HasQueuedErrors() && errors_->first().from_icmp()) {
    *pending = errors_->first().cause;
  } else if (error.from_icmp()) {
    *pending = Cause::kNone;
  }
  Received received;
  for (const Buffer& buffer : args.buffers) {
    const size_t part = std::min(buffer.size, error.text.size() - received.bytes);
    if (part != 0) std::memcpy(buffer.data, error.text.data() + received.bytes, part);
    received.bytes += part;
  }
  received.flags = MSG_ERRQUEUE | (received.bytes < error.text.size() ? MSG_TRUNC : 0);
  Endpoint name = error.destination;
  if (v6() && name.address.is_v4()) name.address = name.address.Mapped();
  received.source = EncodeInetAddress(name, domain());
  received.queued_error = &error;
  return received;
}

Result<size_t> InetSocket::GetProtocolOption(int, int, absl::Span<uint8_t>) {
  return Cause::kOptionUnknown;
}

Result<> InetSocket::SetProtocolOption(int, int, absl::Span<const uint8_t> value,
                                       const Credentials&) {
  const bool too_short =
      value.size() < sizeof(int) && net_->profile().socket.foreign_level_unsupported;
  return too_short ? Cause::kOptionLengthInvalid : Cause::kOptionUnknown;
}

}  // namespace drywire
