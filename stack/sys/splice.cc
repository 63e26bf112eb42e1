// splice(2) and sendfile(2): from one descriptor to another, inside the kernel. Linux's; FreeBSD
// has no splice(), and its sendfile() is another call with other parameters.
//
// Left out: a piece that a UNIX stream was sent in takes a page of the pipe for itself on Linux;
// here as many take one as fit. tee() and vmsplice(). Source: splice(2), sendfile(2), and the order
// of checks as observed on Linux 6.18.
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "stack/sys/arguments.h"
#include "stack/sys/blocking.h"
#include "stack/sys/node_file.h"
#include "stack/sys/pass_through.h"
#include "stack/sys/pipe_file.h"
#include "stack/sys/receive.h"
#include "stack/sys/send.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

constexpr unsigned kAllFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT;
constexpr size_t kPiece = 65536;           // what sendfile()'s own pipe holds
constexpr size_t kMostBytes = 0x7ffff000;  // MAX_RW_COUNT

struct End {
  int fd = -1;
  FileRef file;

  PipeFile* pipe() const { return PipeFile::Of(file.get()); }
  NodeFile* node() const { return NodeFile::Of(file.get()); }
  Socket* socket() const { return file->AsSocket(); }
};

// One call's transfer. Where it has no position of its own, a file's is used and moves on.
struct Transfer {
  SysContext& context;
  const char* name;
  End from;
  End to;
  int64_t position = 0;  // of the end that is a file
  size_t size = 0;
  bool nonblocking = false;
  bool more = false;  // SPLICE_F_MORE

  // Tries until it gives anything but kWouldBlock, as Block() does.
  template <typename Attempt>
  auto Try(const End& end, Direction direction, Attempt attempt) {
    BlockOptions options;
    options.direction = direction;
    options.nonblocking = nonblocking;
    return Block(context, *end.file, {name, end.fd, end.file.get()}, options, attempt);
  }

  // How much fits into the pipe: what Try() gives, with SIGPIPE.
  Result<size_t> WaitForRoom() {
    auto room = Try(to, Direction::kWrite, [&] { return to.pipe()->Room(); });
    if (!room.ok()) MaybeRaiseSigpipe(context, room.cause(), /*stream=*/true, /*flags=*/0);
    return room;
  }
};

bool IsOpenForReading(const End& end) {
  if (const NodeFile* const node = end.node()) return node->mode().reads;
  if (const PipeFile* const pipe = end.pipe()) return pipe->reads();
  return true;
}

bool IsOpenForWriting(const End& end) {
  if (const NodeFile* const node = end.node()) return node->mode().writes;
  if (const PipeFile* const pipe = end.pipe()) return pipe->writes();
  return true;
}

bool Appends(const End& end) { return end.node() != nullptr && end.node()->mode().appends; }

Result<End> FindEnd(const SysContext& context, int fd) {
  const Result<FileRef> file = FindFile(context, fd);
  if (!file.ok()) return file.cause();
  return End{fd, *file};
}

// --- Into a pipe ---

CallOutcome PipeToPipe(Transfer& transfer) {
  PipeFile& from = *transfer.from.pipe();
  for (;;) {
    const auto come = transfer.Try(transfer.from, Direction::kRead, [&] { return from.Front(); });
    if (!come.ok()) return come.cause();
    const Result<size_t> room = transfer.WaitForRoom();
    if (!room.ok()) return room.cause();
    const size_t moved = from.MoveTo(*transfer.to.pipe(), transfer.size);
    // Somebody may have read it while there was no room.
    if (moved > 0 || from.Front().ok()) return static_cast<int64_t>(moved);
  }
}

CallOutcome FileToPipe(Transfer& transfer) {
  const Result<size_t> room = transfer.WaitForRoom();
  if (!room.ok()) return room.cause();
  // A page of the pipe holds what one of the file does.
  const size_t skipped = static_cast<size_t>(transfer.position) % PipeBuffer::kPage;
  std::vector<uint8_t> bytes(std::min(transfer.size, *room - skipped));
  const File::Buffer buffer = {bytes.data(), bytes.size()};
  const Result<size_t> read =
      transfer.from.node()->ReadAt(transfer.position, absl::MakeConstSpan(&buffer, 1));
  if (!read.ok()) return read.cause();
  transfer.to.pipe()->PutApart(absl::MakeConstSpan(bytes).first(*read),
                               PipeBuffer::kPage - skipped);
  return static_cast<int64_t>(*read);
}

