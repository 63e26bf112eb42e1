// Reading and writing.
// errqueue.h needs the timespec of time.h.
// clang-format off
#include <time.h>
#include <linux/errqueue.h>
// clang-format on
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "stack/sys/syscalls.h"
#include "tools/pkt/call_frame.h"

namespace drywire::pkt {
namespace {

using Kind = Expression::Kind;
constexpr size_t kMaxVectors = 1024;
constexpr size_t kControlRoom = 4096;

bool SkipsForFlags(CallFrame& frame, int flags) {
  if ((flags & MSG_ZEROCOPY) == 0) return false;
  frame.Skip("zerocopy");
  return true;
}

void Read(CallFrame& frame) {
  const int fd = frame.Fd(0);
  std::vector<char> data(frame.Size(2));
  if (frame.failed()) return;
  const SysResult result =
      SysRead(frame.context, fd, frame.Pointer(frame.argument(1), data), data.size());
  if (frame.Finish(result)) {
    frame.CompareData(frame.argument(1), data.data(), static_cast<size_t>(result.value));
  }
}

void Recv(CallFrame& frame) {
  const int fd = frame.Fd(0);
  std::vector<char> data(frame.Size(2));
  const auto flags = static_cast<int>(frame.Integer(3));
  if (frame.failed()) return;
  const SysResult result =
      SysRecv(frame.context, fd, frame.Pointer(frame.argument(1), data), data.size(), flags);
  const size_t got = std::min(data.size(), static_cast<size_t>(std::max<int64_t>(result.value, 0)));
  if (frame.Finish(result)) frame.CompareData(frame.argument(1), data.data(), got);
}

void Recvfrom(CallFrame& frame) {
  const int fd = frame.Fd(0);
  std::vector<char> data(frame.Size(2));
  const auto flags = static_cast<int>(frame.Integer(3));
  if (frame.failed()) return;
  sockaddr_storage address = {};
  socklen_t length = sizeof address;
  const SysResult result =
      SysRecvfrom(frame.context, fd, frame.Pointer(frame.argument(1), data), data.size(), flags,
                  reinterpret_cast<sockaddr*>(&address), &length);
  const size_t got = std::min(data.size(), static_cast<size_t>(std::max<int64_t>(result.value, 0)));
  if (!frame.Finish(result)) return;
  frame.CompareData(frame.argument(1), data.data(), got);
  frame.CompareAddress("address", frame.argument(4), address, length);
  frame.CompareLength(frame.argument(5), length);
}

void Write(CallFrame& frame) {
  const int fd = frame.Fd(0);
  std::vector<char> data = frame.Data(frame.argument(1), frame.Size(2));
  if (frame.failed()) return;
  frame.Finish(SysWrite(frame.context, fd, frame.Pointer(frame.argument(1), data), data.size()));
}

void Send(CallFrame& frame) {
  const int fd = frame.Fd(0);
  std::vector<char> data = frame.Data(frame.argument(1), frame.Size(2));
  const auto flags = static_cast<int>(frame.Integer(3));
  if (frame.failed() || SkipsForFlags(frame, flags)) return;
  frame.Finish(
      SysSend(frame.context, fd, frame.Pointer(frame.argument(1), data), data.size(), flags));
}

void Sendto(CallFrame& frame) {
  const int fd = frame.Fd(0);
  std::vector<char> data = frame.Data(frame.argument(1), frame.Size(2));
  const auto flags = static_cast<int>(frame.Integer(3));
  const CallFrame::SocketAddress address = frame.AddressOf(4, CallFrame::Default::kRemote);
  if (frame.failed() || SkipsForFlags(frame, flags)) return;
  const socklen_t length =
      frame.IsOpen(5) ? address.length : static_cast<socklen_t>(frame.Integer(5));
  if (frame.failed()) return;
  if (!address.null) frame.flows().OnConnect(static_cast<int>(frame.Integer(0)), false);
  frame.Finish(SysSendto(frame.context, fd, frame.Pointer(frame.argument(1), data), data.size(),
                         flags, address.get(), length));
}

// [{..., 1000}, {"text", 4}]
struct Vectors {
  std::vector<std::vector<char>> buffers;
  std::vector<iovec> iovecs;
};

// With what is to be sent, or empty for what is to be received.
Vectors ReadVectors(CallFrame& frame, const Expression& list, bool sending) {
  Vectors vectors;
  if (list.kind != Kind::kList || list.items.size() > kMaxVectors) {
    frame.Fail(absl::StrCat("expected a list of {data, length}, got ", list.ToString()));
    return vectors;
  }
  int64_t all = 0;
  for (const Expression& item : list.items) {
    if (item.kind != Kind::kStruct || item.items.size() != 2) {
      frame.Fail(absl::StrCat("expected {data, length}, got ", item.ToString()));
      return vectors;
    }
    // {data, length} or {iov_base=data, iov_len=length}
    const Expression* base = item.Find("iov_base");
    const Expression* size = item.Find("iov_len");
    if (base == nullptr) base = &item.items[0];
    const int64_t length = frame.Integer(size == nullptr ? item.items[1] : *size);
    if (length < 0 || length > CallFrame::kMaxBytes - all) {
      frame.Fail(absl::StrCat("expected lengths of together at most ", CallFrame::kMaxBytes,
                              ", got ", length));
      return vectors;
    }
    all += length;
    std::vector<char> data = frame.Data(*base, static_cast<size_t>(length));
    if (!sending) std::fill(data.begin(), data.end(), '\0');
    vectors.buffers.push_back(std::move(data));
  }
  for (std::vector<char>& buffer : vectors.buffers) {
    vectors.iovecs.push_back({buffer.data(), buffer.size()});
  }
  return vectors;
}

// Compares `size` bytes that were read, a vector after the other.
void CompareVectors(CallFrame& frame, const Expression& list, const Vectors& vectors, size_t size) {
  for (size_t i = 0; i < vectors.buffers.size(); ++i) {
    const size_t here = std::min(size, vectors.buffers[i].size());
    const Expression* base = list.items[i].Find("iov_base");
    frame.CompareData(base == nullptr ? list.items[i].items[0] : *base, vectors.buffers[i].data(),
                      here);
    size -= here;
  }
}

void Vectored(CallFrame& frame, bool sending) {
  const int fd = frame.Fd(0);
  const Expression& list = frame.argument(1);
  const Vectors vectors = ReadVectors(frame, list, sending);
  const int64_t count = frame.Integer(2);
  if (count > static_cast<int64_t>(vectors.iovecs.size())) frame.Fail("fewer vectors than said");
  if (frame.failed()) return;
  const iovec* const iovecs = vectors.iovecs.data();
  const SysResult result = sending ? SysWritev(frame.context, fd, iovecs, static_cast<int>(count))
                                   : SysReadv(frame.context, fd, iovecs, static_cast<int>(count));
  if (frame.Finish(result) && !sending) {
    CompareVectors(frame, list, vectors, static_cast<size_t>(result.value));
  }
}

void Readv(CallFrame& frame) { Vectored(frame, /*sending=*/false); }
void Writev(CallFrame& frame) { Vectored(frame, /*sending=*/true); }

// {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0, msg_control=[...]}
struct Message {
  Vectors vectors;
  CallFrame::SocketAddress name;
  std::vector<char> control;
  const Expression* iov = nullptr;
  const Expression* expected_name = nullptr;  // null: any
  const Expression* expected_control = nullptr;
  int expected_flags = 0;
  msghdr header = {};
};

// The control messages that a program sends: [{cmsg_len=N, cmsg_level=N, cmsg_type=N,
// cmsg_data=N}], where the length may be left out, or be one that is wrong on purpose.
void ReadControl(CallFrame& frame, const Expression& list, Message* message) {
  if (list.kind == Kind::kEllipsis || CallFrame::IsNull(list)) return;
  if (list.kind != Kind::kList) {
    return frame.Fail(absl::StrCat("expected msg_control=[...], got ", list.ToString()));
  }
  for (const Expression& item : list.items) {
    const Expression* level = item.Find("cmsg_level");
    const Expression* type = item.Find("cmsg_type");
    const Expression* data = item.Find("cmsg_data");
    const Expression* length = item.Find("cmsg_len");
    if (level == nullptr || type == nullptr || data == nullptr) {
      return frame.Fail(
          absl::StrCat("expected {cmsg_level=N, cmsg_type=N, cmsg_data=N}, got ", item.ToString()));
    }
    if (type->text == "SO_TIMESTAMPING") {
      return frame.Skip("hardware and software timestamps (SO_TIMESTAMPING)");
    }
    const auto value = static_cast<int32_t>(frame.Integer(*data));
    cmsghdr header = {};
    header.cmsg_level = static_cast<int>(frame.Integer(*level));
    header.cmsg_type = static_cast<int>(frame.Integer(*type));
    header.cmsg_len = CMSG_LEN(sizeof value);
    if (length != nullptr && length->kind != Kind::kEllipsis) {
      header.cmsg_len = static_cast<size_t>(frame.Integer(*length));
    }
    std::vector<char>& control = message->control;
    const size_t at = control.size();
    control.resize(at + CMSG_SPACE(sizeof value));
    std::memcpy(&control[at], &header, sizeof header);
    std::memcpy(&control[at + CMSG_LEN(0)], &value, sizeof value);
  }
}

// Sets the address that is sent to, or makes room for that of the sender.
void ReadName(CallFrame& frame, bool sending, Message* message) {
  const Expression* name = frame.argument(1).Find("msg_name");
  if (name == nullptr) return;
  message->name = frame.ToAddress(*name, CallFrame::Default::kRemote);
  if (message->name.null) return;
  if (!sending && name->kind == Kind::kStruct) message->expected_name = name;
  if (!sending) {
    message->name.storage = {};
    message->name.length = sizeof message->name.storage;
  }
  message->header.msg_name = &message->name.storage;
  message->header.msg_namelen = message->name.length;
}

bool ReadMessage(CallFrame& frame, bool sending, Message* message) {
  const Expression& expression = frame.argument(1);
  const Expression* iov = expression.Find("msg_iov");
  const Expression* flags = expression.Find("msg_flags");
  message->expected_control = expression.Find("msg_control");
  if (expression.kind != Kind::kStruct || iov == nullptr) {
    frame.Fail(absl::StrCat("expected {msg_name(...)=..., msg_iov(N)=[...], msg_flags=N}, got ",
                            expression.ToString()));
    return false;
  }
  message->iov = iov;
  message->vectors = ReadVectors(frame, *iov, sending);
  if (flags != nullptr) message->expected_flags = static_cast<int>(frame.Integer(*flags));
  ReadName(frame, sending, message);
  if (!sending) {
    message->control.resize(kControlRoom);
  } else if (message->expected_control != nullptr) {
    ReadControl(frame, *message->expected_control, message);
  }
  message->header.msg_iov = message->vectors.iovecs.data();
  message->header.msg_iovlen = message->vectors.iovecs.size();
  message->header.msg_control = message->control.data();
  message->header.msg_controllen = message->control.size();
  return !frame.failed();
}

void Sendmsg(CallFrame& frame) {
  const int fd = frame.Fd(0);
  Message message;
  if (!ReadMessage(frame, /*sending=*/true, &message)) return;
  const auto flags = static_cast<int>(frame.Integer(2));
  if (frame.failed() || SkipsForFlags(frame, flags)) return;
  if ((flags & MSG_FASTOPEN) != 0 || message.header.msg_name != nullptr) {
    frame.flows().OnConnect(static_cast<int>(frame.Integer(0)), false);
  }
  frame.Finish(SysSendmsg(frame.context, fd, &message.header, flags));
}

void CompareError(CallFrame& frame, const Expression& expected, const sock_extended_err& error) {
  const auto check = [&](const char* name, int64_t actual) {
    const Expression* member = expected.Find(name);
    if (member == nullptr || member->kind == Kind::kEllipsis) return;
    frame.Compare(name, frame.Integer(*member), actual);
  };
  check("ee_errno", error.ee_errno);
  check("ee_origin", error.ee_origin);
  check("ee_type", error.ee_type);
  check("ee_code", error.ee_code);
  check("ee_info", error.ee_info);
  check("ee_data", error.ee_data);
}

void CompareControlData(CallFrame& frame, const Expression& expected, const cmsghdr& got) {
  const size_t size = got.cmsg_len - CMSG_LEN(0);
  if (expected.kind == Kind::kEllipsis) return;
  if (expected.kind == Kind::kStruct && expected.Find("ee_errno") != nullptr) {
    sock_extended_err error = {};
    std::memcpy(&error, CMSG_DATA(&got), std::min(size, sizeof error));
    return CompareError(frame, expected, error);
  }
  // A number, in a byte or in four.
  const int64_t wanted = frame.Integer(expected);
  int32_t actual = 0;
  if (frame.failed()) return;
  if (size != 1 && size != sizeof actual) {
    return frame.Fail(absl::StrCat("cmsg_data: expected a number, got ", size, " bytes"));
  }
  std::memcpy(&actual, CMSG_DATA(&got), size);
  frame.Compare("cmsg_data", wanted, int64_t{actual});
}

void CompareControl(CallFrame& frame, const Expression& expected, msghdr& header) {
  cmsghdr* got = CMSG_FIRSTHDR(&header);
  for (const Expression& item : expected.items) {
    const Expression* level = item.Find("cmsg_level");
    const Expression* type = item.Find("cmsg_type");
    const Expression* data = item.Find("cmsg_data");
    if (level == nullptr || type == nullptr) return frame.Fail("expected {cmsg_level=, cmsg_type=");
    if (got == nullptr) return frame.Fail(absl::StrCat("no control message ", item.ToString()));
    const Expression* length = item.Find("cmsg_len");
    if (length != nullptr && length->kind != Kind::kEllipsis) {
      frame.Compare("cmsg_len", frame.Integer(*length), static_cast<int64_t>(got->cmsg_len));
    }
    frame.Compare("cmsg_level", frame.Integer(*level), int64_t{got->cmsg_level});
    frame.Compare("cmsg_type", frame.Integer(*type), int64_t{got->cmsg_type});
    if (frame.failed()) return;
    if (data != nullptr) CompareControlData(frame, *data, *got);
    got = CMSG_NXTHDR(&header, got);
  }
  if (got != nullptr) frame.Fail("a control message more than expected");
}

void Recvmsg(CallFrame& frame) {
  const int fd = frame.Fd(0);
  Message message;
  if (!ReadMessage(frame, /*sending=*/false, &message)) return;
  const auto flags = static_cast<int>(frame.Integer(2));
  if (frame.failed()) return;
  const SysResult result = SysRecvmsg(frame.context, fd, &message.header, flags);
  if (!frame.Finish(result)) return;
  CompareVectors(frame, *message.iov, message.vectors, static_cast<size_t>(result.value));
  if (message.expected_name != nullptr) {
    frame.CompareAddress("msg_name", *message.expected_name, message.name.storage,
                         message.header.msg_namelen);
  }
  frame.Compare("msg_flags", message.expected_flags, message.header.msg_flags);
  if (message.expected_control != nullptr) {
    CompareControl(frame, *message.expected_control, message.header);
  }
}

constexpr CallSyntax kCalls[] = {
    {"read", "fd, data, size", 3, 3, Read},
    {"write", "fd, data, size", 3, 3, Write},
    {"recv", "fd, data, size, flags", 4, 4, Recv},
    {"recvfrom", "fd, data, size, flags, address, length", 6, 6, Recvfrom},
    {"recvmsg", "fd, message, flags", 3, 3, Recvmsg},
    {"send", "fd, data, size, flags", 4, 4, Send},
    {"sendto", "fd, data, size, flags, address, length", 6, 6, Sendto},
    {"sendmsg", "fd, message, flags", 3, 3, Sendmsg},
    {"readv", "fd, [vectors], count", 3, 3, Readv},
    {"writev", "fd, [vectors], count", 3, 3, Writev},
};

}  // namespace

absl::Span<const CallSyntax> DataCallTable() { return kCalls; }

}  // namespace drywire::pkt
