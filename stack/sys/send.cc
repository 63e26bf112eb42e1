#include "stack/sys/send.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "stack/personality/errno_rules.h"
#include "stack/sys/blocking.h"
#include "stack/sys/receive.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

bool IsDatagram(const Socket& socket) { return socket.type() != SOCK_STREAM; }

// Cuts the buffers to what can be read. kBadAddressPointer when that leaves nothing of something.
Result<> CutToReadable(const Socket& socket, Buffers* buffers) {
  const size_t readable = ReadablePrefix(buffers->list);
  if (readable == buffers->total) return {};
  if (readable == 0 || IsDatagram(socket)) return Cause::kBadAddressPointer;
  buffers->Cut(readable);
  return {};
}

}  // namespace

void MaybeRaiseSigpipe(SysContext& context, Cause cause, bool stream, int flags) {
  if (!stream || (flags & MSG_NOSIGNAL) != 0 || context.task.killed()) return;
  if (context.host().errnos().Errno(Operation::kSend, cause) == EPIPE) {
    (void)context.process.Raise(FromCaller(context, SIGPIPE, SI_USER)).ok();
  }
}

CallOutcome SendOnSocket(SysContext& context, Socket& socket, SendRequest request) {
  const Credentials& credentials = context.process.credentials();
  BlockOptions options;
  options.direction = Direction::kWrite;
  options.nonblocking = socket.nonblocking() || (request.flags & MSG_DONTWAIT) != 0;
  options.timeout = socket.send_timeout();
  options.restarts = RestartsWithTimeout(context, options.timeout);
  const Instant deadline = context.now() + options.timeout;
  const bool whole = IsDatagram(socket);
  size_t sent = 0;
  for (;;) {
    Buffers chunk = request.buffers;
    if (!whole) chunk.Cut(kMaxChunk);
    const Result<> readable = CutToReadable(socket, &chunk);
    if (!readable.ok()) {
      if (sent > 0) return static_cast<int64_t>(sent);
      // A socket that cannot send says so before the data is looked at.
      if (whole) return readable.cause();
      chunk.Cut(0);
    }
    SendArgs args;
    args.buffers = chunk.list;
    args.flags = request.flags;
    args.destination = request.destination;
    args.control = request.control;
    args.continued = sent > 0;
    args.caller = &context.process;
    options.timeout = deadline - context.now();
    auto result = Block(context, socket, {request.name, request.fd, &socket}, options,
                        [&] { return socket.Send(args, credentials); });
    if (!result.ok()) {
      if (sent > 0) return static_cast<int64_t>(sent);
      MaybeRaiseSigpipe(context, result.cause(), !whole, request.flags);
      return result.cause();
    }
    if (!readable.ok()) return readable.cause();
    sent += *result;
    request.buffers.Advance(*result);
    if (whole || request.buffers.total == 0) return static_cast<int64_t>(sent);
    if (*result == 0) return static_cast<int64_t>(sent);
  }
}

CallOutcome WriteToFile(SysContext& context, File& file, int fd, Buffers buffers) {
  BlockOptions options;
  options.direction = Direction::kWrite;
  options.nonblocking = file.nonblocking();
  size_t written = 0;
  while (true) {
    Buffers chunk = buffers;
    chunk.Cut(kMaxChunk);
    const size_t readable = ReadablePrefix(chunk.list);
    if (readable < chunk.total) chunk.Cut(readable);
    if (readable == 0 && chunk.total == 0 && buffers.total > 0) {
      return written > 0 ? CallOutcome(static_cast<int64_t>(written))
                         : CallOutcome(Cause::kBadAddressPointer);
    }
    auto result =
        Block(context, file, {"write", fd, &file}, options, [&] { return file.Write(chunk.list); });
    if (!result.ok()) {
      if (written > 0) return static_cast<int64_t>(written);
      MaybeRaiseSigpipe(context, result.cause(), true, 0);
      return result.cause();
    }
    written += *result;
    buffers.Advance(*result);
    if (buffers.total == 0 || *result == 0) return static_cast<int64_t>(written);
  }
}

}  // namespace drywire
