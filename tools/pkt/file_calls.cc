// Descriptors and readiness.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>

#include "absl/strings/str_cat.h"
#include "stack/sys/syscalls.h"
#include "tools/pkt/call_frame.h"

namespace drywire::pkt {
namespace {

using Kind = Expression::Kind;
constexpr int64_t kMaxEvents = 4096;

void Close(CallFrame& frame) {
  const int fd = frame.Fd(0);
  if (frame.failed()) return;
  const SysResult result = SysClose(frame.context, fd);
  frame.flows().OnClose(static_cast<int>(frame.Integer(0)));
  frame.Finish(result);
}

void Fcntl(CallFrame& frame) {
  const int fd = frame.Fd(0);
  const auto command = static_cast<int>(frame.Integer(1));
  const int64_t argument = frame.count() > 2 ? frame.Integer(2) : 0;
  if (frame.failed()) return;
  frame.Finish(SysFcntl(frame.context, fd, command, argument));
}

void Ioctl(CallFrame& frame) {
  const int fd = frame.Fd(0);
  const int64_t request = frame.Integer(1);
  const int64_t expected = frame.count() > 2 ? frame.Bracketed(2) : 0;
  if (frame.failed()) return;
  auto value = static_cast<int>(expected);
  const SysResult result = SysIoctl(frame.context, fd, static_cast<unsigned long>(request), &value);
  if (frame.Finish(result) && frame.count() > 2) {
    frame.Compare("value", expected, int64_t{value});
  }
}

void Dup(CallFrame& frame) {
  const int fd = frame.Fd(0);
  if (frame.failed()) return;
  const SysResult result = SysDup(frame.context, fd);
  if (frame.FinishFd(result)) {
    frame.flows().OnOpen(frame.ResultFd(), static_cast<int>(result.value));
  }
}

void Open(CallFrame& frame) {
  const auto flags = static_cast<int>(frame.Integer(1));
  const int64_t mode = frame.count() > 2 ? frame.Integer(2) : 0;
  if (frame.failed()) return;
  const SysResult result =
      SysOpen(frame.context, frame.argument(0).text.c_str(), flags, static_cast<mode_t>(mode));
  if (frame.FinishFd(result)) {
    frame.flows().OnOpen(frame.ResultFd(), static_cast<int>(result.value));
  }
}

void Pipe(CallFrame& frame) {
  const Expression& list = frame.argument(0);
  if (list.kind != Kind::kList || list.items.size() != 2) {
    return frame.Fail(absl::StrCat("expected [fd, fd], got ", list.ToString()));
  }
  int fds[2] = {-1, -1};
  if (!frame.Finish(SysPipe2(frame.context, fds, 0))) return;
  for (int i = 0; i < 2; ++i) {
    frame.flows().OnOpen(static_cast<int>(frame.Integer(list.items[i])), fds[i]);
  }
}

// [{fd=3, events=POLLIN, revents=POLLIN}]
void Poll(CallFrame& frame) {
  const Expression& list = frame.argument(0);
  const auto count = static_cast<size_t>(frame.Integer(1));
  const auto timeout = static_cast<int>(frame.Integer(2));
  if (list.kind != Kind::kList || list.items.size() != count) {
    return frame.Fail(absl::StrCat("expected a list of ", count, " pollfds"));
  }
  std::vector<pollfd> fds;
  std::vector<short> expected;
  for (const Expression& item : list.items) {
    const Expression* fd = item.Find("fd");
    const Expression* events = item.Find("events");
    const Expression* revents = item.Find("revents");
    if (fd == nullptr || events == nullptr) {
      return frame.Fail(
          absl::StrCat("expected {fd=N, events=N, revents=N}, got ", item.ToString()));
    }
    fds.push_back({frame.FdOf(*fd), static_cast<short>(frame.Integer(*events)), 0});
    expected.push_back(revents == nullptr ? short{0} : static_cast<short>(frame.Integer(*revents)));
  }
  if (frame.failed()) return;
  if (!frame.Finish(SysPoll(frame.context, fds.data(), fds.size(), timeout))) return;
  for (size_t i = 0; i < fds.size(); ++i) {
    if (expected[i] == fds[i].revents) continue;
    FailComparison(frame, absl::StrCat("revents of element ", i),
                   absl::StrCat("0x", absl::Hex(expected[i])),
                   absl::StrCat("0x", absl::Hex(fds[i].revents)));
  }
}

void EpollCreate(CallFrame& frame) {
  const auto size = static_cast<int>(frame.Integer(0));
  if (frame.failed()) return;
  const SysResult result = SysEpollCreate(frame.context, size);
  if (frame.FinishFd(result)) {
    frame.flows().OnOpen(frame.ResultFd(), static_cast<int>(result.value));
  }
}

// {events=EPOLLIN, fd=4}; the data may be ptr, u32 or u64 as well.
epoll_event ReadEvent(CallFrame& frame, const Expression& expression) {
  epoll_event event = {};
  const Expression* events = expression.Find("events");
  if (expression.kind != Kind::kStruct || events == nullptr) {
    frame.Fail(absl::StrCat("expected {events=N, fd=N}, got ", expression.ToString()));
    return event;
  }
  event.events = static_cast<uint32_t>(frame.Integer(*events));
  for (const char* name : {"fd", "ptr", "u32", "u64"}) {
    const Expression* data = expression.Find(name);
    if (data != nullptr) event.data.u64 = static_cast<uint64_t>(frame.Integer(*data));
  }
  return event;
}

void EpollCtl(CallFrame& frame) {
  const int epoll = frame.Fd(0);
  const auto operation = static_cast<int>(frame.Integer(1));
  const int fd = frame.Fd(2);
  const epoll_event event = ReadEvent(frame, frame.argument(3));
  if (frame.failed()) return;
  frame.Finish(SysEpollCtl(frame.context, epoll, operation, fd, &event));
}

void EpollWait(CallFrame& frame) {
  const int epoll = frame.Fd(0);
  const epoll_event expected = ReadEvent(frame, frame.argument(1));
  const int64_t room = frame.Integer(2);
  const auto timeout = static_cast<int>(frame.Integer(3));
  if (room > kMaxEvents) frame.Fail(absl::StrCat("expected at most ", kMaxEvents, " events"));
  if (frame.failed()) return;
  std::vector<epoll_event> events(static_cast<size_t>(std::max<int64_t>(room, 1)));
  const SysResult result =
      SysEpollWait(frame.context, epoll, events.data(), static_cast<int>(room), timeout);
  if (!frame.Finish(result) || result.value == 0) return;
  // A script has the value of one event only.
  if (result.value > 1) {
    return frame.Fail(absl::StrCat("expected one event, got ", result.value));
  }
  if (expected.events != events[0].events) {
    FailComparison(frame, "events", absl::StrCat("0x", absl::Hex(expected.events)),
                   absl::StrCat("0x", absl::Hex(events[0].events)));
  }
  const uint64_t data = events[0].data.u64;
  frame.Compare("data", uint64_t{expected.data.u64}, data);
}

void Sendfile(CallFrame& frame) {
  const int out = frame.Fd(0);
  const int in = frame.Fd(1);
  off_t offset = 0;
  off_t* const at = frame.Offset(2, &offset);
  const int64_t size = frame.Integer(3);
  if (frame.failed()) return;
  frame.Finish(SysSendfile(frame.context, out, in, at, static_cast<size_t>(size)));
}

void Splice(CallFrame& frame) {
  const int in = frame.Fd(0);
  off_t from = 0;
  off_t* const from_at = frame.Offset(1, &from);
  const int out = frame.Fd(2);
  off_t to = 0;
  off_t* const to_at = frame.Offset(3, &to);
  const int64_t size = frame.Integer(4);
  const auto flags = static_cast<unsigned>(frame.Integer(5));
  if (frame.failed()) return;
  frame.Finish(SysSplice(frame.context, in, from_at, out, to_at, static_cast<size_t>(size), flags));
}

constexpr CallSyntax kCalls[] = {
    {"close", "fd", 1, 1, Close},
    {"dup", "fd", 1, 1, Dup},
    {"fcntl", "fd, command, argument", 2, 3, Fcntl},
    {"ioctl", "fd, request, [value]", 2, 3, Ioctl},
    {"open", "path, flags, mode", 2, 3, Open},
    {"pipe", "[fd, fd]", 1, 1, Pipe},
    {"sendfile", "out, in, [offset] or NULL, size", 4, 4, Sendfile},
    {"splice", "in, [offset] or NULL, out, [offset] or NULL, size, flags", 6, 6, Splice},
    {"poll", "[pollfds], count, timeout", 3, 3, Poll},
    {"epoll_create", "size", 1, 1, EpollCreate},
    {"epoll_ctl", "epoll, operation, fd, event", 4, 4, EpollCtl},
    {"epoll_wait", "epoll, event, room, timeout", 4, 4, EpollWait},
};

}  // namespace

absl::Span<const CallSyntax> FileCallTable() { return kCalls; }

}  // namespace drywire::pkt
