#include "tools/pkt/call_frame.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "stack/base/address.h"
#include "tools/pkt/constants.h"

namespace drywire::pkt {
namespace {

using Kind = Expression::Kind;

// What begins so is of a feature that is out of scope.
constexpr std::pair<absl::string_view, absl::string_view> kSkippedCalls[] = {
    {"sctp_", "SCTP"},
    {"psp_", "PSP encryption"},
};
constexpr std::pair<absl::string_view, absl::string_view> kSkippedConstants[] = {
    {"SCTP_", "SCTP"},        {"IPPROTO_SCTP", "SCTP"},        {"SOL_SCTP", "SCTP"},
    {"UDPLITE_", "UDP-Lite"}, {"IPPROTO_UDPLITE", "UDP-Lite"}, {"SOL_UDPLITE", "UDP-Lite"},
};

// Rows of one table of calls after the other.
const std::vector<CallSyntax>& AllCalls() {
  static const auto* const calls = [] {
    auto* all = new std::vector<CallSyntax>();
    for (const auto& table : {SocketCallTable(), DataCallTable(), FileCallTable()}) {
      all->insert(all->end(), table.begin(), table.end());
    }
    return all;
  }();
  return *calls;
}

std::string ResultText(int64_t value, int error) {
  return value < 0 ? absl::StrCat("-1 ", ErrnoText(error)) : absl::StrCat(value);
}

}  // namespace

void FailComparison(CallFrame& frame, absl::string_view what, const std::string& expected,
                    const std::string& actual) {
  frame.Fail(absl::StrCat(what, ": expected ", expected, ", got ", actual));
}

int64_t CallFrame::Integer(const Expression& expression) {
  switch (expression.kind) {
    case Kind::kInteger:
      return expression.integer;
    case Kind::kWord: {
      const std::optional<int64_t> value = FindConstant(expression.text);
      if (value.has_value()) return *value;
      for (const auto& [prefix, feature] : kSkippedConstants) {
        if (absl::StartsWith(expression.text, prefix)) Skip(std::string(feature));
      }
      if (!failed()) Fail(absl::StrCat("unknown constant ", expression.text));
      return 0;
    }
    case Kind::kOr: {
      int64_t value = 0;
      for (const Expression& item : expression.items) value |= Integer(item);
      return value;
    }
    case Kind::kCall:
      if ((expression.text == "htons" || expression.text == "htonl") &&
          expression.items.size() == 1) {
        const int64_t value = Integer(expression.items[0]);
        return expression.text == "htons" ? htons(static_cast<uint16_t>(value))
                                          : htonl(static_cast<uint32_t>(value));
      }
      break;
    default:
      break;
  }
  Fail(absl::StrCat("expected a number, got ", expression.ToString()));
  return 0;
}

int64_t CallFrame::Bracketed(size_t i) {
  const Expression& expression = argument(i);
  if (expression.kind != Kind::kList || expression.items.size() != 1) {
    Fail(absl::StrCat("expected [a number], got ", expression.ToString()));
    return 0;
  }
  return Integer(expression.items[0]);
}

size_t CallFrame::BracketedSize(size_t i) { return SizeOf(Bracketed(i)); }

off_t* CallFrame::Offset(size_t i, off_t* value) {
  if (IsNull(argument(i))) return nullptr;
  *value = Bracketed(i);
  return value;
}

int CallFrame::FdOf(const Expression& expression) {
  const auto fd = static_cast<int>(Integer(expression));
  const std::optional<int> live = flows_.LiveFd(fd);
  // A number that the script never opened is one that the process has not either.
  return live.has_value() ? *live : fd < 0 ? fd : 0x7fff;
}

std::vector<char> CallFrame::Data(const Expression& expression, size_t size) {
  std::vector<char> data(size);
  if (expression.kind == Kind::kString) {
    std::copy_n(expression.text.begin(), std::min(size, expression.text.size()), data.begin());
  } else if (expression.kind != Kind::kEllipsis && !IsNull(expression)) {
    Fail(absl::StrCat("expected \"text\", NULL or ..., got ", expression.ToString()));
  }
  return data;
}

size_t CallFrame::SizeOf(int64_t size) {
  if (size >= 0 && size <= kMaxBytes) return static_cast<size_t>(size);
  Fail(absl::StrCat("expected a number of bytes from 0 to ", kMaxBytes, ", got ", size));
  return 0;
}

namespace {

CallFrame::SocketAddress ToSockaddr(const Address& address, uint16_t port, bool v6) {
  CallFrame::SocketAddress result;
  result.storage = {};
  const Address on_socket = v6 ? address.Mapped() : address;
  if (on_socket.is_v4()) {
    auto* in = reinterpret_cast<sockaddr_in*>(&result.storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    in->sin_addr.s_addr = htonl(on_socket.v4());
    result.length = sizeof *in;
    return result;
  }
  auto* in6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
  in6->sin6_family = AF_INET6;
  in6->sin6_port = htons(port);
  for (int i = 0; i < 8; ++i) {
    in6->sin6_addr.s6_addr[i] = static_cast<uint8_t>(on_socket.hi() >> (56 - 8 * i));
    in6->sin6_addr.s6_addr[8 + i] = static_cast<uint8_t>(on_socket.lo() >> (56 - 8 * i));
  }
  result.length = sizeof *in6;
  return result;
}

}  // namespace

// inet_addr("192.0.2.1"), inet_pton(AF_INET6, "2001:db8::1"), or a number in network order:
// htonl(INADDR_ANY).
Address CallFrame::InternetAddress(const Expression& expression) {
  const bool by_name = expression.text == "inet_addr" && expression.items.size() == 1;
  const bool by_family = expression.text == "inet_pton" && expression.items.size() == 2;
  if (expression.kind == Kind::kCall && (by_name || by_family)) {
    const Expression& name = expression.items.back();
    const int64_t family = by_family ? Integer(expression.items[0]) : AF_INET;
    const absl::StatusOr<Address> address = Address::Parse(name.text);
    if (name.kind == Kind::kString && address.ok() &&
        family == (address->is_v4() ? AF_INET : AF_INET6)) {
      return *address;
    }
    Fail(absl::StrCat("expected an address, got ", expression.ToString()));
    return Address::Any(Family::kInet);
  }
  return Address::V4(ntohl(static_cast<uint32_t>(Integer(expression))));
}

// {sa_family = AF_INET, sin_port = htons(80), sin_addr = inet_addr("192.0.2.1")}
CallFrame::SocketAddress CallFrame::FromStruct(const Expression& expression) {
  SocketAddress result;
  result.storage = {};
  const Expression* family = expression.Find("sa_family");
  const Expression* port = expression.Find("sin_port");
  const Expression* address = expression.Find("sin_addr");
  if (port == nullptr) port = expression.Find("sin6_port");
  if (address == nullptr) address = expression.Find("sin6_addr");
  const Address parsed =
      address == nullptr ? Address::Any(Family::kInet) : InternetAddress(*address);
  const uint16_t number =
      port == nullptr ? uint16_t{0} : ntohs(static_cast<uint16_t>(Integer(*port)));
  result = ToSockaddr(parsed, number, false);
  if (family != nullptr) {
    result.storage.ss_family = static_cast<sa_family_t>(Integer(*family));
  }
  return result;
}

CallFrame::SocketAddress CallFrame::ToAddress(const Expression& expression, Default which) {
  if (IsNull(expression)) {
    SocketAddress none;
    none.storage = {};
    none.null = true;
    return none;
  }
  if (expression.kind == Kind::kStruct) return FromStruct(expression);
  const bool remote = which == Default::kRemote;
  SocketAddress address =
      ToSockaddr(remote ? config_.remote : config_.local,
                 remote ? config_.connect_port : config_.bind_port, config_.sockets_are_v6());
  if (expression.kind == Kind::kEllipsis) return address;
  // A family alone: AF_UNSPEC.
  const int64_t family = Integer(expression);
  address.storage = {};
  address.storage.ss_family = static_cast<sa_family_t>(family);
  return address;
}

namespace {

std::string AddressText(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&address);
    ::inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    return absl::StrCat("{sa_family=AF_INET, sin_port=htons(", ntohs(in->sin_port),
                        "), sin_addr=inet_addr(\"", text, "\")}");
  }
  if (address.ss_family == AF_INET6) {
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&address);
    ::inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
    return absl::StrCat("{sa_family=AF_INET6, sin6_port=htons(", ntohs(in6->sin6_port),
                        "), sin6_addr=inet_pton(AF_INET6, \"", text, "\")}");
  }
  return absl::StrCat("{sa_family=", address.ss_family, "}");
}

}  // namespace

