#include "stack/sys/arguments.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>

#include "stack/sys/call.h"
#include "stack/sys/fifo.h"
#include "stack/sys/node_file.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

constexpr size_t kMaxTransfer = 0x7ffff000;  // MAX_RW_COUNT of Linux; FreeBSD's is INT_MAX.
constexpr int64_t kMaxVectors = 1024;        // UIO_MAXIOV on both.

}  // namespace

Result<FileRef> FindFile(const SysContext& context, int fd) {
  File* const file = context.process.fds().Get(fd);
  if (file == nullptr) return Cause::kBadDescriptor;
  return FileRef(file);
}

Result<Ref<Socket>> SocketOf(const FileRef& file) {
  Socket* const socket = file->AsSocket();
  if (socket == nullptr) return Cause::kNotSocket;
  return Ref<Socket>(socket);
}

Result<Ref<Socket>> FindSocket(const SysContext& context, int fd) {
  File* const file = context.process.fds().Get(fd);
  if (file == nullptr) return Cause::kBadDescriptor;
  Socket* const socket = file->AsSocket();
  if (socket == nullptr) return Cause::kNotSocket;
  return Ref<Socket>(socket);
}

Result<RawAddress> ReadAddress(const SysContext& context, const sockaddr* address, int64_t length) {
  const AddressRules& rules = context.profile().socket.address;
  if (length > rules.max_length) return Cause::kAddressTooLong;
  if (length < 0) {
    // A length is unsigned for those who do not look at its sign.
    return rules.min_length > 0 ? Cause::kAddressTooLong : Cause::kAddressLengthInvalid;
  }
  if (length < rules.min_length) return Cause::kAddressLengthInvalid;
  uint8_t copy[256] = {};
  if (!CopyFromUser(copy, address, std::min(static_cast<size_t>(length), sizeof copy))) {
    return Cause::kBadAddressPointer;
  }
  return RawAddress(copy, length);
}

Result<> WriteAddress(const RawAddress& value, sockaddr* address, socklen_t* length) {
  socklen_t room = 0;
  if (!ReadUser(&room, length)) return Cause::kBadAddressPointer;
  if (static_cast<int32_t>(room) < 0) return Cause::kInvalidArgument;
  const auto full = static_cast<socklen_t>(value.length());
  const size_t copied = std::min<size_t>({room, full, value.bytes().size()});
  if (!CopyToUser(address, value.bytes().data(), copied)) return Cause::kBadAddressPointer;
  if (!WriteUser(length, full)) return Cause::kBadAddressPointer;
  return {};
}

Node* NodeOf(File* file) {
  if (const NodeFile* const node = NodeFile::Of(file); node != nullptr) return &node->node();
  if (const FifoEnd* const end = FifoEnd::Of(file); end != nullptr) return &end->node();
  return nullptr;
}

Result<NodeRef> FindNode(const SysContext& context, int fd) {
  const Result<FileRef> file = FindFile(context, fd);
  if (!file.ok()) return file.cause();
  Node* const node = NodeOf(file->get());
  if (node != nullptr) return NodeRef(node);
  (void)NotModelled(context, "that call on a descriptor that leads to no file");
  return Cause::kInvalidArgument;
}

Result<PathContext> PathFrom(const SysContext& context, int at, const std::string& path,
                             int flags) {
  PathContext from = context.process.path_context();
  from.empty_is_directory = (flags & AT_EMPTY_PATH) != 0;
  const bool is_itself = path.empty() && from.empty_is_directory;
  if (at == AT_FDCWD || (path.empty() && !is_itself) || path.front() == '/') return from;
  if (is_itself) {
    const Result<NodeRef> node = FindNode(context, at);
    if (!node.ok()) return node.cause();
    from.directory = *node;
    return from;
  }
  const Result<FileRef> file = FindFile(context, at);
  if (!file.ok()) return file.cause();
  const NodeFile* const node = NodeFile::Of(file->get());
  if (node == nullptr || !node->node().IsDirectory()) return Cause::kNotDirectory;
  from.directory = node->node_ref();
  return from;
}

