// The world of most client tests: one client, one server, a link of 10 ms each way.
#ifndef DRYWIRE_TESTS_CLIENTS_CLIENT_SERVER_H_
#define DRYWIRE_TESTS_CLIENTS_CLIENT_SERVER_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/testing/drywire_test.h"

namespace drywire {

inline LinkConfig LinkOf(Duration latency, uint64_t bits_per_second = 0) {
  LinkConfig config;
  config.latency = latency;
  config.bandwidth = bits_per_second;
  return config;
}

// Both hosts are of the same system. The client has 10.0.0.1, the server 10.0.0.2.
class ClientServer {
 public:
  ClientServer(World& world, const char* personality,
               const LinkConfig& link = LinkOf(Duration::Millis(10)))
      : world(world),
        client(world.AddHost("client", personality)),
        server(world.AddHost("server", personality)) {
    world.Connect(client, "10.0.0.1/24", server, "10.0.0.2/24", link);
  }

  // The bodies of the two processes.
  void Client(std::function<void()> body) { world.Spawn(client, "client", std::move(body)); }
  void Server(std::function<void()> body) { world.Spawn(server, "server", std::move(body)); }

  // Nothing passes between the hosts from `from` until `until`.
  void PartitionBetween(Duration from, Duration until) {
    world.At(from, [this] { partition_ = world.Partition({&client}, {&server}); });
    world.At(until, [this] { world.Heal(partition_); });
  }

  Duration now() const { return world.now().since_start(); }

  // When the client sent each segment with data, lost ones included.
  std::vector<Duration> DataSentAt() const {
    std::vector<Duration> times;
    const Capture& capture = world.capture();
    for (size_t i = 0; i < capture.size(); ++i) {
      const CapturedPacket& captured = capture.at(i);
      const Segment* segment = captured.packet.segment();
      const bool sent = captured.kind == PacketEvent::Kind::kSent ||
                        (captured.kind == PacketEvent::Kind::kDropped && captured.at_sender);
      if (sent && captured.from->host() == client.id() && segment != nullptr &&
          !segment->payload.empty()) {
        times.push_back(captured.time.since_start());
      }
    }
    return times;
  }

  World& world;
  Host& client;
  Host& server;

 private:
  int partition_ = 0;
};

// A test of a client library on each system; its scenarios run twice, with equal digests.
class ClientTest : public ::testing::TestWithParam<const char*> {
 protected:
  using Body = std::function<void(ClientServer&)>;

  void Run(const Body& body) { Run(LinkOf(Duration::Millis(10)), body); }
  void Run(const LinkConfig& link, const Body& body) {
    RunScenario([&](World& world) {
      ClientServer net(world, GetParam(), link);
      body(net);
      world.Run();
    });
  }
  bool OnLinux() const { return std::string(GetParam()) == "linux"; }
};

inline std::string PersonalityOf(const ::testing::TestParamInfo<const char*>& info) {
  return info.param;
}

}  // namespace drywire

#endif  // DRYWIRE_TESTS_CLIENTS_CLIENT_SERVER_H_