void CallFrame::CompareAddress(const char* what, const Expression& expected,
                               const sockaddr_storage& actual, socklen_t length) {
  if (failed() || expected.kind == Kind::kEllipsis || IsNull(expected)) return;
  const SocketAddress wanted = ToAddress(expected, Default::kRemote);
  if (failed() || (wanted.length == length && wanted.length > 0 &&
                   std::memcmp(&wanted.storage, &actual, length) == 0)) {
    return;
  }
  FailComparison(*this, what, expected.ToString(), length == 0 ? "none" : AddressText(actual));
}

void CallFrame::CompareLength(const Expression& expected, socklen_t length) {
  if (failed() || expected.kind == Kind::kEllipsis || IsNull(expected)) return;
  if (expected.kind != Kind::kList || expected.items.size() != 1) {
    return Fail(absl::StrCat("expected [a number], got ", expected.ToString()));
  }
  Compare("length of the address", Integer(expected.items[0]), int64_t{length});
}

void CallFrame::CompareData(const Expression& expected, const char* data, size_t size) {
  if (expected.kind != Kind::kString) return;
  const absl::string_view got(data, size);
  const absl::string_view want(expected.text);
  if (expected.open ? got.substr(0, want.size()) == want : got == want) return;
  Fail(absl::StrCat("data: expected ", expected.ToString(), ", got \"",
                    absl::CEscape(got.substr(0, 80)), "\""));
}

