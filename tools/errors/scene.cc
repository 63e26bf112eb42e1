#include "tools/errors/scene.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/net/fabric.h"
#include "sim/net/port.h"

namespace drywire {

absl::string_view SystemName(System system) {
  return system == System::kLinux ? "linux" : "freebsd";
}

// Takes the event that is due before the tasks that are ready; otherwise first come, first served.
class Scene::NetworkFirst : public Choice {
 public:
  ChoiceKindSet explored() const override { return ChoiceKindSet().With(ChoiceKind::kEventOrTask); }

 private:
  uint32_t DoPick(ChoiceKind kind, uint32_t) override {
    return kind == ChoiceKind::kEventOrTask ? 1 : 0;
  }
  bool DoHappens(ChoiceKind, Probability p, Rng& rng) override { return rng.Bernoulli(p); }
};

Scene::Scene(System system, const SceneOptions& options) : system_(system), options_(options) {
  World::Options world;
  world.seed = options.seed;
  world.lan.latency = options.latency;
  world.keep_packets = 0;  // noted here
  if (options.network_first) {
    choice_ = std::make_unique<NetworkFirst>();
    world.choice = choice_.get();
  }
  world_ = std::make_unique<World>(world);
  world_->fabric().AddObserver(this);
}

Scene::~Scene() {
  // Tasks that still wait are unwound with the world, and their sockets say goodbye.
  world_->fabric().RemoveObserver(this);
  world_.reset();
}

template <typename... Parts>
void Scene::Describe(const Host& host, const Parts&... parts) {
  std::string line = host.name();
  line.resize(std::max<size_t>(line.size() + 1, 9), ' ');
  absl::StrAppend(&line, parts...);
  description_.push_back(std::move(line));
}

Host& Scene::AddHost(const char* name, const char* prefix) {
  Host& host = world_->AddHost(name, SystemName(system_), prefix);
  Describe(host, "a ", SystemName(system_), " host, eth0 ", prefix);
  return host;
}

Host& Scene::AddRouter(const char* name, const char* prefix) {
  Host& host = AddHost(name, prefix);
  SetSysctl(host, system_ == System::kLinux ? "net.ipv4.ip_forward" : "net.inet.ip.forwarding",
            "1");
  return host;
}

void Scene::AddRoute(Host& host, const char* route) {
  world_->AddRoute(host, route);
  Describe(host, "route ", route);
}

void Scene::AddFirewallRule(Host& host, const char* rule) {
  world_->AddFirewallRule(host, rule);
  Describe(host, "firewall ", rule);
}

void Scene::SetSysctl(Host& host, const char* name, const char* value) {
  world_->SetSysctl(host, name, value);
  Describe(host, "sysctl ", name, "=", value);
}

void Scene::SetKnob(Host& host, const char* name, bool* knob) {
  *knob = true;
  Describe(host, "knob ", name);
}

void Scene::SetKnob(Host& host, const char* name, int64_t* knob, int64_t value) {
  *knob = value;
  Describe(host, "knob ", name, "=", value);
}

void Scene::SetInterfaceDown(Host& host, const char* interface) {
  world_->SetInterfaceUp(host, interface, false);
  Describe(host, interface, " is down");
}

void Scene::DenyWritingToSockets(Host& host) {
  host.vfs().SetPolicy([](const PolicyQuery& query) {
    return query.action == PolicyAction::kWrite && query.node->type() == FileType::kSocket;
  });
  Describe(host, "policy: no writing to sockets");
}

void Scene::Spawn(Host& host, const char* process, std::function<void(Calls&)> body) {
  ++spawned_;
  world_->Spawn(host, process, [this, name = std::string(process), body = std::move(body)] {
    Calls calls(&log_, name);
    body(calls);
    ++finished_;
  });
}

void Scene::SpawnListener(Host& host, uint16_t port, int backlog) {
  // Waits for ever in the end, which is no fault of the scene.
  world_->Spawn(host, host.name(), [this, name = host.name(), port, backlog] {
    Calls calls(&log_, name);
    const int fd = calls.socket(AF_INET, SOCK_STREAM);
    calls.bind(fd, Inet("0.0.0.0", port));
    calls.listen(fd, backlog);
    while (calls.accept(fd) != -1) {
    }
  });
}

void Scene::Run() { report_ = world_->Run(); }

std::string Scene::Problem() const {
  if (!world_->errors().empty()) return world_->errors().front();
  if (report_.status == RunStatus::kLivelock) return report_.text;
  if (finished_ != spawned_) return absl::StrCat("a process did not finish: ", report_.text);
  return "";
}

void Scene::OnPacket(const PacketEvent& event) {
  if (event.kind == PacketEvent::Kind::kDelivered) return;
  std::string text = world_->fabric().HostName(event.from->host());
  if (event.to != nullptr) {
    absl::StrAppend(&text, " > ", world_->fabric().HostName(event.to->host()));
  }
  text.resize(std::max<size_t>(text.size() + 2, 19), ' ');
  absl::StrAppend(&text, event.packet->ToString());
  if (event.kind != PacketEvent::Kind::kSent) absl::StrAppend(&text, "  [", event.reason, "]");
  packets_.push_back({event.time, std::move(text)});
}

}  // namespace drywire
