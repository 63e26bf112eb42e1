// What every program of a random world has: its stream of draws, the addresses it may name, and a
// digest of all that its calls returned.
#ifndef DRYWIRE_TESTS_WORLDS_PROGRAM_H_
#define DRYWIRE_TESTS_WORLDS_PROGRAM_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/core/rng.h"
#include "sim/world/world.h"
#include "tests/worlds/draw.h"
#include "tests/worlds/random_topology.h"

namespace drywire::worlds {

// A socket address of either family, as calls take it.
struct AnyAddress {
  sockaddr_storage storage = {};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// `text` must be valid.
AnyAddress MakeAddress(const std::string& text, uint16_t port);

// What the programs of one world share.
struct Programs {
  World* world = nullptr;
  const Network* network = nullptr;
  uint64_t seed = 0;
  uint32_t next_number = 0;  // of the next program: names its stream
  // Where servers were started, as indices of the network's members.
  std::vector<size_t> servers;
  // Expectations that did not hold, whatever the network did.
  std::vector<std::string> violations;
};

class Program {
 public:
  // On `host`, as the program of that number.
  Program(Programs* programs, Host* host, uint32_t number)
      : programs_(*programs),
        host_(*host),
        number_(number),
        draw(programs->seed, number, "program") {}
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  virtual ~Program() = default;

  // The body of its first task. Leaves the digest of what it saw in the trace.
  void Main();

 protected:
  virtual void Run() = 0;

  Programs& programs() { return programs_; }
  Host& host() { return host_; }
  World& world() { return *programs_.world; }

  // Takes note of what a call returned, with errno when it failed. Returns `result`.
  int64_t Saw(int64_t result) {
    Mix(static_cast<uint64_t>(result));
    if (result < 0) Mix(static_cast<uint64_t>(errno));
    return result;
  }
  // FreeBSD has none.
  bool HasEpoll() { return host_.profile().name == "linux"; }
  void SawBytes(const void* data, size_t size);
  void SawAddress(const AnyAddress& address);
  void Mix(uint64_t value) { seen_ = MixBits(seen_ * 31 + value); }
  void Violation(const std::string& text);

  // An address of some host of the network, of one with a server if there is one more often.
  AnyAddress PeerAddress(bool v6, uint16_t port);
  // One of few ports, so that programs find each other. Only echo servers bind the echo port.
  static constexpr uint16_t kEchoPort = 7;
  uint16_t Port();
  uint16_t BindPort();

 private:
  Programs& programs_;
  Host& host_;
  uint32_t number_;
  uint64_t seen_ = 0;

 protected:
  Draw draw;
};

}  // namespace drywire::worlds

#endif  // DRYWIRE_TESTS_WORLDS_PROGRAM_H_
