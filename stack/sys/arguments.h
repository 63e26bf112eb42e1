// What several calls do with their arguments: finding the file, copying addresses and vectors.
#ifndef DRYWIRE_STACK_SYS_ARGUMENTS_H_
#define DRYWIRE_STACK_SYS_ARGUMENTS_H_

#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

#include <string>

#include "absl/container/inlined_vector.h"
#include "sim/core/time.h"
#include "stack/base/raw_address.h"
#include "stack/host/process.h"
#include "stack/personality/cause.h"
#include "stack/socket/file.h"
#include "stack/socket/socket.h"
#include "stack/sys/sys_environment.h"
#include "stack/vfs/vfs.h"

// Ends the function with the cause when a Result<> expression fails.
#define DRYWIRE_RETURN_IF_FAILED(expression) \
  if (const auto drywire_result = (expression); !drywire_result.ok()) return drywire_result.cause()

namespace drywire {

// The file of a descriptor: kBadDescriptor.
Result<FileRef> FindFile(const SysContext& context, int fd);
// The socket of a descriptor: kBadDescriptor, kNotSocket.
Result<Ref<Socket>> FindSocket(const SysContext& context, int fd);
Result<Ref<Socket>> SocketOf(const FileRef& file);
// The inode that is open: kBadDescriptor. What has none is not modelled: kInvalidArgument.
Result<NodeRef> FindNode(const SysContext& context, int fd);
// The same of a file; null for those that have none.
Node* NodeOf(File* file);

// Copies an address in and judges its length as the system does: kAddressLengthInvalid,
// kAddressTooLong, kBadAddressPointer.
Result<RawAddress> ReadAddress(const SysContext& context, const sockaddr* address, int64_t length);
// Copies an address out as getsockname() does: cut to *length, which then holds the full length.
// kBadAddressPointer; kInvalidArgument when *length is negative.
Result<> WriteAddress(const RawAddress& value, sockaddr* address, socklen_t* length);

// Copies a path in: kPathTooLong, kBadAddressPointer. An empty one is for the resolution to judge.
Result<std::string> ReadPath(const SysContext& context, const char* path);

// Where openat(2) and its like begin: at the working directory for AT_FDCWD and for absolute paths,
// otherwise at an open directory. kBadDescriptor, kNotDirectory. With AT_EMPTY_PATH in `flags` an
// empty path is the descriptor itself, as FindNode() has it.
Result<PathContext> PathFrom(const SysContext& context, int at, const std::string& path,
                             int flags = 0);

// The buffers of one call. `total` is at most what one call transfers.
struct Buffers {
  absl::InlinedVector<File::Buffer, 4> list;
  size_t total = 0;

  static Buffers One(const void* data, size_t size);
  // Drops the first `size` bytes.
  void Advance(size_t size);
  // Drops all but the first `size` bytes.
  void Cut(size_t size);
};
// kInvalidArgument: a count or a length out of range; kBadAddressPointer.
Result<Buffers> ReadVectors(const iovec* vectors, int64_t count);

// A time that must not be negative and whose fraction must be below a second: kInvalidArgument.
Result<Duration> ToDuration(const timespec& time);
Result<Duration> ToDuration(const timeval& time);
timespec ToTimespec(Duration duration);
timeval ToTimeval(Duration duration);

// A signal that the caller sends; `code` is one of SI_*.
SignalInfo FromCaller(const SysContext& context, int signal, int code);

// Signals 1 to 64 of the program's set.
SignalSet ToSignalSet(const sigset_t& set);
sigset_t FromSignalSet(SignalSet set);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_ARGUMENTS_H_