CallOutcome SocketToPipe(Transfer& transfer) {
  Socket& socket = *transfer.from.socket();
  // Only UNIX streams look at SPLICE_F_NONBLOCK.
  const bool unix_stream = socket.domain() == AF_UNIX && socket.type() == SOCK_STREAM;
  const bool nonblocking = socket.nonblocking() || (unix_stream && transfer.nonblocking);
  const Duration timeout = socket.receive_timeout();
  const Instant deadline = transfer.context.now() + timeout;
  BlockOptions options;
  options.restarts = RestartsWithTimeout(transfer.context, timeout);
  for (;;) {
    const Result<size_t> room = transfer.WaitForRoom();
    if (!room.ok()) return room.cause();
    std::vector<uint8_t> bytes(std::min(transfer.size, *room));
    ReceiveRequest request;
    request.fd = transfer.from.fd;
    request.name = transfer.name;
    request.buffers = Buffers::One(bytes.data(), bytes.size());
    request.flags = MSG_DONTWAIT;
    request.stays_at_mark = true;
    const Result<Received> received =
        ReceiveFromSocket(transfer.context, socket, std::move(request));
    if (received.ok()) {
      transfer.to.pipe()->PutApart(absl::MakeConstSpan(bytes).first(received->bytes),
                                   PipeBuffer::kPage);
      return static_cast<int64_t>(received->bytes);
    }
    if (received.cause() != Cause::kWouldBlock || nonblocking) return received.cause();
    // There is something, but it is urgent.
    if (socket.StopsAtMark()) return 0;
    const Result<> waited = WaitForAttempt(
        transfer.context, socket, {transfer.name, transfer.from.fd, transfer.from.file.get()},
        options, deadline);
    if (!waited.ok()) return waited.cause();
  }
}

// Once, as much as there is and fits.
CallOutcome ToPipe(Transfer& transfer) {
  if (transfer.from.node() != nullptr && !transfer.from.node()->node().IsDirectory()) {
    return FileToPipe(transfer);
  }
  if (transfer.from.socket() != nullptr) return SocketToPipe(transfer);
  return Cause::kInvalidArgument;
}

// --- Out of a pipe or a file ---

// Writes some of `bytes`, `more` of which follow, to what is no pipe; what a socket has no room for
// is not waited for.
CallOutcome WriteSome(Transfer& transfer, absl::Span<const uint8_t> bytes, bool more) {
  Buffers buffers = Buffers::One(bytes.data(), bytes.size());
  if (Socket* const socket = transfer.to.socket(); socket != nullptr) {
    SendRequest request;
    request.fd = transfer.to.fd;
    request.name = transfer.name;
    request.flags = MSG_DONTWAIT | (more ? MSG_MORE : 0);
    request.buffers = std::move(buffers);
    return SendOnSocket(transfer.context, *socket, std::move(request));
  }
  if (NodeFile* const node = transfer.to.node(); node != nullptr) {
    const Result<size_t> written = node->WriteAt(transfer.position, buffers.list);
    if (!written.ok()) return written.cause();
    transfer.position += static_cast<int64_t>(*written);
    return static_cast<int64_t>(*written);
  }
  return WriteToFile(transfer.context, *transfer.to.file, transfer.to.fd, std::move(buffers));
}

// Whether splice() can write to it at all.
bool TakesSplices(const End& end) {
  return end.socket() != nullptr || end.pipe() != nullptr || end.node() != nullptr ||
         AsPassThrough(end.file.get()) != nullptr;
}

// Waits for room in a socket, if it may.
Result<> WaitForSocket(Transfer& transfer, Instant deadline) {
  Socket* const socket = transfer.to.socket();
  if (socket == nullptr || socket->nonblocking()) return Cause::kWouldBlock;
  BlockOptions options;
  options.direction = Direction::kWrite;
  options.restarts = RestartsWithTimeout(transfer.context, socket->send_timeout());
  return WaitForAttempt(transfer.context, *socket, {transfer.name, transfer.to.fd, socket}, options,
                        deadline);
}

Instant SendDeadline(const Transfer& transfer) {
  const Socket* const socket = transfer.to.socket();
  return transfer.context.now() + (socket != nullptr ? socket->send_timeout() : kInfinite);
}

struct Piece {
  absl::Span<const uint8_t> bytes;  // none: that was all
  bool more = false;
};

// Writes what `next`, given how much is done, says comes next, and tells `sent` of what went out.
// What went out before a failure hides it.
template <typename Next, typename Sent>
CallOutcome WritePieces(Transfer& transfer, Next next, Sent sent) {
  const Instant deadline = SendDeadline(transfer);
  size_t done = 0;
  const auto fail = [&](Cause cause) {
    return done > 0 ? CallOutcome(static_cast<int64_t>(done)) : CallOutcome(cause);
  };
  while (done < transfer.size) {
    const Result<Piece> piece = next(done);
    if (!piece.ok()) return fail(piece.cause());
    if (piece->bytes.empty()) break;
    const CallOutcome written = WriteSome(transfer, piece->bytes, piece->more);
    if (written.ok()) {
      sent(static_cast<size_t>(*written));
      done += static_cast<size_t>(*written);
      continue;
    }
    if (written.cause() != Cause::kWouldBlock) return fail(written.cause());
    const Result<> waited = WaitForSocket(transfer, deadline);
    if (!waited.ok()) return fail(waited.cause());
  }
  return static_cast<int64_t>(done);
}

