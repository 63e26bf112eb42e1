// A regular file or a directory that is open: a node and a position in it.
//
// Always ready. Source: open(2), read(2), write(2), lseek(2), as observed on Linux 6.18.
#ifndef DRYWIRE_STACK_SYS_NODE_FILE_H_
#define DRYWIRE_STACK_SYS_NODE_FILE_H_

#include <cstdint>

#include "sim/core/event_queue.h"
#include "stack/base/credentials.h"
#include "stack/personality/cause.h"
#include "stack/socket/file.h"
#include "stack/vfs/node.h"

namespace drywire {

class NodeFile final : public File {
 public:
  struct Mode {
    bool reads = false;
    bool writes = false;
    bool appends = false;  // O_APPEND
    bool neither = false;  // Linux's access mode 3, for F_GETFL
  };

  // `opener` is whom writing is judged by where a set-user-ID bit is lost; `events` has the time.
  NodeFile(NodeRef node, const Mode& mode, const Credentials& opener, const EventQueue* events)
      : node_(std::move(node)), mode_(mode), opener_(opener), events_(events) {}

  // Null unless `file` is one.
  static NodeFile* Of(File* file) { return dynamic_cast<NodeFile*>(file); }

  Node& node() const { return *node_; }
  const NodeRef& node_ref() const { return node_; }
  const Mode& mode() const { return mode_; }
  void set_appends(bool value) { mode_.appends = value; }
  int64_t position() const { return position_; }

  uint32_t Poll() const override { return kPollIn | kPollRdNorm | kPollOut | kPollWrNorm; }
  bool SupportsEpoll() const override { return false; }
  // kBadDescriptor: not open for that; kIsDirectory.
  Result<size_t> Read(absl::Span<const Buffer> buffers) override;
  Result<size_t> Write(absl::Span<const Buffer> buffers) override;

  // pread(2) and pwrite(2): the position stays. O_APPEND wins over `offset`.
  Result<size_t> ReadAt(int64_t offset, absl::Span<const Buffer> buffers);
  Result<size_t> WriteAt(int64_t offset, absl::Span<const Buffer> buffers);
  // lseek(2): kInvalidArgument, kNoDataThere.
  Result<int64_t> Seek(int64_t offset, int whence);
  // ftruncate(2): kInvalidArgument when it is not open for writing, or `size` is negative.
  Result<> Truncate(int64_t size);

 private:
  Actor actor() const { return {&opener_, events_->now()}; }

  NodeRef node_;
  Mode mode_;
  Credentials opener_;
  const EventQueue* events_;
  int64_t position_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_NODE_FILE_H_
