// Bytes on their way through a pipe or a FIFO.
//
// Linux's pipe is a ring of pages: a write is put behind what the last page holds if all of its
// odd part fits there, and begins a page of its own otherwise; a page that was read empty is free
// again, and a pipe is full when it has no free page, however little its pages hold. FreeBSD's is a
// ring of bytes that grows. Either way a write of up to PIPE_BUF bytes goes whole or not at all.
//
// Left out: FreeBSD's direct writes (a blocking write of 8 KiB or more ends when it has been read)
// and the hysteresis of its blocked writers; limits of all pipes of a user.
// Source: pipe(7), fcntl(2) as observed on Linux 6.18; FreeBSD's sys_pipe.c.
#ifndef DRYWIRE_STACK_SYS_PIPE_BUFFER_H_
#define DRYWIRE_STACK_SYS_PIPE_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "absl/types/span.h"
#include "stack/personality/cause.h"
#include "stack/personality/sys_profile.h"
#include "stack/socket/file.h"

namespace drywire {

class PipeBuffer {
 public:
  static constexpr size_t kPage = 4096;

  // `profile` is the host's; not owned. `capacity` is a number of bytes.
  PipeBuffer(const SysProfile* profile, int64_t capacity)
      : profile_(profile), capacity_(capacity) {}

  // Bytes that can be read.
  size_t size() const { return bytes_.size() - head_; }
  // What F_GETPIPE_SZ says.
  int64_t capacity() const { return capacity_; }
  // Whether poll() says that more can be written.
  bool IsWritable() const;
  // Whether a write of `size` bytes can put nothing at present. `packet`: as packets of their own
  // (O_DIRECT).
  bool MustWait(size_t size, bool packet = false) const;
  // As many as fit; returns how many.
  size_t Put(absl::Span<const File::Buffer> buffers, bool packet);
  // As many as there are, or what fits of one packet, whose rest is lost.
  size_t Take(absl::Span<const File::Buffer> buffers);

  // splice(2), on a system whose pipes hold pages.
  // What can be read, or what there is of one packet.
  absl::Span<const uint8_t> Bytes() const;
  void Drop(size_t size);
  size_t FreePages() const { return pages_.size() < pages() ? pages() - pages_.size() : 0; }
  // Into pages that no write adds to, of which the first gets up to `first_page` bytes. They fit.
  void PutApart(absl::Span<const uint8_t> bytes, size_t first_page);
  // Up to `size` bytes in the pages they are in, as far as `to` has pages for them; of the last one
  // perhaps a part. Returns how many.
  size_t MoveTo(PipeBuffer& to, size_t size);

  // F_SETPIPE_SZ: `size` is rounded up to a power of two of pages. kInvalidArgument; kNoPermission
  // above fs.pipe-max-size unless `privileged`; kPipeHoldsMore.
  Result<int64_t> SetCapacity(int64_t size, bool privileged);

 private:
  struct Page {
    size_t used = 0;      // of the page, read or not
    size_t left = 0;      // to be read
    bool apart = false;   // nothing is added to it
    bool packet = false;  // its rest is lost to a read that takes less
  };

  // Forgets the first `size` bytes.
  void Forget(size_t size);
  size_t pages() const { return static_cast<size_t>(capacity_) / kPage; }
  // Of a write of `size` bytes, what goes behind the last page's.
  size_t Merged(size_t size, bool packet) const;
  size_t RoomFor(size_t size, bool packet) const;

  const SysProfile* profile_;
  int64_t capacity_;
  size_t head_ = 0;
  std::string bytes_;
  std::deque<Page> pages_;  // of a pipe that holds pages
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_PIPE_BUFFER_H_
