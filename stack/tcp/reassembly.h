// Segments that arrived ahead of RCV.NXT (RFC 9293 3.10.7.4), and the SACK blocks that report them
// (RFC 2018).
//
// Kept as they arrived, in sequence order; overlaps are cut when the gap before them is filled. Not
// modelled: the systems forget blocks that they did not touch for long (Linux all but 4, FreeBSD
// all but 6).
#ifndef DRYWIRE_STACK_TCP_REASSEMBLY_H_
#define DRYWIRE_STACK_TCP_REASSEMBLY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stack/base/bytes.h"
#include "stack/base/seq.h"
#include "stack/wire/segment.h"

namespace drywire {

class Reassembly {
 public:
  // Keeps a segment's text. `fin`: a FIN follows it.
  void Add(Seq seq, Bytes payload, bool fin);
  // Whether something now continues `rcv_nxt`; then its new part and its FIN.
  bool TakeNext(Seq rcv_nxt, Bytes* payload, bool* fin);
  bool empty() const { return pieces_.empty(); }
  size_t bytes() const { return bytes_; }
  // What of [seq, end) is here already, up to the first gap; empty if nothing is.
  SackBlock Overlap(Seq seq, Seq end) const;
  // At most `limit` blocks, those with the most recent arrivals first.
  int FillSack(int limit, TcpOptions* options) const;

 private:
  struct Piece {
    Seq seq;
    Bytes payload;
    bool fin;
    uint32_t arrival;  // its number, or of the last segment that brought the same again
    Seq end() const { return seq + static_cast<uint32_t>(payload.size()); }
  };
  std::vector<Piece> pieces_;
  size_t bytes_ = 0;
  uint32_t arrivals_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_REASSEMBLY_H_
