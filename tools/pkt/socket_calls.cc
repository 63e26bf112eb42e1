// socket() to shutdown(), and the options of sockets.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "absl/strings/str_cat.h"
#include "stack/sys/syscalls.h"
#include "tools/pkt/call_frame.h"
#include "tools/pkt/constants.h"

namespace drywire::pkt {
namespace {

using Kind = Expression::Kind;

void Socket(CallFrame& frame) {
  const int domain = frame.IsOpen(0) ? (frame.config().sockets_are_v6() ? AF_INET6 : AF_INET)
                                     : static_cast<int>(frame.Integer(0));
  const auto type = static_cast<int>(frame.Integer(1));
  const auto protocol = static_cast<int>(frame.Integer(2));
  if (frame.failed()) return;
  const SysResult result = SysSocket(frame.context, domain, type, protocol);
  if (!frame.FinishFd(result)) return;
  const auto fd = static_cast<int>(result.value);
  if (frame.flows().IsOpen(frame.ResultFd())) {
    return frame.Fail(absl::StrCat("descriptor ", frame.ResultFd(), " is open already"));
  }
  frame.flows().OnSocket(frame.ResultFd(), fd, type, protocol);
  if (frame.config().ip == IpMode::kMapped && domain == AF_INET6) {
    const int off = 0;
    SysSetsockopt(frame.context, fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
}

void Bind(CallFrame& frame) {
  const int fd = frame.Fd(0);
  const CallFrame::SocketAddress address = frame.AddressOf(1, CallFrame::Default::kLocal);
  const auto length = frame.IsOpen(2) ? address.length : static_cast<socklen_t>(frame.Integer(2));
  if (frame.failed()) return;
  frame.Finish(SysBind(frame.context, fd, address.get(), length));
}

void Listen(CallFrame& frame) {
  const int fd = frame.Fd(0);
  const auto backlog = static_cast<int>(frame.Integer(1));
  if (frame.failed()) return;
  if (frame.Finish(SysListen(frame.context, fd, backlog))) {
    frame.flows().OnListen(static_cast<int>(frame.Integer(0)));
  }
}

void Accepted(CallFrame& frame, const SysResult& result, const sockaddr_storage& address,
              socklen_t length) {
  if (!frame.FinishFd(result)) return;
  frame.CompareAddress("address", frame.argument(1), address, length);
  frame.CompareLength(frame.argument(2), length);
  if (!frame.flows().OnAccept(frame.ResultFd(), static_cast<int>(result.value))) {
    frame.Fail("accept() returned a connection that the script did not begin");
  }
}

void Accept(CallFrame& frame) {
  const int fd = frame.Fd(0);
  if (frame.failed()) return;
  sockaddr_storage address = {};
  socklen_t length = sizeof address;
  const SysResult result =
      SysAccept(frame.context, fd, reinterpret_cast<sockaddr*>(&address), &length);
  Accepted(frame, result, address, length);
}

void Accept4(CallFrame& frame) {
  const int fd = frame.Fd(0);
  const auto flags = static_cast<int>(frame.Integer(3));
  if (frame.failed()) return;
  sockaddr_storage address = {};
  socklen_t length = sizeof address;
  const SysResult result =
      SysAccept4(frame.context, fd, reinterpret_cast<sockaddr*>(&address), &length, flags);
  Accepted(frame, result, address, length);
}

void Connect(CallFrame& frame) {
  const int fd = frame.Fd(0);
  const CallFrame::SocketAddress address = frame.AddressOf(1, CallFrame::Default::kRemote);
  const auto length = frame.IsOpen(2) ? address.length : static_cast<socklen_t>(frame.Integer(2));
  if (frame.failed()) return;
  frame.flows().OnConnect(static_cast<int>(frame.Integer(0)), address.unspecified());
  frame.Finish(SysConnect(frame.context, fd, address.get(), length));
}

void Shutdown(CallFrame& frame) {
  const int fd = frame.Fd(0);
  const auto how = static_cast<int>(frame.Integer(1));
  if (frame.failed()) return;
  frame.Finish(SysShutdown(frame.context, fd, how));
}

template <SysResult (*Call)(SysContext&, int, sockaddr*, socklen_t*)>
void Name(CallFrame& frame) {
  const int fd = frame.Fd(0);
  if (frame.failed()) return;
  sockaddr_storage address = {};
  socklen_t length = sizeof address;
  if (!frame.Finish(Call(frame.context, fd, reinterpret_cast<sockaddr*>(&address), &length))) {
    return;
  }
  frame.CompareAddress("address", frame.argument(1), address, length);
  frame.CompareLength(frame.argument(2), length);
}

// {onoff=1, linger=0} and {tv_sec=1, tv_usec=0}, by the names of their members or by position.
int64_t Member(CallFrame& frame, const Expression& expression, const char* name, size_t position) {
  const Expression* member = expression.Find(name);
  if (member == nullptr && position < expression.items.size() &&
      expression.names[position].empty()) {
    member = &expression.items[position];
  }
  if (member != nullptr) return frame.Integer(*member);
  frame.Fail(absl::StrCat("expected a struct with ", name, ", got ", expression.ToString()));
  return 0;
}

bool IsTime(int level, int name) {
  return level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO);
}

// An option's value as bytes.
std::vector<char> OptionValue(CallFrame& frame, const Expression& expression, int level, int name) {
  std::vector<char> bytes;
  const auto append = [&bytes](const void* data, size_t size) {
    const char* const begin = static_cast<const char*>(data);
    bytes.insert(bytes.end(), begin, begin + size);
  };
  if (expression.kind == Kind::kString) {
    append(expression.text.data(), expression.text.size());
  } else if (expression.kind == Kind::kStruct && IsTime(level, name)) {
    const timeval time = {Member(frame, expression, "tv_sec", 0),
                          Member(frame, expression, "tv_usec", 1)};
    append(&time, sizeof time);
  } else if (expression.kind == Kind::kStruct) {
    const linger value = {static_cast<int>(Member(frame, expression, "onoff", 0)),
                          static_cast<int>(Member(frame, expression, "linger", 1))};
    append(&value, sizeof value);
  } else if (expression.kind == Kind::kList) {
    for (const Expression& item : expression.items) {
      const auto value = static_cast<int32_t>(frame.Integer(item));
      append(&value, sizeof value);
    }
  } else {
    const auto value = static_cast<int32_t>(frame.Integer(expression));
    append(&value, sizeof value);
  }
  return bytes;
}

// Options that stand for a feature which is out of scope.
bool SkipsForOption(CallFrame& frame, int level, int name) {
  struct Row {
    int level;
    int name;
    const char* feature;
  };
  static constexpr Row kRows[] = {
      {SOL_SOCKET, SO_ZEROCOPY, "zerocopy"},
      {SOL_SOCKET, SO_TIMESTAMPING, "hardware and software timestamps (SO_TIMESTAMPING)"},
      {IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, "zerocopy"},
      {IPPROTO_TCP, TCP_MD5SIG, "TCP MD5 signatures"},
      {IPPROTO_TCP, 71, "TCP over UDP"},
  };
  for (const Row& row : kRows) {
    if (row.level != level || row.name != name) continue;
    frame.Skip(row.feature);
    return true;
  }
  return false;
}

void Setsockopt(CallFrame& frame) {
  const int fd = frame.Fd(0);
  const auto level = static_cast<int>(frame.Integer(1));
  const auto name = static_cast<int>(frame.Integer(2));
  if (frame.failed() || SkipsForOption(frame, level, name)) return;
  std::vector<char> value = OptionValue(frame, frame.argument(3), level, name);
  const size_t length = frame.IsOpen(4) ? value.size() : frame.Size(4);
  if (frame.failed()) return;
  if (value.size() < length) value.resize(length);
  frame.Finish(
      SysSetsockopt(frame.context, fd, level, name, value.data(), static_cast<socklen_t>(length)));
}

void Getsockopt(CallFrame& frame) {
  const int fd = frame.Fd(0);
  const auto level = static_cast<int>(frame.Integer(1));
  const auto name = static_cast<int>(frame.Integer(2));
  if (frame.failed() || SkipsForOption(frame, level, name)) return;
  const Expression& expected = frame.argument(3);
  std::vector<char> want;
  if (expected.kind != Kind::kEllipsis) want = OptionValue(frame, expected, level, name);
  const size_t room = frame.IsOpen(4) ? want.size() : frame.BracketedSize(4);
  if (frame.failed()) return;
  std::vector<char> value(room + want.size() + 256);
  auto length = static_cast<socklen_t>(room);
  const SysResult result = SysGetsockopt(frame.context, fd, level, name, value.data(), &length);
  if (!frame.Finish(result) || expected.kind == Kind::kEllipsis) return;
  if (!frame.IsOpen(4)) frame.Compare("length of the option", room, size_t{length});
  if (frame.failed()) return;
  if (want.size() == sizeof(int32_t) && length >= sizeof(int32_t)) {
    int32_t a = 0;
    int32_t b = 0;
    std::memcpy(&a, want.data(), sizeof a);
    std::memcpy(&b, value.data(), sizeof b);
    const bool error = level == SOL_SOCKET && name == SO_ERROR;
    const auto text = [error](int32_t v) {
      return error && v != 0 ? ErrnoText(v) : absl::StrCat(v);
    };
    if (a != b) FailComparison(frame, "value of the option", text(a), text(b));
  } else if (want.size() != length || std::memcmp(want.data(), value.data(), length) != 0) {
    frame.Fail(absl::StrCat("value of the option: expected ", expected.ToString(), ", got other ",
                            length, " bytes"));
  }
}

constexpr CallSyntax kCalls[] = {
    {"socket", "domain, type, protocol", 3, 3, Socket},
    {"bind", "fd, address, length", 3, 3, Bind},
    {"listen", "fd, backlog", 2, 2, Listen},
    {"accept", "fd, address, length", 3, 3, Accept},
    {"accept4", "fd, address, length, flags", 4, 4, Accept4},
    {"connect", "fd, address, length", 3, 3, Connect},
    {"shutdown", "fd, how", 2, 2, Shutdown},
    {"getsockname", "fd, address, length", 3, 3, Name<SysGetsockname>},
    {"getpeername", "fd, address, length", 3, 3, Name<SysGetpeername>},
    {"setsockopt", "fd, level, name, value, length", 5, 5, Setsockopt},
    {"getsockopt", "fd, level, name, [value], [length]", 5, 5, Getsockopt},
};

}  // namespace

absl::Span<const CallSyntax> SocketCallTable() { return kCalls; }

}  // namespace drywire::pkt