CallOutcome FromPipe(Transfer& transfer) {
  PipeFile& from = *transfer.from.pipe();
  const auto front = [&](size_t done) -> Result<Piece> {
    // What is not there once something was sent is not waited for.
    const auto bytes =
        done > 0 ? from.Front()
                 : transfer.Try(transfer.from, Direction::kRead, [&] { return from.Front(); });
    if (!bytes.ok()) return bytes.cause();
    return Piece{bytes->first(std::min(bytes->size(), transfer.size - done)), transfer.more};
  };
  return WritePieces(transfer, front, [&](size_t size) { from.Drop(size); });
}

// sendfile() to what is no pipe.
CallOutcome FromFile(Transfer& transfer, int64_t position) {
  NodeFile& from = *transfer.from.node();
  std::vector<uint8_t> bytes(std::min(transfer.size, kPiece));
  const auto read_on = [&](size_t done) -> Result<Piece> {
    const int64_t at = position + static_cast<int64_t>(done);
    const File::Buffer room = {bytes.data(), std::min(transfer.size - done, bytes.size())};
    const Result<size_t> read = from.ReadAt(at, absl::MakeConstSpan(&room, 1));
    if (!read.ok()) return read.cause();
    const bool more =
        done + *read < transfer.size && at + static_cast<int64_t>(*read) < from.node().Stat().size;
    return Piece{absl::MakeConstSpan(bytes).first(*read), more};
  };
  return WritePieces(transfer, read_on, [](size_t) {});
}

// --- The calls ---

// Judges an offset of splice(): kInvalidArgument where the end cannot be addressed.
Result<> CheckOffset(const End& end, const off_t* offset) {
  if (offset == nullptr) return {};
  if (end.node() == nullptr || *offset < 0) return Cause::kInvalidArgument;
  return {};
}

// What splice() transfers, without a position; the offsets are those of the call.
Result<Transfer> JudgeSplice(SysContext& context, End in, const off_t* in_offset, End out,
                             const off_t* out_offset) {
  if (!IsOpenForReading(in) || !IsOpenForWriting(out)) return Cause::kBadDescriptor;
  const PipeFile* const from = in.pipe();
  const PipeFile* const to = out.pipe();
  if (from == nullptr && to == nullptr) return Cause::kInvalidArgument;
  if (from != nullptr && to != nullptr && &from->buffer() == &to->buffer()) {
    return Cause::kInvalidArgument;
  }
  DRYWIRE_RETURN_IF_FAILED(CheckOffset(in, in_offset));
  DRYWIRE_RETURN_IF_FAILED(CheckOffset(out, out_offset));
  if (from != nullptr && Appends(out)) return Cause::kInvalidArgument;
  if (!TakesSplices(out)) return Cause::kInvalidArgument;
  return Transfer{context, "splice", std::move(in), std::move(out)};
}

CallOutcome Splice(SysContext& context, int in, off_t* in_offset, int out, off_t* out_offset,
                   size_t size, unsigned flags) {
  if (size == 0) return 0;
  if ((flags & ~kAllFlags) != 0) return Cause::kInvalidArgument;
  const Result<End> from = FindEnd(context, in);
  if (!from.ok()) return from.cause();
  const Result<End> to = FindEnd(context, out);
  if (!to.ok()) return to.cause();
  if ((from->pipe() != nullptr && in_offset != nullptr) ||
      (to->pipe() != nullptr && out_offset != nullptr)) {
    return Cause::kNotSeekable;
  }
  off_t* const user = in_offset != nullptr ? in_offset : out_offset;
  off_t offset = 0;
  if (user != nullptr && !ReadUser(&offset, user)) return Cause::kBadAddressPointer;
  const off_t* const judged = user != nullptr ? &offset : nullptr;
  Result<Transfer> transfer = JudgeSplice(context, *from, in_offset != nullptr ? judged : nullptr,
                                          *to, out_offset != nullptr ? judged : nullptr);
  if (!transfer.ok()) return transfer.cause();
  if (static_cast<ssize_t>(size) < 0) return Cause::kInvalidArgument;
  transfer->size = std::min(size, kMostBytes);
  transfer->more = (flags & SPLICE_F_MORE) != 0;
  transfer->nonblocking = (flags & SPLICE_F_NONBLOCK) != 0;
  for (const End* const end : {&transfer->from, &transfer->to}) {
    if (end->pipe() != nullptr && end->file->nonblocking()) transfer->nonblocking = true;
  }
  NodeFile* const node = from->node() != nullptr ? from->node() : to->node();
  const int64_t position = user != nullptr ? offset : node != nullptr ? node->position() : 0;
  transfer->position = position;
  const bool both = from->pipe() != nullptr && to->pipe() != nullptr;
  const CallOutcome done = both                    ? PipeToPipe(*transfer)
                           : to->pipe() != nullptr ? ToPipe(*transfer)
                                                   : FromPipe(*transfer);
  if (!done.ok() || node == nullptr) return done;
  if (user == nullptr) {
    (void)node->Seek(position + *done, SEEK_SET).ok();
  } else if (!WriteUser(user, static_cast<off_t>(position + *done))) {
    return Cause::kBadAddressPointer;
  }
  return done;
}

