// FIFOs: pipes with a name.
//
// The pipe exists while somebody has the FIFO open, and is found as the client of its inode.
// Opening one end waits for the other (see OpenFifo's caller). Source: fifo(7), open(2), pipe(7),
// as observed on Linux 6.18; FreeBSD's fifo_vnops.c agrees in what is modelled.
#ifndef DRYWIRE_STACK_SYS_FIFO_H_
#define DRYWIRE_STACK_SYS_FIFO_H_

#include <cstdint>

#include "sim/core/intrusive_list.h"
#include "stack/base/ref.h"
#include "stack/personality/cause.h"
#include "stack/personality/sys_profile.h"
#include "stack/socket/file.h"
#include "stack/sys/pipe_buffer.h"
#include "stack/sys/pipe_file.h"
#include "stack/vfs/node.h"

namespace drywire {

class FifoEnd;

// What the ends share. Deleted with the last of them.
class FifoPipe final : public NodeClient {
 public:
  // The one of a FIFO's node, new if need be.
  static Ref<FifoPipe> Of(const NodeRef& node, const SysProfile* profile);

  void AddReference() { ++references_; }
  void DropReference() {
    if (--references_ == 0) delete this;
  }

 private:
  friend class FifoEnd;
  FifoPipe(NodeRef node, const SysProfile* profile)
      : node_(std::move(node)), buffer_(profile, profile->pipe_size) {
    node_->set_client(this);
  }
  ~FifoPipe() override { node_->set_client(nullptr); }
  // Tells all ends that something has changed.
  void NotifyReaders(uint32_t key);
  void NotifyWriters(uint32_t key);

  NodeRef node_;
  PipeBuffer buffer_;
  IntrusiveList<FifoEnd> ends_;
  int readers_ = 0;
  int writers_ = 0;
  // How often the FIFO was opened for each: an opener waits for this to change.
  uint64_t reader_opens_ = 0;
  uint64_t writer_opens_ = 0;
  int references_ = 0;
};

class FifoEnd final : public PipeFile, public ListHook<> {
 public:
  // `profile` is the host's; not owned.
  FifoEnd(const NodeRef& node, const SysProfile* profile, bool reads, bool writes);
  ~FifoEnd() override { Leave(); }

  // Null unless `file` is one.
  static FifoEnd* Of(File* file) { return dynamic_cast<FifoEnd*>(file); }

  Node& node() const { return *pipe_->node_; }
  const NodeRef& node_ref() const { return pipe_->node_; }

  // Whether open() may return: the other end is open, or has been since. kWouldBlock; kNoReader for
  // a writer that does not want to wait.
  Result<> OtherEndCame(bool nonblocking) const;

  uint32_t Poll() const override;

 private:
  void OnLastClose() override { Leave(); }
  void Leave();
  PipeBuffer* input() const override { return reads_ ? &pipe_->buffer_ : nullptr; }
  PipeBuffer* output() const override { return writes_ ? &pipe_->buffer_ : nullptr; }
  bool HasWriters() const override { return pipe_->writers_ > 0; }
  bool HasReaders() const override { return pipe_->readers_ > 0; }
  void TellWriters(uint32_t key) override { pipe_->NotifyWriters(key); }
  void TellReaders(uint32_t key) override { pipe_->NotifyReaders(key); }

  Ref<FifoPipe> pipe_;
  bool reads_;
  bool writes_;
  bool left_ = false;
  // Counts of the pipe when this end was opened.
  uint64_t readers_before_;
  uint64_t writers_before_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_FIFO_H_
