// A host's IP layer under test: builders for packets, and actions as text.
#ifndef DRYWIRE_TESTS_STACK_IP_IP_FIXTURE_H_
#define DRYWIRE_TESTS_STACK_IP_IP_FIXTURE_H_

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/core/time.h"
#include "stack/base/address.h"
#include "stack/base/bytes.h"
#include "stack/base/seq.h"
#include "stack/ip/interface.h"
#include "stack/ip/ip_actions.h"
#include "stack/ip/ip_stack.h"
#include "stack/ip/neighbour.h"
#include "stack/ip/route.h"
#include "stack/personality/cause.h"
#include "stack/personality/profile.h"
#include "stack/wire/icmp.h"
#include "stack/wire/packet.h"
#include "stack/wire/segment.h"

namespace drywire {

inline Address A(absl::string_view text) {
  absl::StatusOr<Address> address = Address::Parse(text);
  EXPECT_TRUE(address.ok()) << address.status();
  return *address;
}

inline Instant At(int64_t ms) { return Instant::Zero() + Duration::Millis(ms); }

// Who answers on the links of a host under test.
class FakeLink : public NeighbourResolver {
 public:
  bool Answers(uint32_t, const Address& address) const override {
    return present.count(address) > 0;
  }
  std::set<Address> present;
};

// A host with eth0 (10.0.0.1/24, 2001:db8::1/64, fe80::1) and eth1 (10.0.1.1/24), both up.
class IpHost {
 public:
  explicit IpHost(Profile profile, NeighbourMode mode = NeighbourMode::kNone)
      : profile_(std::move(profile)), ip_(profile_.ip, pool_) {
    InterfaceConfig eth0;
    eth0.name = "eth0";
    eth0.neighbours = mode;
    eth0.resolver = &link_;
    eth0.link_local_id = 1;
    EXPECT_EQ(*ip_.AddInterface(eth0), 2u);
    InterfaceConfig eth1 = eth0;
    eth1.name = "eth1";
    eth1.link_local_id = 0;
    EXPECT_EQ(*ip_.AddInterface(eth1), 3u);
    Assign(2, "10.0.0.1/24");
    Assign(2, "2001:db8::1/64");
    Assign(3, "10.0.1.1/24");
  }

  IpStack& ip() { return ip_; }
  Profile& profile() { return profile_; }
  FakeLink& link() { return link_; }
  PacketPool& pool() { return pool_; }
  IpActions& actions() { return actions_; }

  void Assign(uint32_t interface, absl::string_view prefix) {
    const absl::Status status = ip_.AddAddress(interface, *Prefix::Parse(prefix));
    EXPECT_TRUE(status.ok()) << status;
  }
  void Route(absl::string_view statement) {
    const absl::Status status = ip_.ChangeRoute(statement);
    EXPECT_TRUE(status.ok()) << status;
  }
  void Filter(absl::string_view statements) {
    const absl::Status status = ip_.LoadFirewall(statements);
    EXPECT_TRUE(status.ok()) << status;
  }

  PacketPtr Tcp(absl::string_view from, absl::string_view to, absl::string_view segment = "S",
                uint16_t source_port = 4000, uint16_t destination_port = 80) {
    PacketPtr packet = New(from, to);
    Segment s;
    for (const char c : segment) {
      s.flags |= c == 'S' ? kSyn : c == 'F' ? kFin : c == 'R' ? kRst : c == '.' ? kAck : 0;
    }
    s.seq = Seq(100);
    if (s.Has(kAck)) s.ack = Seq(7);
    s.source_port = source_port;
    s.destination_port = destination_port;
    packet->body = s;
    return packet;
  }
  PacketPtr Udp(absl::string_view from, absl::string_view to, size_t length = 10,
                uint16_t destination_port = 53) {
    PacketPtr packet = New(from, to);
    Datagram d;
    d.source_port = 5000;
    d.destination_port = destination_port;
    d.payload = Bytes::Zeros(length);
    packet->body = d;
    return packet;
  }
  PacketPtr Echo(absl::string_view from, absl::string_view to) {
    PacketPtr packet = New(from, to);
    IcmpMessage m;
    m.v6 = packet->destination.is_v6();
    m.type = m.v6 ? icmp6::kEcho : icmp4::kEcho;
    m.rest = 7u << 16 | 1;
    packet->body = m;
    return packet;
  }
  PacketPtr New(absl::string_view from, absl::string_view to) {
    PacketPtr packet = pool_.New();
    packet->source = A(from);
    packet->destination = A(to);
    packet->next_hop = packet->destination;
    return packet;
  }