// kBadDescriptor; kNotSeekable for an offset in what has none; kInvalidArgument.
Result<Transfer> JudgeSendfile(SysContext& context, int out, int in, const off_t* offset,
                               size_t size) {
  Result<End> from = FindEnd(context, in);
  if (!from.ok()) return from.cause();
  if (!IsOpenForReading(*from)) return Cause::kBadDescriptor;
  const NodeFile* const node = from->node();
  if (node == nullptr && offset != nullptr) return Cause::kNotSeekable;
  if ((offset != nullptr && *offset < 0) || static_cast<ssize_t>(size) < 0) {
    return Cause::kInvalidArgument;
  }
  Result<End> to = FindEnd(context, out);
  if (!to.ok()) return to.cause();
  if (!IsOpenForWriting(*to)) return Cause::kBadDescriptor;
  if (Appends(*to)) return Cause::kInvalidArgument;
  const bool to_pipe = to->pipe() != nullptr;
  // To a pipe it is a splice(); otherwise the pipe in between wants a file that can be read again.
  if (!to_pipe && (from->pipe() != nullptr || from->socket() != nullptr)) {
    return Cause::kInvalidArgument;
  }
  if (size > 0) {
    if (!to_pipe && (node == nullptr || node->node().IsDirectory())) return Cause::kInvalidArgument;
    if (!TakesSplices(*to)) return Cause::kInvalidArgument;
  }
  Transfer transfer = {context, "sendfile", *std::move(from), *std::move(to)};
  transfer.size = std::min(size, kMostBytes);
  return transfer;
}

CallOutcome Sendfile(SysContext& context, int out, int in, off_t* offset, size_t size) {
  off_t at = 0;
  if (offset != nullptr && !ReadUser(&at, offset)) return Cause::kBadAddressPointer;
  Result<Transfer> transfer =
      JudgeSendfile(context, out, in, offset == nullptr ? nullptr : &at, size);
  if (!transfer.ok()) return transfer.cause();
  if (size == 0) return 0;
  NodeFile* const node = transfer->from.node();
  const int64_t position = offset != nullptr ? at : node != nullptr ? node->position() : 0;
  CallOutcome done = 0;
  if (transfer->to.pipe() != nullptr) {
    transfer->nonblocking = transfer->to.file->nonblocking();
    transfer->position = position;
    done = ToPipe(*transfer);
  } else {
    NodeFile* const to = transfer->to.node();
    if (to != nullptr) transfer->position = to->position();
    done = FromFile(*transfer, position);
    if (to != nullptr) (void)to->Seek(transfer->position, SEEK_SET).ok();
  }
  if (!done.ok() || node == nullptr) return done;
  if (offset == nullptr) {
    (void)node->Seek(position + *done, SEEK_SET).ok();
  } else if (!WriteUser(offset, static_cast<off_t>(position + *done))) {
    return Cause::kBadAddressPointer;
  }
  return done;
}

// Failures are told as those of receiving where the call receives.
Operation OperationOn(const SysContext& context, int in) {
  return FindSocket(context, in).ok() ? Operation::kRecv : Operation::kSend;
}

}  // namespace

SysResult SysSplice(SysContext& context, int in, off_t* in_offset, int out, off_t* out_offset,
                    size_t size, unsigned flags) {
  return RunCall(context,
                 {"splice", OperationOn(context, in), in, static_cast<uint64_t>(out), size},
                 [&]() -> CallOutcome {
                   if (!context.profile().sys.has_splice) return NotModelled(context, "splice()");
                   return Splice(context, in, in_offset, out, out_offset, size, flags);
                 });
}

SysResult SysSendfile(SysContext& context, int out, int in, off_t* offset, size_t size) {
  return RunCall(context,
                 {"sendfile", OperationOn(context, in), out, static_cast<uint64_t>(in), size},
                 [&]() -> CallOutcome {
                   if (!context.profile().sys.has_splice) {
                     return NotModelled(context, "sendfile() of Linux");
                   }
                   return Sendfile(context, out, in, offset, size);
                 });
}

}  // namespace drywire
