// A small world for one row of the atlas: built, described and run in one go.
//
// Whatever is added is written down in a line, so that the explanation shows the very world that
// ran. Every host is of the scene's system. Packets are noted as they are put on a link (and as
// they are lost), between the calls of the processes.
#ifndef DRYWIRE_TOOLS_ERRORS_SCENE_H_
#define DRYWIRE_TOOLS_ERRORS_SCENE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/core/choice.h"
#include "sim/core/time.h"
#include "sim/core/trace.h"
#include "sim/net/packet_event.h"
#include "sim/world/world.h"
#include "stack/host/host.h"
#include "tools/errors/calls.h"

namespace drywire {

enum class System : uint8_t { kLinux, kFreeBsd };
inline constexpr System kSystems[] = {System::kLinux, System::kFreeBsd};
// The personality's name: "linux", "freebsd".
absl::string_view SystemName(System system);

struct SceneOptions {
  uint64_t seed = 1;
  // One way, between any two hosts.
  Duration latency = Duration::Millis(1);
  // Whatever the network brings at one instant is dealt with before a process runs, as when
  // interrupts keep a processor busy. Otherwise a woken process runs first.
  bool network_first = false;
};

// A packet on its way, or its loss.
struct PacketRecord {
  Instant time;
  std::string text;  // "client > server  10.0.0.1:40000 > 10.0.0.2:80 S 1:1(0) ..."
};

class Scene : private PacketObserver {
 public:
  Scene(System system, const SceneOptions& options);
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  ~Scene() override;

  // --- The world; see World for the syntax of the strings.

  // On the common LAN.
  Host& AddHost(const char* name, const char* prefix);
  // The same with forwarding on.
  Host& AddRouter(const char* name, const char* prefix);
  void AddRoute(Host& host, const char* route);
  void AddFirewallRule(Host& host, const char* rule);
  void SetSysctl(Host& host, const char* name, const char* value);
  // Turns on a rule of the profile that no current release has; `name` is for the description.
  void SetKnob(Host& host, const char* name, bool* knob);
  void SetKnob(Host& host, const char* name, int64_t* knob, int64_t value);
  void SetInterfaceDown(Host& host, const char* interface);
  // A security policy that lets nobody write to sockets in the filesystem.
  void DenyWritingToSockets(Host& host);

  // The process starts with the world; its first thread runs `body`.
  void Spawn(Host& host, const char* process, std::function<void(Calls&)> body);
  // A server in one line: listens on `port` and accepts, keeping what it accepted open.
  void SpawnListener(Host& host, uint16_t port, int backlog = 8);

  // --- Running and what came of it

  void Run();

  // Empty when the world was sound and every process but listeners came to its end; else what was
  // wrong.
  std::string Problem() const;
  const Observation& observation() const { return log_.observation; }
  const std::vector<CallRecord>& calls() const { return log_.records; }
  const std::vector<PacketRecord>& packets() const { return packets_; }
  // The world in lines, without indentation.
  const std::vector<std::string>& description() const { return description_; }
  Digest digest() { return world_->trace().digest(); }

 private:
  class NetworkFirst;
  class Log : public CallLog {
   public:
    explicit Log(Scene* scene) : scene_(scene) {}
    Instant Now() const override { return scene_->world_->now(); }
    size_t PacketCount() const override { return scene_->packets_.size(); }

   private:
    Scene* scene_;
  };

  void OnPacket(const PacketEvent& event) override;
  template <typename... Parts>
  void Describe(const Host& host, const Parts&... parts);

  System system_;
  SceneOptions options_;
  std::unique_ptr<Choice> choice_;
  std::unique_ptr<World> world_;
  Log log_{this};
  std::vector<PacketRecord> packets_;
  std::vector<std::string> description_;
  RunReport report_;
  int spawned_ = 0;
  int finished_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_TOOLS_ERRORS_SCENE_H_
