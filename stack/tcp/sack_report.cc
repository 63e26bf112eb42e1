#include "stack/tcp/sack_report.h"

#include <algorithm>

namespace drywire {
namespace {

bool IsEmpty(SackBlock block) { return !block.left.Before(block.right); }

SackBlock Intersection(SackBlock a, SackBlock b) {
  return {Max(a.left, b.left), Min(a.right, b.right)};
}

bool Touch(SackBlock a, SackBlock b) {
  return a.left.AtOrBefore(b.right) && b.left.AtOrBefore(a.right);
}

}  // namespace

void SackReport::Append(SackBlock block) {
  if (count_ < kMost) blocks_[count_++] = block;
}

void SackReport::AddCut(SackBlock cut, Seq rcv_nxt) {
  DropTold(rcv_nxt);
  if (count_ < kMost) ++count_;
  std::move_backward(blocks_.begin(), blocks_.begin() + count_ - 1, blocks_.begin() + count_);
  blocks_[0] = cut;
}

void SackReport::AddSegment(SackBlock segment, Seq rcv_nxt, bool advanced) {
  if (advanced && count_ != 0 && blocks_[0].right == segment.left) {
    AddCut(blocks_[0], rcv_nxt);  // its beginning was cut off just now
    return;
  }
  const Blocks before = blocks_;
  const size_t size = count_;
  // What came again, of several parts the first: all of it if it is behind RCV.NXT, or if the block
  // in front tells that it was filled up to there.
  SackBlock again;
  if (segment.right.Before(rcv_nxt) ||
      (segment.right == rcv_nxt && size != 0 && before[0].right == rcv_nxt)) {
    again = segment;
  }
  SackBlock known;          // the block that `again` is part of
  SackBlock all = segment;  // with the blocks that it continues
  bool nothing_new = false;
  for (size_t i = 0; i < size; ++i) {
    const SackBlock block = before[i];
    if (!Touch(block, segment)) continue;
    if (block.right.Before(rcv_nxt)) {
      const SackBlock part = Intersection(block, segment);
      if (!IsEmpty(part) && (IsEmpty(known) || known.left.After(part.left))) known = part;
      continue;
    }
    const bool overlaps = block.right.After(segment.left);
    if (overlaps && (IsEmpty(known) || block.left.Before(known.left))) known = block;
    all = {Min(all.left, block.left), Max(all.right, block.right)};
    if (all == block) nothing_new = true;
  }
  if (!IsEmpty(known)) again = Intersection(known, segment);

  count_ = 0;
  if (!IsEmpty(again)) Append(again);
  if ((all.right.After(rcv_nxt) && all != again) || nothing_new) Append(all);
  for (size_t i = 0; i < size; ++i) {
    if (!Touch(before[i], all) && before[i].left.After(rcv_nxt)) Append(before[i]);
  }
}

void SackReport::Fill(size_t limit, TcpOptions* options) const {
  const size_t n = std::min({limit, size_t{count_}, options->sack.size()});
  std::copy_n(blocks_.begin(), n, options->sack.begin());
  options->sack_count = static_cast<uint8_t>(n);
}

void SackReport::DropTold(Seq rcv_nxt) {
  const auto told = [&](SackBlock block) { return block.left.AtOrBefore(rcv_nxt); };
  const auto end = std::remove_if(blocks_.begin(), blocks_.begin() + count_, told);
  count_ = static_cast<uint8_t>(end - blocks_.begin());
}

}  // namespace drywire
