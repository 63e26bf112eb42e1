// A packetdrill script as a value: what the parser makes of a `.pkt` file.
//
// Everything keeps the place it was written at, so that whoever finds fault with it later can say
// where. Values are as written: sequence numbers relative, descriptors the script's own.
// Sources: the documentation and the scripts of google/packetdrill and nplab/packetdrill.
#ifndef DRYWIRE_TOOLS_PKT_SCRIPT_H_
#define DRYWIRE_TOOLS_PKT_SCRIPT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "stack/base/address.h"

namespace drywire::pkt {

struct Place {
  int line = 0;  // from 1
  int column = 0;
};

// --- Expressions: the arguments and results of system calls ---

struct Expression {
  enum class Kind : uint8_t {
    kEllipsis,  // ...
    kInteger,
    kWord,    // a constant's name
    kString,  // "text", or "text"... which is a prefix
    kOr,      // items joined by |
    kList,    // [a, b]
    kStruct,  // {a, b} or {name = a, name(n) = b}
    kCall,    // htons(80), inet_addr("192.0.2.1")
  };
  Kind kind = Kind::kEllipsis;
  Place place;
  int64_t integer = 0;
  std::string text;  // kWord, kString, and the function of kCall
  std::vector<Expression> items;
  std::vector<std::string> names;  // of the items of a kStruct, empty where an item has none
  bool open = false;               // kString: more follows ("text"...)

  // The member of a kStruct of that name; null when there is none.
  const Expression* Find(const char* name) const;
  // As a script has it.
  std::string ToString() const;
};

// --- Packets ---

struct IpFields {
  enum class TosCheck : uint8_t { kNone, kEcn, kEcnEct01, kTos };
  TosCheck tos_check = TosCheck::kNone;
  uint8_t tos = 0;
  std::optional<uint8_t> ttl;
  std::optional<uint32_t> flow_label;
};

// One option of a TCP header, as it is written there.
struct TcpOption {
  enum class Kind : uint8_t {
    kNop,
    kEol,
    kMss,
    kWindowScale,
    kSackPermitted,
    kSack,
    kTimestamps,
    kMd5,
    kFastOpen,
    kFastOpenExperimental,
    kOther,  // `bytes` is the whole option
  };
  Kind kind = Kind::kNop;
  uint32_t value = 0;          // MSS, shift count, TS val
  uint32_t echo = 0;           // TS ecr
  bool any_value = false;      // val ...
  bool absolute_echo = false;  // ecr N!
  bool valid_digest = false;   // md5 valid
  std::vector<std::pair<uint32_t, uint32_t>> blocks;
  std::vector<uint8_t> bytes;  // cookie, digest, or the whole of kOther

  std::string ToString() const;
  friend bool operator==(const TcpOption&, const TcpOption&) = default;
};

struct TcpSpec {
  uint16_t source_port = 0;  // 0: the connection's
  uint16_t destination_port = 0;
  uint8_t flags = 0;          // of TcpFlag
  bool accurate_ecn = false;  // AE, or an ACE number in place of E, W and A
  uint8_t ace = 0;
  uint32_t seq = 0;
  uint32_t length = 0;
  bool absolute_seq = false;  // 1:1(0)!
  bool any_seq = false;       // ...(0)
  std::optional<uint32_t> ack;
  std::optional<uint16_t> window;
  uint16_t urgent = 0;
  bool any_options = false;  // <...>
  std::vector<TcpOption> options;
};

struct UdpSpec {
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  uint32_t length = 0;
};

struct IcmpSpec {
  std::string type;  // judged when it is known which IP it is for
  std::string code;
  std::optional<uint32_t> mtu;
  uint16_t echo_id = 0;
  enum class Quote : uint8_t { kNone, kTcp, kUdp, kRaw };
  Quote quote = Quote::kNone;
  uint32_t seq = 0;  // of the quoted segment
  uint32_t length = 0;
};

struct PacketSpec {
  bool outbound = false;
  IpFields ip;
  std::variant<TcpSpec, UdpSpec, IcmpSpec> body;
  // A part that is read but cannot be run, such as "gre": empty when there is none.
  std::string unsupported;
  std::string text;  // as written, on one line

  const TcpSpec* tcp() const { return std::get_if<TcpSpec>(&body); }
  const UdpSpec* udp() const { return std::get_if<UdpSpec>(&body); }
  const IcmpSpec* icmp() const { return std::get_if<IcmpSpec>(&body); }
};

// --- Other events ---

struct CallSpec {
  std::string name;
  std::vector<Expression> arguments;
  Expression result;
  std::string error;  // "EAGAIN"; empty when none was given
  // The end of a blocking call (+t...t2), microseconds, from the same origin as the event's time.
  std::optional<int64_t> end_usecs;
  std::string text;  // as written, on one line
};

struct CommandSpec {
  std::string text;
};

struct CodeSpec {
  std::string text;
};

struct EventTime {
  enum class Kind : uint8_t { kAbsolute, kRelative, kAny, kAbsoluteRange, kRelativeRange };
  Kind kind = Kind::kAbsolute;
  int64_t usecs = 0;
  int64_t end_usecs = 0;  // of a range
};

struct Event {
  Place place;
  EventTime time;
  std::variant<PacketSpec, CallSpec, CommandSpec, CodeSpec> action;

  const PacketSpec* packet() const { return std::get_if<PacketSpec>(&action); }
  const CallSpec* call() const { return std::get_if<CallSpec>(&action); }
  const CommandSpec* command() const { return std::get_if<CommandSpec>(&action); }
  const CodeSpec* code() const { return std::get_if<CodeSpec>(&action); }
};

struct ScriptOption {
  Place place;
  std::string name;   // without the dashes
  std::string value;  // empty for a flag
};

struct Script {
  std::string path;
  std::vector<ScriptOption> options;
  // Run before the first event and after the last; a script has none when the text is empty.
  std::string init_command;
  Place init_place;
  std::string cleanup_command;
  Place cleanup_place;
  std::vector<Event> events;
};

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_SCRIPT_H_
