// The descriptors of a process: small numbers, lowest free first, each with its close-on-exec flag.
//
// Several descriptors may refer to one File (dup, dup2, fork). Finding the lowest free number reads
// one word for every 4096 descriptors. POSIX 2.14 (File Descriptor Allocation), dup(2),
// getrlimit(2).
#ifndef DRYWIRE_STACK_HOST_FD_TABLE_H_
#define DRYWIRE_STACK_HOST_FD_TABLE_H_

#include <cstdint>
#include <vector>

#include "stack/base/credentials.h"
#include "stack/personality/cause.h"
#include "stack/socket/file.h"

namespace drywire {

// Files open on a host, for fs.file-max and kern.maxfiles.
struct OpenFiles {
  int64_t open = 0;
  const int64_t* limit = nullptr;  // in the host's profile
  bool ends_last_first = true;     // see SysProfile::exit_closes_last_first
  bool privileged_exempt = true;   // the limit does not hold for privileged processes
};

class FdTable {
 public:
  // `limit` is the process's RLIMIT_NOFILE and `owner` who it is, read at each call. None is owned.
  FdTable(OpenFiles* host, const int64_t* limit, const Credentials* owner)
      : host_(host), limit_(limit), owner_(owner) {}
  FdTable(const FdTable&) = delete;
  FdTable& operator=(const FdTable&) = delete;
  ~FdTable() { CloseAll(); }

  // Whether another descriptor, and another file, may be opened: kProcessDescriptorLimit,
  // kSystemDescriptorLimit. For calls that must fail before they do anything (accept, socket).
  Result<> CheckRoom() const;
  // Gives `file`, which is new on this host, the lowest free descriptor that is at least `minimum`.
  Result<int> Install(FileRef file, bool close_on_exec = false, int minimum = 0);
  // Gives the lowest free descriptor to a file that the process was born with. Such files count,
  // but no limit refuses them: fork(2) opens nothing.
  void Inherit(FileRef file);
  // Gives the lowest free descriptor to a file that came in a message, which is open on the host
  // already: kProcessDescriptorLimit.
  Result<int> Adopt(const FileRef& file, bool close_on_exec);
  // Null when `fd` is not open.
  File* Get(int fd) const {
    return fd >= 0 && fd < static_cast<int>(slots_.size()) ? slots_[fd].file.get() : nullptr;
  }

  // dup(2) and fcntl(F_DUPFD): kBadDescriptor, kProcessDescriptorLimit; kInvalidArgument when
  // `minimum` is negative or not below the limit.
  Result<int> Dup(int fd, int minimum = 0, bool close_on_exec = false);
  // dup2(2): `to` is closed first if open; equal numbers do nothing. kBadDescriptor also when `to`
  // is out of range.
  Result<int> Dup2(int fd, int to, bool close_on_exec = false);
  // dup3(2): as dup2, but equal numbers are kInvalidArgument.
  Result<int> Dup3(int fd, int to, bool close_on_exec);

  // Takes `fd` out of the table and returns the file, whose count of descriptors has been lowered
  // (OnLastClose ran when it was the last): the caller may have to wait for it (SO_LINGER).
  Result<FileRef> Close(int fd);
  void CloseAll();
  // Closes what is marked close-on-exec.
  void CloseForExec();
  // Makes this table, which is empty, refer to what `other` refers to: fork(2).
  void CopyFrom(const FdTable& other);

  Result<bool> CloseOnExec(int fd) const;
  Result<> SetCloseOnExec(int fd, bool value);

  // No descriptor at or above this number is open.
  int capacity() const { return static_cast<int>(slots_.size()); }
  int open_count() const { return open_; }
  // The open descriptors, ascending.
  std::vector<int> Descriptors() const;

 private:
  struct Slot {
    FileRef file;
    bool close_on_exec = false;
  };

  // The lowest free number at or above `minimum`; may be beyond the slots.
  int LowestFree(int minimum) const;
  void Put(int fd, FileRef file, bool close_on_exec);
  Result<> CheckSystemRoom() const;
  // Empties the slot; the file's count of descriptors is lowered by the caller.
  FileRef Take(int fd);
  void Drop(File& file);

  OpenFiles* host_;
  const int64_t* limit_;
  const Credentials* owner_;
  std::vector<Slot> slots_;
  std::vector<uint64_t> used_;  // a bit for each slot
  std::vector<uint64_t> full_;  // a bit for each word of used_ that is all ones
  int open_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_HOST_FD_TABLE_H_