bool CallFrame::Check(const SysResult& result, bool any_descriptor) {
  if (failed()) return false;
  const int64_t value = result.ok() ? result.value : -1;
  const std::string actual = ResultText(value, result.error);
  if (spec_.result.kind == Kind::kEllipsis) return result.ok();
  const int64_t expected = Integer(spec_.result);
  if (failed()) return false;
  const bool as_expected =
      any_descriptor && expected >= 0 ? value >= 0 : value == static_cast<int64_t>(expected);
  const std::string wanted = absl::StrCat(expected, spec_.error.empty() ? "" : " ", spec_.error);
  if (!as_expected) {
    Fail(absl::StrCat("expected ", wanted, ", got ", actual));
    return false;
  }
  if (spec_.error.empty() || value >= 0) return result.ok();
  const std::optional<int> error = FindErrno(spec_.error);
  if (!error.has_value()) {
    Fail(absl::StrCat("unknown error ", spec_.error));
  } else if (*error != result.error) {
    Fail(absl::StrCat("expected ", wanted, ", got ", actual));
  }
  return false;
}

absl::Span<const CallSyntax> CallTable() { return AllCalls(); }

const CallSyntax* FindCall(absl::string_view name) {
  for (const CallSyntax& call : AllCalls()) {
    if (call.name == name) return &call;
  }
  return nullptr;
}

CallOutcome RunCall(SysContext& context, const CallSpec& spec, const Config& config,
                    FlowTable& flows) {
  const CallSyntax* syntax = FindCall(spec.name);
  CallOutcome outcome;
  for (const auto& [prefix, feature] : kSkippedCalls) {
    if (absl::StartsWith(spec.name, prefix)) outcome.skip = std::string(feature);
  }
  if (!outcome.skip.empty()) return outcome;
  if (syntax == nullptr) {
    outcome.error = absl::StrCat("the system call ", spec.name, "() is not modelled");
    return outcome;
  }
  const size_t count = spec.arguments.size();
  if (count < syntax->min_arguments || count > syntax->max_arguments) {
    outcome.error = absl::StrCat(spec.name, "() has the arguments (", syntax->arguments, "), not ",
                                 count, " of them");
    return outcome;
  }
  CallFrame frame(context, spec, config, flows);
  syntax->run(frame);
  return frame.outcome();
}

}  // namespace drywire::pkt