Result<std::string> ReadPath(const SysContext& context, const char* path) {
  std::string copy;
  const auto limit = static_cast<size_t>(context.profile().vfs.path_max);
  switch (CopyStringFromUser(&copy, path, limit)) {
    case StringCopy::kDone:
      return copy;
    case StringCopy::kFault:
      return Cause::kBadAddressPointer;
    case StringCopy::kTooLong:
      return Cause::kPathTooLong;
  }
  return Cause::kBadAddressPointer;
}

Buffers Buffers::One(const void* data, size_t size) {
  Buffers buffers;
  buffers.total = std::min(size, kMaxTransfer);
  buffers.list.push_back({const_cast<void*>(data), buffers.total});
  return buffers;
}

void Buffers::Advance(size_t size) {
  total -= size;
  auto at = list.begin();
  while (at != list.end() && size >= at->size) {
    size -= at->size;
    ++at;
  }
  if (at != list.end()) {
    at->data = static_cast<char*>(at->data) + size;
    at->size -= size;
  }
  list.erase(list.begin(), at);
}

void Buffers::Cut(size_t size) {
  total = std::min(total, size);
  auto at = list.begin();
  for (; at != list.end() && size > 0; ++at) {
    at->size = std::min(at->size, size);
    size -= at->size;
  }
  list.erase(at, list.end());
}

Result<Buffers> ReadVectors(const iovec* vectors, int64_t count) {
  if (count < 0 || count > kMaxVectors) return Cause::kInvalidArgument;
  absl::InlinedVector<iovec, 8> copy(static_cast<size_t>(count));
  if (!CopyFromUser(copy.data(), vectors, copy.size() * sizeof(iovec))) {
    return Cause::kBadAddressPointer;
  }
  Buffers buffers;
  for (const iovec& vector : copy) {
    if (static_cast<ssize_t>(vector.iov_len) < 0) return Cause::kInvalidArgument;
    const size_t size = std::min(vector.iov_len, kMaxTransfer - buffers.total);
    if (size == 0) continue;
    buffers.list.push_back({vector.iov_base, size});
    buffers.total += size;
  }
  return buffers;
}

Result<Duration> ToDuration(const timespec& time) {
  if (time.tv_sec < 0 || time.tv_nsec < 0 || time.tv_nsec >= 1'000'000'000) {
    return Cause::kInvalidArgument;
  }
  return Duration::Seconds(time.tv_sec) + Duration::Nanos(time.tv_nsec);
}

Result<Duration> ToDuration(const timeval& time) {
  if (time.tv_sec < 0 || time.tv_usec < 0 || time.tv_usec >= 1'000'000) {
    return Cause::kInvalidArgument;
  }
  return Duration::Seconds(time.tv_sec) + Duration::Micros(time.tv_usec);
}

timespec ToTimespec(Duration duration) {
  timespec time = {};
  time.tv_sec = static_cast<time_t>(duration.seconds());
  time.tv_nsec = static_cast<long>((duration % Duration::Seconds(1)).nanos());
  return time;
}

timeval ToTimeval(Duration duration) {
  timeval time = {};
  time.tv_sec = static_cast<time_t>(duration.seconds());
  time.tv_usec = static_cast<suseconds_t>((duration % Duration::Seconds(1)).micros());
  return time;
}

SignalInfo FromCaller(const SysContext& context, int signal, int code) {
  SignalInfo info;
  info.signal = signal;
  info.code = code;
  info.pid = context.process.pid();
  info.uid = context.process.identity().users().real;
  return info;
}

SignalSet ToSignalSet(const sigset_t& set) {
  static_assert(sizeof(sigset_t) >= sizeof(SignalSet));
  SignalSet bits = 0;
  std::memcpy(&bits, &set, sizeof bits);
  return bits;
}

sigset_t FromSignalSet(SignalSet set) {
  sigset_t result;
  sigemptyset(&result);
  std::memcpy(&result, &set, sizeof set);
  return result;
}

}  // namespace drywire