  // Sends by the route to the packet's destination, from its source: "ok" or the cause.
  std::string Send(int64_t ms, PacketPtr packet, uint32_t uid = 0) {
    RouteQuery query;
    query.destination = packet->destination;
    query.source = packet->source;
    query.protocol = packet->protocol();
    query.uid = uid;
    if (packet->destination.IsLinkLocal()) query.interface = 2;
    const Result<RouteChoice> choice = ip_.SelectRoute(At(ms), query);
    if (!choice.ok()) return std::string(CauseName(choice.cause()));
    const Result<> result = ip_.Output(At(ms), std::move(packet), *choice, actions_);
    return result.ok() ? "ok" : std::string(CauseName(result.cause()));
  }
  void Receive(int64_t ms, uint32_t interface, PacketPtr packet) {
    ip_.Input(At(ms), interface, std::move(packet), actions_);
  }
  void Tick(int64_t ms) { ip_.OnDeadline(At(ms), actions_); }
  // Runs the deadlines up to and including `ms`; each action comes with its second in front.
  std::vector<std::string> RunTo(int64_t ms) {
    std::vector<std::string> out;
    while (ip_.NextDeadline() <= At(ms)) {
      const Instant now = ip_.NextDeadline();
      ip_.OnDeadline(now, actions_);
      for (const std::string& line : Take()) {
        out.push_back(absl::StrCat(FormatInstant(now), " ", line));
      }
    }
    return out;
  }

  // The actions since the last call, as text.
  std::vector<std::string> Take() {
    std::vector<std::string> out;
    for (const IpActions::Action& action : actions_) out.push_back(Describe(action));
    actions_.Clear();
    return out;
  }

  std::string Describe(const IpActions::Action& action) {
    if (const auto* t = std::get_if<IpActions::Transmit>(&action)) {
      return absl::StrCat(Name(t->interface), " to ",
                          t->packet->next_hop.has_value() ? t->packet->next_hop.ToString() : "all",
                          ": ", t->packet->ToString());
    }
    if (const auto* d = std::get_if<IpActions::Deliver>(&action)) {
      return absl::StrCat("deliver ", Name(d->interface), ": ", d->packet->ToString());
    }
    if (const auto* e = std::get_if<IpActions::TransportError>(&action)) {
      return absl::StrCat(e->local ? "local " : "", CauseName(e->cause),
                          e->mtu == 0 ? "" : absl::StrCat(" mtu ", e->mtu), " for ",
                          e->quoted.ToString());
    }
    const auto& dropped = std::get<IpActions::Dropped>(action);
    return absl::StrCat("drop, ", DropReasonName(dropped.reason), ": ", dropped.packet->ToString());
  }
  std::string Name(uint32_t interface) {
    const Interface* found = ip_.FindInterface(interface);
    return found == nullptr ? "-" : found->name;
  }

  // "unicast eth0 via 10.0.0.254 src 10.0.0.1", "kNoRoute".
  std::string Select(const RouteQuery& query) {
    const Result<RouteChoice> choice = ip_.SelectRoute(At(0), query);
    if (!choice.ok()) return std::string(CauseName(choice.cause()));
    std::string out = absl::StrCat(RouteTypeName(choice->type), " ", Name(choice->interface));
    if (choice->via_gateway) absl::StrAppend(&out, " via ", choice->next_hop.ToString());
    absl::StrAppend(&out, " src ", choice->source.ToString());
    if (choice->destination != query.destination) {
      absl::StrAppend(&out, " dst ", choice->destination.ToString());
    }
    if (choice->output_error != Cause::kNone) {
      absl::StrAppend(&out, " then ", CauseName(choice->output_error));
    }
    return out;
  }
  std::string Select(absl::string_view destination, absl::string_view source = "",
                     IpProtocol protocol = IpProtocol::kTcp, uint32_t interface = 0) {
    RouteQuery query;
    query.destination = A(destination);
    if (!source.empty()) query.source = A(source);
    query.protocol = protocol;
    query.interface = interface;
    return Select(query);
  }

 private:
  Profile profile_;
  PacketPool pool_;
  FakeLink link_;
  IpStack ip_;
  IpActions actions_;
};

}  // namespace drywire

#endif  // DRYWIRE_TESTS_STACK_IP_IP_FIXTURE_H_
