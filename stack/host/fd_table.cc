#include "stack/host/fd_table.h"

#include <utility>
#include <vector>

namespace drywire {
namespace {

constexpr int kBits = 64;
constexpr uint64_t kFull = ~uint64_t{0};

constexpr uint64_t Bit(int i) { return uint64_t{1} << (i % kBits); }

}  // namespace

int FdTable::LowestFree(int minimum) const {
  const int words = static_cast<int>(used_.size());
  int word = minimum / kBits;
  if (word >= words) return minimum;
  const uint64_t below = Bit(minimum) - 1;
  const uint64_t first = used_[word] | below;
  if (first != kFull) return word * kBits + __builtin_ctzll(~first);
  // Then whole words: full_ says which to skip.
  for (++word; word < words;) {
    const uint64_t skip = full_[word / kBits] | (Bit(word) - 1);
    if (skip == kFull) {
      word = (word / kBits + 1) * kBits;
      continue;
    }
    word = word / kBits * kBits + __builtin_ctzll(~skip);
    if (word < words) return word * kBits + __builtin_ctzll(~used_[word]);
  }
  return words * kBits;
}

void FdTable::Put(int fd, FileRef file, bool close_on_exec) {
  if (fd >= static_cast<int>(slots_.size())) {
    const size_t words = static_cast<size_t>(fd) / kBits + 1;
    slots_.resize(words * kBits);
    used_.resize(words);
    full_.resize(words / kBits + 1);
  }
  file->AddDescriptor();
  slots_[fd] = Slot{std::move(file), close_on_exec};
  uint64_t& word = used_[fd / kBits];
  word |= Bit(fd);
  if (word == kFull) full_[fd / kBits / kBits] |= Bit(fd / kBits);
  ++open_;
}

FileRef FdTable::Take(int fd) {
  FileRef file = std::move(slots_[fd].file);
  slots_[fd] = Slot{};
  used_[fd / kBits] &= ~Bit(fd);
  full_[fd / kBits / kBits] &= ~Bit(fd / kBits);
  --open_;
  return file;
}

void FdTable::Drop(File& file) {
  if (file.descriptors() == 1) --host_->open;
  file.DropDescriptor();
}

Result<> FdTable::CheckSystemRoom() const {
  const bool exempt = host_->privileged_exempt && owner_->Has(Capability::kSysAdmin);
  if (!exempt && host_->open >= *host_->limit) return Cause::kSystemDescriptorLimit;
  return {};
}

Result<> FdTable::CheckRoom() const {
  if (LowestFree(0) >= *limit_) return Cause::kProcessDescriptorLimit;
  return CheckSystemRoom();
}

Result<int> FdTable::Install(FileRef file, bool close_on_exec, int minimum) {
  const int fd = LowestFree(minimum);
  if (fd >= *limit_) return Cause::kProcessDescriptorLimit;
  const Result<> room = CheckSystemRoom();
  if (!room.ok()) return room.cause();
  ++host_->open;
  Put(fd, std::move(file), close_on_exec);
  return fd;
}

void FdTable::Inherit(FileRef file) {
  ++host_->open;
  Put(LowestFree(0), std::move(file), /*close_on_exec=*/false);
}

Result<int> FdTable::Adopt(const FileRef& file, bool close_on_exec) {
  const int fd = LowestFree(0);
  if (fd >= *limit_) return Cause::kProcessDescriptorLimit;
  Put(fd, file, close_on_exec);
  return fd;
}

Result<int> FdTable::Dup(int fd, int minimum, bool close_on_exec) {
  File* file = Get(fd);
  if (file == nullptr) return Cause::kBadDescriptor;
  if (minimum < 0 || minimum >= *limit_) return Cause::kInvalidArgument;
  const int free = LowestFree(minimum);
  if (free >= *limit_) return Cause::kProcessDescriptorLimit;
  Put(free, FileRef(file), close_on_exec);
  return free;
}

Result<int> FdTable::Dup2(int fd, int to, bool close_on_exec) {
  File* file = Get(fd);
  if (file == nullptr || to < 0 || to >= *limit_) return Cause::kBadDescriptor;
  if (fd == to) return to;
  FileRef kept(file);
  if (Get(to) != nullptr) {
    const FileRef old = Take(to);
    Put(to, std::move(kept), close_on_exec);
    Drop(*old);
  } else {
    Put(to, std::move(kept), close_on_exec);
  }
  return to;
}

Result<int> FdTable::Dup3(int fd, int to, bool close_on_exec) {
  if (fd == to) return Cause::kInvalidArgument;
  return Dup2(fd, to, close_on_exec);
}

Result<FileRef> FdTable::Close(int fd) {
  if (Get(fd) == nullptr) return Cause::kBadDescriptor;
  FileRef file = Take(fd);
  Drop(*file);
  return file;
}

void FdTable::CloseAll() {
  // A file ends when the last of its descriptors is closed.
  std::vector<FileRef> ending;
  for (int fd = 0; fd < static_cast<int>(slots_.size()); ++fd) {
    if (!slots_[fd].file) continue;
    FileRef file = Take(fd);
    if (host_->ends_last_first && file->descriptors() == 1) {
      ending.push_back(std::move(file));
    } else {
      Drop(*file);
    }
  }
  for (; !ending.empty(); ending.pop_back()) Drop(*ending.back());
}

void FdTable::CloseForExec() {
  for (int fd = 0; fd < static_cast<int>(slots_.size()); ++fd) {
    if (!slots_[fd].file || !slots_[fd].close_on_exec) continue;
    const FileRef file = Take(fd);
    Drop(*file);
  }
}

void FdTable::CopyFrom(const FdTable& other) {
  for (int fd = 0; fd < static_cast<int>(other.slots_.size()); ++fd) {
    const Slot& slot = other.slots_[fd];
    if (slot.file) Put(fd, slot.file, slot.close_on_exec);
  }
}

Result<bool> FdTable::CloseOnExec(int fd) const {
  if (Get(fd) == nullptr) return Cause::kBadDescriptor;
  return bool{slots_[fd].close_on_exec};
}

Result<> FdTable::SetCloseOnExec(int fd, bool value) {
  if (Get(fd) == nullptr) return Cause::kBadDescriptor;
  slots_[fd].close_on_exec = value;
  return {};
}

std::vector<int> FdTable::Descriptors() const {
  std::vector<int> open;
  for (int fd = 0; fd < static_cast<int>(slots_.size()); ++fd) {
    if (slots_[fd].file) open.push_back(fd);
  }
  return open;
}

}  // namespace drywire
