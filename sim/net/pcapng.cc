#include "sim/net/pcapng.h"

#include "absl/strings/str_cat.h"
#include "sim/net/link.h"
#include "stack/base/address.h"
#include "stack/wire/codec.h"

namespace drywire {
namespace {

// Block types and option codes of the draft, sections 4 and 3.5.
constexpr uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr uint32_t kInterfaceDescription = 1;
constexpr uint32_t kEnhancedPacket = 6;
constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr uint16_t kLinkTypeEthernet = 1;
constexpr uint16_t kEndOfOptions = 0;
constexpr uint16_t kComment = 1;
constexpr uint16_t kSectionApplication = 4;
constexpr uint16_t kInterfaceName = 2;
constexpr uint16_t kInterfaceDescriptionText = 3;
constexpr uint16_t kInterfaceResolution = 9;
constexpr uint16_t kPacketFlags = 2;
constexpr uint32_t kInbound = 1;
constexpr uint32_t kOutbound = 2;

// The address the interface sends from; absent on loopback, whose frames have no addresses.
Address SenderAddress(const PacketEvent& event) {
  const Packet& packet = *event.packet;
  if (event.from->medium().ports().size() == 1) return Address();
  const Family family = packet.destination.family();
  for (const Prefix& prefix : event.from->addresses()) {
    if (prefix.address.family() == family) return prefix.address;
  }
  return packet.source.has_value() ? packet.source : Address::Any(family);
}

}  // namespace

PcapngWriter::PcapngWriter(std::ostream* out) : out_(out) {
  BeginBlock(kSectionHeader);
  U32(kByteOrderMagic);
  U16(1);  // version 1.0
  U16(0);
  U32(0xffffffff);  // section length: not given
  U32(0xffffffff);
  Option(kSectionApplication, "drywire");
  Option(kEndOfOptions, "");
  EndBlock();
}

// Fields are little-endian on every machine, as the byte-order magic then says.
void PcapngWriter::U16(uint16_t value) {
  block_ += static_cast<char>(value);
  block_ += static_cast<char>(value >> 8);
}

void PcapngWriter::U32(uint32_t value) {
  U16(static_cast<uint16_t>(value));
  U16(static_cast<uint16_t>(value >> 16));
}

void PcapngWriter::PaddedBytes(absl::string_view bytes) {
  absl::StrAppend(&block_, bytes);
  while (block_.size() % 4 != 0) block_ += '\0';
}

void PcapngWriter::Option(uint16_t code, absl::string_view value) {
  U16(code);
  U16(static_cast<uint16_t>(value.size()));
  PaddedBytes(value);
}

void PcapngWriter::BeginBlock(uint32_t type) {
  block_.clear();
  U32(type);
  U32(0);  // the length, when it is known
}

void PcapngWriter::EndBlock() {
  const uint32_t length = static_cast<uint32_t>(block_.size() + 4);
  U32(length);
  block_.replace(4, 4, block_, block_.size() - 4, 4);
  out_->write(block_.data(), static_cast<std::streamsize>(block_.size()));
}

uint32_t PcapngWriter::InterfaceOf(const Port& port) {
  if (port.id() >= interfaces_.size()) interfaces_.resize(port.id() + 1);
  if (interfaces_[port.id()] == 0) {
    interfaces_[port.id()] = ++interface_count_;
    BeginBlock(kInterfaceDescription);
    U16(kLinkTypeEthernet);
    U16(0);
    U32(0);  // no snapshot length
    Option(kInterfaceName, port.name());
    Option(kInterfaceDescriptionText, absl::StrCat("on ", port.medium().name()));
    Option(kInterfaceResolution, "\x09");  // 10^-9 s
    Option(kEndOfOptions, "");
    EndBlock();
  }
  return interfaces_[port.id()] - 1;
}

void PcapngWriter::OnPacket(const PacketEvent& event) {
  if (event.kind == PacketEvent::Kind::kChanged) {
    absl::StrAppend(&note_, note_.empty() ? "" : ", ", event.reason);
    return;
  }
  std::string comment = absl::StrCat("#", event.packet->serial);
  if (event.at_sender && !note_.empty()) absl::StrAppend(&comment, " ", note_);
  if (event.at_sender) note_.clear();
  if (event.kind == PacketEvent::Kind::kDropped) {
    absl::StrAppend(&comment, " dropped: ", event.reason);
  }
  if (event.kind == PacketEvent::Kind::kDelivered && event.from == event.to) return;

  frame_.clear();
  if (!EncodeFrame(*event.packet, SenderAddress(event), &frame_).ok()) {
    ++skipped_;
    return;
  }
  const uint32_t interface = InterfaceOf(event.at_sender ? *event.from : *event.to);
  const uint64_t nanos = static_cast<uint64_t>(event.time.nanos());
  BeginBlock(kEnhancedPacket);
  U32(interface);
  U32(static_cast<uint32_t>(nanos >> 32));
  U32(static_cast<uint32_t>(nanos));
  U32(static_cast<uint32_t>(frame_.size()));
  U32(static_cast<uint32_t>(frame_.size()));
  PaddedBytes({reinterpret_cast<const char*>(frame_.data()), frame_.size()});
  Option(kComment, comment);
  U16(kPacketFlags);
  U16(4);
  U32(event.at_sender ? kOutbound : kInbound);
  Option(kEndOfOptions, "");
  EndBlock();
  ++written_;
}

void WritePcapng(const Capture& capture, std::ostream* out) {
  PcapngWriter writer(out);
  for (size_t i = 0; i < capture.size(); ++i) {
    const CapturedPacket& kept = capture.at(i);
    writer.OnPacket({kept.kind, kept.at_sender, kept.time, kept.arrival, kept.from, kept.to,
                     &kept.packet, kept.reason});
  }
}

}  // namespace drywire
