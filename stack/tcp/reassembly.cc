#include "stack/tcp/reassembly.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace drywire {

void Reassembly::Add(Seq seq, Bytes payload, bool fin) {
  ++arrivals_;
  auto at = pieces_.begin();
  while (at != pieces_.end() && at->seq.AtOrBefore(seq)) {
    const Seq end = seq + static_cast<uint32_t>(payload.size());
    if (end.AtOrBefore(at->end()) && (!fin || at->fin)) {  // known already
      at->arrival = arrivals_;
      return;
    }
    ++at;
  }
  bytes_ += payload.size();
  pieces_.insert(at, Piece{seq, std::move(payload), fin, arrivals_});
}

bool Reassembly::TakeNext(Seq rcv_nxt, Bytes* payload, bool* fin) {
  while (!pieces_.empty()) {
    Piece& first = pieces_.front();
    if (first.seq.After(rcv_nxt)) return false;
    Piece piece = std::move(first);
    pieces_.erase(pieces_.begin());
    bytes_ -= piece.payload.size();
    if (piece.end().Before(rcv_nxt) || (piece.end() == rcv_nxt && !piece.fin)) continue;
    *payload = piece.payload.Slice(static_cast<size_t>(rcv_nxt.Since(piece.seq)));
    *fin = piece.fin;
    return true;
  }
  return false;
}

SackBlock Reassembly::Overlap(Seq seq, Seq end) const {
  SackBlock known = {seq, seq};
  for (const Piece& piece : pieces_) {
    const Seq left = Max(seq, piece.seq);
    const Seq right = Min(end, piece.end() + (piece.fin ? 1 : 0));
    if (!left.Before(right)) continue;
    if (known.left == known.right) {
      known = {left, right};
    } else if (left.AtOrBefore(known.right)) {
      known.right = Max(known.right, right);
    }
  }
  return known;
}

int Reassembly::FillSack(int limit, TcpOptions* options) const {
  struct Block {
    SackBlock sack;
    uint32_t arrival = 0;
  };
  std::array<Block, std::tuple_size_v<decltype(options->sack)>> recent;  // the latest first
  const size_t most = std::min(static_cast<size_t>(limit), recent.size());
  size_t count = 0;
  const auto keep = [&](const Block& block) {
    if (count == most && (most == 0 || recent[most - 1].arrival > block.arrival)) return;
    if (count < most) ++count;
    size_t at = count - 1;
    for (; at > 0 && recent[at - 1].arrival < block.arrival; --at) recent[at] = recent[at - 1];
    recent[at] = block;
  };
  Block block;
  for (const Piece& piece : pieces_) {
    const Seq end = piece.end() + (piece.fin ? 1 : 0);
    if (block.arrival != 0 && piece.seq.AtOrBefore(block.sack.right)) {
      block.sack.right = Max(block.sack.right, end);
      block.arrival = std::max(block.arrival, piece.arrival);
      continue;
    }
    if (block.arrival != 0) keep(block);
    block = {{piece.seq, end}, piece.arrival};
  }
  if (block.arrival != 0) keep(block);
  for (size_t i = 0; i < count; ++i) options->sack[i] = recent[i].sack;
  options->sack_count = static_cast<uint8_t>(count);
  return static_cast<int>(count);
}

}  // namespace drywire
