#include "stack/sys/receive.h"

#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "stack/sys/blocking.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

bool IsStream(const Socket& socket) { return socket.type() == SOCK_STREAM; }

Result<Received> ReceiveOnce(SysContext& context, Socket& socket, const ReceiveRequest& request,
                             const Buffers& buffers, Duration timeout) {
  BlockOptions options;
  // What is not in the error queue is not waited for.
  options.nonblocking =
      socket.nonblocking() || (request.flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) != 0;
  options.timeout = timeout;
  options.restarts = RestartsWithTimeout(context, socket.receive_timeout());
  ReceiveArgs args;
  args.buffers = buffers.list;
  args.flags = request.flags & ~(MSG_WAITALL | MSG_CMSG_CLOEXEC);
  args.control = request.control;
  args.close_on_exec = (request.flags & MSG_CMSG_CLOEXEC) != 0;
  args.caller = &context.process;
  args.at_least = request.at_least;
  args.continued = request.continued;
  args.stays_at_mark = request.stays_at_mark;
  auto received = Block(context, socket, {request.name, request.fd, &socket}, options,
                        [&] { return socket.Receive(args); });
  if (received.ok() || request.at_least == 0) return received;
  // No more came while there was time: what there is will do.
  args.at_least = 0;
  args.continued = true;
  const auto rest = socket.Receive(args);
  return rest.ok() && rest->bytes > 0 ? rest : received;
}

// recv() of no bytes on Linux's TCP: the call sleeps until it is woken, by whatever, and then has
// received the nothing it asked for.
Result<Received> ReceiveNothing(SysContext& context, Socket& socket,
                                const ReceiveRequest& request) {
  ReceiveRequest attempt = request;
  attempt.flags |= MSG_DONTWAIT;
  auto received = ReceiveOnce(context, socket, attempt, request.buffers, Duration());
  const bool waits = !received.ok() && received.cause() == Cause::kWouldBlock &&
                     !socket.nonblocking() && (request.flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) == 0;
  if (!waits) return received;
  (void)WaitForFile(context, socket, Direction::kRead, {request.name, request.fd, &socket},
                    context.now() + socket.receive_timeout());
  return Received();
}

// Into memory of ours and from there to as much of the program's as there is. Of a stream, what
// could not be copied stays where it is; a datagram is lost.
Result<Received> ReceiveIntoBadMemory(SysContext& context, Socket& socket,
                                      const ReceiveRequest& request, const Buffers& buffers,
                                      Duration timeout) {
  std::vector<uint8_t> bounce(buffers.total);
  const Buffers ours = Buffers::One(bounce.data(), bounce.size());
  const bool inet_stream = IsStream(socket) && socket.domain() != AF_UNIX;
  // Nothing is copied then: tcp(7).
  if (inet_stream && (request.flags & MSG_TRUNC) != 0) {
    return ReceiveOnce(context, socket, request, ours, timeout);
  }
  ReceiveRequest first = request;
  if (inet_stream) first.flags |= MSG_PEEK;
  auto received = ReceiveOnce(context, socket, first, ours, timeout);
  if (!received.ok()) return received;
  size_t copied = 0;
  for (const File::Buffer& buffer : buffers.list) {
    const size_t size = std::min(buffer.size, std::min(received->bytes, bounce.size()) - copied);
    if (!CopyToUser(buffer.data, bounce.data() + copied, size)) return Cause::kBadAddressPointer;
    copied += size;
  }
  if (first.flags == request.flags) return received;
  return ReceiveOnce(context, socket, request, Buffers::One(bounce.data(), copied), timeout);
}

// How many bytes a blocking receive waits for.
size_t ReceiveTarget(const SysContext& context, const Socket& socket,
                     const ReceiveRequest& request) {
  if (!IsStream(socket)) return 0;
  const bool peek = (request.flags & MSG_PEEK) != 0;
  // Linux's UNIX streams do not wait for more while one only looks.
  if (peek && socket.domain() == AF_UNIX) return 0;
  const bool all =
      (request.flags & MSG_WAITALL) != 0 && (!peek || context.profile().sys.peek_waits_for_all);
  return all ? request.buffers.total : std::min(socket.receive_low_water(), request.buffers.total);
}

}  // namespace

Result<Received> ReceiveFromSocket(SysContext& context, Socket& socket, ReceiveRequest request) {
  const bool stream = IsStream(socket);
  if (stream && socket.domain() != AF_UNIX && request.buffers.total == 0) {
    return ReceiveNothing(context, socket, request);
  }
  const size_t target = ReceiveTarget(context, socket, request);
  // Peeking does not advance: all of it must be seen at once.
  const bool once = !stream || (request.flags & MSG_PEEK) != 0;
  if (once) request.at_least = target;
  const Instant deadline = context.now() + socket.receive_timeout();
  Received total;
  for (;;) {
    Buffers chunk = request.buffers;
    chunk.Cut(kMaxChunk);
    const Duration left = deadline - context.now();
    auto received = WritablePrefix(chunk.list) == chunk.total
                        ? ReceiveOnce(context, socket, request, chunk, left)
                        : ReceiveIntoBadMemory(context, socket, request, chunk, left);
    if (!received.ok()) {
      if (total.bytes > 0) return total;
      return received.cause();
    }
    const Received before = total;
    total = *received;
    total.bytes += before.bytes;
    if (before.bytes > 0) {
      total.flags |= before.flags;
      total.control_bytes += before.control_bytes;
      total.source = before.source;
    }
    request.control.remove_prefix(received->control_bytes);
    if (once || received->bytes == 0 || received->ends_here ||
        total.bytes == before.bytes + request.buffers.total)
      break;
    // A whole chunk: there may be more, which is not waited for once the target is reached.
    if (total.bytes >= target && received->bytes < chunk.total) break;
    if (total.bytes >= target) request.flags |= MSG_DONTWAIT;
    request.continued = true;
    request.buffers.Advance(received->bytes);
  }
  return total;
}

}  // namespace drywire
