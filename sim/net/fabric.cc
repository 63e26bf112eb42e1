#include "sim/net/fabric.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sim/core/check.h"

namespace drywire {

Fabric::Fabric(const Options& options) : rules_(options.seed) {
  DRYWIRE_CHECK(options.events != nullptr && options.packets != nullptr)
      << "a fabric needs an event queue and a packet pool";
  context_.events = options.events;
  context_.choice = options.choice != nullptr ? options.choice : &fifo_;
  context_.never_is_never = context_.choice->never_is_never();
  context_.trace = options.trace;
  context_.packets = options.packets;
  context_.seed = options.seed;
  context_.reachability = &reachability_;
  context_.rules = &rules_;
}

void Fabric::AddHost(uint32_t host, absl::string_view name) { reachability_.AddHost(host, name); }

template <typename M>
M& Fabric::AddMedium(absl::string_view name) {
  DRYWIRE_CHECK(FindMedium(name) == nullptr) << "link \"" << std::string(name) << "\" exists";
  auto medium = std::make_unique<M>(&context_, static_cast<uint32_t>(media_.size() + 1), name);
  M& result = *medium;
  media_.push_back(std::move(medium));
  return result;
}

Port& Fabric::AddPort(Medium& medium, Attachment attachment, const LinkConfig& config) {
  DRYWIRE_CHECK(reachability_.HasHost(attachment.host)) << "no host " << attachment.host;
  DRYWIRE_CHECK(FindPort(attachment.host, attachment.interface) == nullptr)
      << HostName(attachment.host) << " has an interface " << std::string(attachment.interface)
      << " already";
  ports_.push_back(medium.NewPort(static_cast<uint32_t>(ports_.size() + 1), attachment.host,
                                  attachment.interface, config));
  return *ports_.back();
}

Link& Fabric::AddLoopback(uint32_t host, absl::string_view interface, const LinkConfig& config) {
  DRYWIRE_CHECK(reachability_.HasHost(host)) << "no host " << host;
  Link& link = AddMedium<Link>(absl::StrCat(HostName(host), ":", std::string(interface)));
  AddPort(link, {host, interface}, config);
  return link;
}

Link& Fabric::AddLink(absl::string_view name, Attachment a, Attachment b,
                      const LinkConfig& config) {
  Link& link = AddMedium<Link>(name);
  AddPort(link, a, config);
  AddPort(link, b, config);
  return link;
}

Lan& Fabric::AddLan(absl::string_view name) { return AddMedium<Lan>(name); }

Port& Fabric::AttachToLan(Lan& lan, Attachment attachment, const LinkConfig& config) {
  return AddPort(lan, attachment, config);
}

Port* Fabric::FindPort(uint32_t host, absl::string_view interface) const {
  for (Port* port : ports_) {
    if (port->host() == host && port->interface() == interface) return port;
  }
  return nullptr;
}

Medium* Fabric::FindMedium(absl::string_view name) const {
  for (const std::unique_ptr<Medium>& medium : media_) {
    if (medium->name() == name) return medium.get();
  }
  return nullptr;
}

void Fabric::NoteHost(uint32_t host, const char* what) {
  if (context_.trace == nullptr) return;
  context_.trace->Record(context_.events->now(), host, TraceKind::kHostState,
                         context_.trace->InternLiteral(what));
}

void Fabric::NoteLink(const char* what, int64_t value) {
  if (context_.trace == nullptr) return;
  context_.trace->Record(context_.events->now(), 0, TraceKind::kLinkState, 0,
                         context_.trace->InternLiteral(what), value);
}

int Fabric::Partition(absl::Span<const uint32_t> a, absl::Span<const uint32_t> b, bool one_way) {
  const int partition = reachability_.Partition(a, b, one_way);
  NoteLink("partition", partition);
  return partition;
}

bool Fabric::Heal(int partition) {
  if (!reachability_.Heal(partition)) return false;
  NoteLink("heal", partition);
  return true;
}

void Fabric::HealAll() {
  reachability_.HealAll();
  NoteLink("heal-all", 0);
}

void Fabric::Crash(uint32_t host) {
  reachability_.set_condition(host, HostCondition::kDown);
  NoteHost(host, "crash");
  for (Port* port : ports_) {
    if (port->host() != host) continue;
    port->DropInFlight("host down", /*only_unsent=*/true);
    port->DropHeld("host down");
  }
}

void Fabric::Restart(uint32_t host) {
  if (condition(host) != HostCondition::kDown) return;
  reachability_.set_condition(host, HostCondition::kUp);
  NoteHost(host, "restart");
}

void Fabric::Pause(uint32_t host, WhilePaused what) {
  if (condition(host) == HostCondition::kDown) return;
  reachability_.set_condition(
      host, what == WhilePaused::kHold ? HostCondition::kHolding : HostCondition::kDiscarding);
  NoteHost(host, "pause");
}

void Fabric::Resume(uint32_t host) {
  if (condition(host) == HostCondition::kDown || condition(host) == HostCondition::kUp) return;
  reachability_.set_condition(host, HostCondition::kUp);
  NoteHost(host, "resume");
  for (Port* port : ports_) {
    if (port->host() == host) port->ReleaseHeld();
  }
}

void Fabric::RemoveObserver(PacketObserver* observer) {
  std::vector<PacketObserver*>& observers = context_.observers;
  observers.erase(std::remove(observers.begin(), observers.end(), observer), observers.end());
}

}  // namespace drywire
