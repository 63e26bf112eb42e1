// Packet captures that Wireshark reads: pcapng (draft-ietf-opsawg-pcapng), in virtual time.
//
// One section; one interface for each port that has something to show, named "host:interface", with
// nanosecond timestamps counted from the start of the world. Frames are Ethernet with made-up
// link-layer addresses (stack/wire/codec.h). A packet is written where it leaves (outbound) and
// where it arrives (inbound), once on loopback. Its comment holds its serial number and what
// happened to it: "#7", "#7 dropped: lost", "#7 corrupted". A packet that never arrives is written
// on the interface where its fate was sealed; a packet dropped on arrival is therefore shown there,
// though its host never saw it.
#ifndef DRYWIRE_SIM_NET_PCAPNG_H_
#define DRYWIRE_SIM_NET_PCAPNG_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/net/capture.h"
#include "sim/net/packet_event.h"
#include "sim/net/port.h"

namespace drywire {

class PcapngWriter final : public PacketObserver {
 public:
  // Writes the section header at once. `out` is not owned; its errors are the caller's to check.
  explicit PcapngWriter(std::ostream* out);

  void OnPacket(const PacketEvent& event) override;

  uint64_t written() const { return written_; }
  // Packets that have no bytes (see EncodePacket) and were left out.
  uint64_t skipped() const { return skipped_; }

 private:
  uint32_t InterfaceOf(const Port& port);
  void BeginBlock(uint32_t type);
  void EndBlock();
  void U16(uint16_t value);
  void U32(uint32_t value);
  void PaddedBytes(absl::string_view bytes);
  void Option(uint16_t code, absl::string_view value);

  std::ostream* out_;
  std::string block_;
  std::vector<uint8_t> frame_;
  std::vector<uint32_t> interfaces_;  // By port id; the interface's number plus one, 0: none yet.
  uint32_t interface_count_ = 0;
  std::string note_;  // What changed, for the packet that follows.
  uint64_t written_ = 0;
  uint64_t skipped_ = 0;
};

// What the ring still holds.
void WritePcapng(const Capture& capture, std::ostream* out);

}  // namespace drywire

#endif  // DRYWIRE_SIM_NET_PCAPNG_H_
