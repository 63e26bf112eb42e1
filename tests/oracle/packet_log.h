// The packets that crossed an interface, a line each, in a form that is the same on both sides if
// the packets are:
//
//   1 > S 0:0(0) win 64240 <mss 1460,sackOK,TS val 0 ecr 0,nop,wscale 10> after=0.0s
//
// 1 is the conversation, in order of appearance, and ">" is out. Sequence numbers are relative to
// the first that was seen of each direction. Of timestamps only whether there is an echo is shown.
// The time is since the first packet. Address resolution and the chatter of IPv6 (multicast
// listeners, routers) are left out.
#ifndef DRYWIRE_TESTS_ORACLE_PACKET_LOG_H_
#define DRYWIRE_TESTS_ORACLE_PACKET_LOG_H_

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "stack/wire/packet.h"

namespace drywire::oracle {

class PacketLog {
 public:
  // `time_us` counts from anywhere.
  void Add(const Packet& packet, bool outgoing, int64_t time_us);
  const std::string& text() const { return text_; }

 private:
  struct Conversation {
    size_t number = 0;
    bool seen[2] = {};  // of each direction: whether `first` is known
    Seq first[2];
  };
  // Local and remote address and port, as text.
  using Key = std::pair<std::string, std::string>;

  std::string Body(const Packet& packet, bool outgoing);
  Conversation& Find(const std::string& local, const std::string& remote);

  std::map<Key, Conversation> conversations_;
  std::string text_;
  int64_t started_us_ = -1;
};

}  // namespace drywire::oracle

#endif  // DRYWIRE_TESTS_ORACLE_PACKET_LOG_H_
