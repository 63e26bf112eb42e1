// The connections of a script: which packets belong to which, and how the script's numbers become
// those on the wire and back.
//
// As in packetdrill one socket at a time is under test: the last one that was created, by socket()
// or by a segment that arrives for a listener. Sequence numbers of segments without SYN are
// relative to the initial ones; timestamps are remembered as the script wrote them.
#ifndef DRYWIRE_TOOLS_PKT_FLOW_H_
#define DRYWIRE_TOOLS_PKT_FLOW_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stack/base/endpoint.h"
#include "stack/wire/packet.h"
#include "tools/pkt/config.h"
#include "tools/pkt/script.h"

namespace drywire::pkt {

struct Flow {
  enum class State : uint8_t {
    kNew,
    kListening,
    kConnecting,  // connect() was called
    kSynSent,     // and the script has its SYN
    kSynAcked,
    kSegmentReceived,  // passive: the script has sent the first segment
    kSynAckSent,
    kSynAckAcked,
  };
  State state = State::kNew;
  IpProtocol protocol = IpProtocol::kTcp;
  bool datagram = false;
  int script_fd = -1;
  int fd = -1;  // of the simulated process
  Endpoint local;
  Endpoint remote;
  uint32_t remote_isn = 0;
  uint32_t script_local_isn = 0;
  uint32_t local_isn = 0;
  // Timestamps that were sent, by what the script calls them.
  std::map<uint32_t, uint32_t> timestamps;
  bool has_first_timestamp = false;
  uint32_t first_script_timestamp = 0;
  uint32_t first_timestamp = 0;
  uint32_t script_flow_label = 0;
  uint32_t flow_label = 0;

  // What to add to numbers of the script for the wire.
  uint32_t RemoteOffset(bool syn) const { return syn ? 0 : remote_isn; }
  uint32_t LocalOffset(bool syn) const { return syn ? local_isn - script_local_isn : local_isn; }
};

class FlowTable {
 public:
  explicit FlowTable(const Config* config) : config_(config) {}

  // --- What calls do ---
  void OnSocket(int script_fd, int fd, int type, int protocol);
  void OnListen(int script_fd);
  // connect(), and sends that may connect.
  void OnConnect(int script_fd, bool dissolves);
  // An accepted descriptor becomes that of the connection the script began; false when there is
  // none.
  bool OnAccept(int script_fd, int fd);
  void OnOpen(int script_fd, int fd);
  void OnClose(int script_fd) { open_fds_.erase(script_fd); }
  // Nothing when the script has no such descriptor open.
  std::optional<int> LiveFd(int script_fd) const;
  bool IsOpen(int script_fd) const { return open_fds_.count(script_fd) != 0; }
  // Of the socket under test; -1 when there is none.
  int FdUnderTest() const { return under_test_ == nullptr ? -1 : under_test_->fd; }

  // --- What packets do ---
  // The flow that a packet of the script belongs to; null when there is none.
  Flow* ForScriptPacket(const PacketSpec& spec);
  // Whether a packet that the host sent is of the flow under test, which it may complete.
  bool ClaimSent(const Packet& packet);

 private:
  Flow* NewFlow();
  Flow* Find(int script_fd);
  Flow* Passive(const PacketSpec& spec);

  const Config* config_;
  std::vector<std::unique_ptr<Flow>> flows_;
  std::map<int, int> open_fds_;  // by the script's numbers
  Flow* under_test_ = nullptr;
  uint16_t next_port_ = 53000;
};

// The packet that the script's becomes on the wire; an error says what is wrong with it.
// Advances the flow's state.
std::string MapInbound(const PacketSpec& spec, const Config& config, Flow* flow, Packet* packet);

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_FLOW_H_
