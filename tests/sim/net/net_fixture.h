// A few hosts that do nothing but note what arrives, and the fabric between them.
#ifndef DRYWIRE_TESTS_SIM_NET_NET_FIXTURE_H_
#define DRYWIRE_TESTS_SIM_NET_NET_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "sim/core/check.h"
#include "sim/core/choice.h"
#include "sim/core/event_queue.h"
#include "sim/core/time.h"
#include "sim/core/trace.h"
#include "sim/net/fabric.h"
#include "stack/base/address.h"
#include "stack/base/bytes.h"
#include "stack/wire/packet.h"
#include "stack/wire/segment.h"
#include "stack/wire/segment_text.h"

namespace drywire {

class NetFixture : public ::testing::Test {
 protected:
  // Notes "time who serial" for each arrival.
  class Receiver : public PacketSink {
   public:
    Receiver(NetFixture* fixture, std::string name) : fixture_(fixture), name_(std::move(name)) {}
    void Accept(PacketPtr packet) override {
      ++arrived;
      if (!fixture_->keep_log_) return;
      fixture_->log_.push_back(absl::StrCat(FormatDuration(fixture_->events_.now().since_start()),
                                            " ", name_, " ", packet->serial,
                                            packet->corrupted ? " corrupted" : ""));
    }
    int arrived = 0;

   private:
    NetFixture* fixture_;
    std::string name_;
  };

  // Watches drops and changes: "0.000000 drop a:eth0 lost".
  class Watcher : public PacketObserver {
   public:
    void OnPacket(const PacketEvent& event) override {
      ++counts[static_cast<int>(event.kind)];
      if (event.kind == PacketEvent::Kind::kDropped || event.kind == PacketEvent::Kind::kChanged) {
        log.push_back(absl::StrCat(FormatDuration(event.time.since_start()), " ",
                                   event.kind == PacketEvent::Kind::kDropped ? "drop " : "change ",
                                   event.packet->serial, " at ",
                                   (event.at_sender ? event.from : event.to)->name(), ": ",
                                   std::string(event.reason)));
      }
    }
    int count(PacketEvent::Kind kind) const { return counts[static_cast<int>(kind)]; }
    int counts[4] = {};
    std::vector<std::string> log;
  };

  void Make(uint64_t seed = 1, Choice* choice = nullptr) {
    fabric_ = std::make_unique<Fabric>(Fabric::Options{&events_, &packets_, choice, &trace_, seed});
    fabric_->AddObserver(&watcher_);
    for (uint32_t host = 1; host <= 4; ++host) {
      fabric_->AddHost(host, std::string(1, static_cast<char>('a' + host - 1)));
    }
  }
  void SetUp() override { Make(); }

  static Address AddressOf(uint32_t host) {
    return Address::V4(10, 0, 0, static_cast<uint8_t>(host));
  }

  Port& Connect(Port& port) {
    receivers_.push_back(std::make_unique<Receiver>(this, port.name()));
    port.SetReceiver(receivers_.back().get());
    port.AddAddress(Prefix{AddressOf(port.host()), 24});
    return port;
  }
  Link& MakeLink(const LinkConfig& config) {
    Link& link = fabric_->AddLink("ab", {1, "eth0"}, {2, "eth0"}, config);
    Connect(link.end(0));
    Connect(link.end(1));
    return link;
  }

  PacketPtr MakePacket(uint32_t from, uint32_t to, uint32_t payload = 0,
                       absl::string_view flags = ".") {
    PacketPtr packet = packets_.New();
    packet->source = AddressOf(from);
    packet->destination = packet->next_hop = AddressOf(to);
    packet->serial = ++serial_;
    Segment segment;
    segment.source_port = 4000;
    segment.destination_port = 80;
    segment.seq = Seq(100);
    for (const char letter : flags) {
      segment.flags |= letter == 'S' ? kSyn : letter == '.' ? kAck : letter == 'F' ? kFin : kRst;
    }
    segment.payload = Bytes::Zeros(payload);
    packet->body = std::move(segment);
    return packet;
  }
  // A packet of `length` bytes in all.
  void Send(Port& from, uint32_t to, uint32_t length = 40, absl::string_view flags = ".") {
    from.Accept(MakePacket(from.host(), to, length - 40, flags));
  }
  void RunUntil(Instant limit) {
    while (Event* event = events_.Pop(limit)) events_.Fire(event);
    if (!limit.is_never()) events_.AdvanceTo(limit);
  }
  void Run() { RunUntil(kNever); }
  // Runs, and gives and forgets what arrived.
  std::vector<std::string> Log() {
    Run();
    return std::exchange(log_, {});
  }

  EventQueue events_;
  PacketPool packets_;
  Trace trace_;
  Watcher watcher_;
  bool keep_log_ = true;
  uint64_t serial_ = 0;
  std::vector<std::string> log_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::unique_ptr<Fabric> fabric_;
};

}  // namespace drywire

#endif  // DRYWIRE_TESTS_SIM_NET_NET_FIXTURE_H_
