#include "stack/tcp/reassembly.h"

#include <algorithm>
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
    uint32_t arrival;
  };
  std::vector<Block> blocks;
  for (const Piece& piece : pieces_) {
    const Seq end = piece.end() + (piece.fin ? 1 : 0);
    if (!blocks.empty() && piece.seq.AtOrBefore(blocks.back().sack.right)) {
      Block& last = blocks.back();
      last.sack.right = Max(last.sack.right, end);
      last.arrival = std::max(last.arrival, piece.arrival);
    } else {
      blocks.push_back({{piece.seq, end}, piece.arrival});
    }
  }
  std::sort(blocks.begin(), blocks.end(),
            [](const Block& a, const Block& b) { return a.arrival > b.arrival; });
  const int n = std::min<int>(limit, static_cast<int>(blocks.size()));
  for (int i = 0; i < n; ++i)
    options->sack[static_cast<size_t>(i)] = blocks[static_cast<size_t>(i)].sack;
  options->sack_count = static_cast<uint8_t>(n);
  return n;
}

}  // namespace drywire
