// The SACK blocks that BSD keeps and sends (RFC 2018), with what came again in front (RFC 2883).
#ifndef DRYWIRE_STACK_TCP_SACK_REPORT_H_
#define DRYWIRE_STACK_TCP_SACK_REPORT_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "stack/base/seq.h"
#include "stack/wire/segment.h"

namespace drywire {

class SackReport {
 public:
  bool empty() const { return count_ == 0; }
  // Text before `rcv_nxt` that was cut off a segment (tcp_update_sack_list).
  void AddCut(SackBlock cut, Seq rcv_nxt);
  // A segment, after it was taken in; `advanced`: RCV.NXT moved by it (tcp_update_dsack_list).
  void AddSegment(SackBlock segment, Seq rcv_nxt, bool advanced);
  // At most `limit` blocks.
  void Fill(size_t limit, TcpOptions* options) const;
  // What is acknowledged was told now (tcp_clean_dsack_blocks).
  void DropTold(Seq rcv_nxt);

 private:
  static constexpr size_t kMost = 6;  // MAX_SACK_BLKS
  using Blocks = std::array<SackBlock, kMost>;

  // Behind those that are there, if there is room.
  void Append(SackBlock block);

  Blocks blocks_ = {};
  uint8_t count_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_SACK_REPORT_H_
