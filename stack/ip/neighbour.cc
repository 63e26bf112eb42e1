#include "stack/ip/neighbour.h"

#include <algorithm>

#include "sim/core/check.h"

namespace drywire {
namespace {

void MoveAll(std::vector<PacketPtr>& from, std::vector<PacketPtr>& to) {
  for (PacketPtr& packet : from) to.push_back(std::move(packet));
  from.clear();
}

}  // namespace

absl::string_view NeighbourStateName(NeighbourState state) {
  switch (state) {
    case NeighbourState::kIncomplete:
      return "INCOMPLETE";
    case NeighbourState::kReachable:
      return "REACHABLE";
    case NeighbourState::kStale:
      return "STALE";
    case NeighbourState::kDelay:
      return "DELAY";
    case NeighbourState::kProbe:
      return "PROBE";
    case NeighbourState::kPermanent:
      return "PERMANENT";
  }
  return "?";
}

void NeighbourOutcome::Clear() {
  send.clear();
  fail.clear();
  discard.clear();
  solicit = false;
}

Result<> NeighbourTable::Send(Instant now, uint32_t interface, const Address& address,
                              NeighbourMode mode, const NeighbourResolver* resolver,
                              bool via_gateway, PacketPtr packet, NeighbourOutcome& outcome) {
  auto it = entries_.find({interface, address});
  const bool known = mode == NeighbourMode::kNone ||
                     (mode == NeighbourMode::kKnown && resolver->Answers(interface, address));
  if (known) {
    if (it != entries_.end() && it->second.state != NeighbourState::kPermanent) {
      MoveAll(it->second.queue, outcome.send);
      entries_.erase(it);
      Reschedule();
    }
    outcome.send.push_back(std::move(packet));
    return {};
  }
  if (it != entries_.end() && Aged(now, it->first, it->second)) {
    if (UsesBsdArp(it->first)) {
      entries_.erase(it);
      it = entries_.end();
    } else {
      it->second.state = NeighbourState::kStale;
    }
  }
  if (it != entries_.end() && it->second.state != NeighbourState::kIncomplete) {
    if (it->second.state == NeighbourState::kStale) {
      it->second.state = NeighbourState::kDelay;
      it->second.deadline = now + Duration::Seconds(profile_.neigh_delay_probe_s);
      Reschedule();
    }
    outcome.send.push_back(std::move(packet));
    return {};
  }

  const bool fresh = it == entries_.end();
  if (fresh) it = entries_.try_emplace(Key{interface, address}).first;
  NeighbourEntry& entry = it->second;
  entry.via_gateway = via_gateway;
  entry.queue.push_back(std::move(packet));
  if (static_cast<int64_t>(entry.queue.size()) > std::max<int64_t>(profile_.neighbour_queue, 1)) {
    outcome.discard.push_back(std::move(entry.queue.front()));
    entry.queue.erase(entry.queue.begin());
  }
  return SendUnresolved(now, it, fresh, outcome);
}

Result<> NeighbourTable::SendUnresolved(Instant now, Entries::iterator it, bool fresh,
                                        NeighbourOutcome& outcome) {
  NeighbourEntry& entry = it->second;
  if (UsesBsdArp(it->first)) {
    const Result<> result = AskBsdArp(now, entry, outcome);
    Reschedule();
    return result;
  }
  if (fresh) {
    entry.probes = 1;
    entry.deadline = now + Duration::Millis(profile_.neigh_retrans_ms);
    outcome.solicit = true;
    Reschedule();
  }
  return {};
}

Result<> NeighbourTable::AskBsdArp(Instant now, NeighbourEntry& entry, NeighbourOutcome& outcome) {
  // arpresolve_full() judges before it counts the request that it is about to send.
  const bool tried_enough = entry.probes >= profile_.arp_maxtries;
  const bool renew =
      entry.probes == 0 || now.since_start().seconds() != entry.asked.since_start().seconds();
  if (renew) {
    ++entry.probes;
    entry.asked = now;
    entry.deadline = now + Duration::Seconds(profile_.arp_wait_s);
    outcome.solicit = true;
  }
  if (!tried_enough) return {};
  return entry.via_gateway ? Cause::kGatewayUnreachable : Cause::kNeighbourUnreachable;
}

bool NeighbourTable::Aged(Instant now, const Key& key, const NeighbourEntry& entry) const {
  if (entry.state != NeighbourState::kReachable) return false;
  const Duration limit = UsesBsdArp(key) ? Duration::Seconds(profile_.arp_max_age_s)
                                         : Duration::Millis(profile_.neigh_reachable_ms);
  return now - entry.confirmed >= limit;
}

void NeighbourTable::Confirm(Instant now, uint32_t interface, const Address& address, bool reply,
                             NeighbourOutcome& outcome) {
  auto it = entries_.find({interface, address});
  if (it == entries_.end()) {
    if (reply) return;  // Nobody asked.
    it = entries_.try_emplace(Key{interface, address}).first;
  }
  NeighbourEntry& entry = it->second;
  if (entry.state == NeighbourState::kPermanent) return;
  // A request shows that its sender is there, but not (RFC 4861 7.2.3) that it can be reached.
  if (reply || UsesBsdArp(it->first)) {
    entry.state = NeighbourState::kReachable;
  } else if (entry.state == NeighbourState::kIncomplete) {
    entry.state = NeighbourState::kStale;
  } else {
    return;
  }
  entry.confirmed = now;
  entry.deadline = kNever;
  entry.probes = 0;
  MoveAll(entry.queue, outcome.send);
  Reschedule();
}

Instant NeighbourTable::NextDeadline() const { return next_; }

void NeighbourTable::Reschedule() {
  next_ = kNever;
  for (const auto& [key, entry] : entries_) next_ = std::min(next_, entry.deadline);
}

bool NeighbourTable::ExpireOne(Instant now, absl::FunctionRef<Mode(uint32_t)> mode_of, Key& key,
                               NeighbourOutcome& outcome) {
  if (next_ > now) return false;
  // The earliest; of several the first by interface and address.
  const auto it = std::find_if(entries_.begin(), entries_.end(),
                               [&](const auto& e) { return e.second.deadline == next_; });
  DRYWIRE_CHECK(it != entries_.end()) << "a deadline without an entry";
  key = it->first;
  NeighbourEntry& entry = it->second;
  const Mode mode = mode_of(key.first);
  const Duration retrans = Duration::Millis(profile_.neigh_retrans_ms);
  if (mode.mode == NeighbourMode::kNone ||
      (mode.mode == NeighbourMode::kKnown && mode.resolver->Answers(key.first, key.second))) {
    MoveAll(entry.queue, outcome.send);
    entries_.erase(it);
  } else if (UsesBsdArp(key)) {
    Fail(it, outcome);
  } else if (entry.state == NeighbourState::kDelay) {
    entry.state = NeighbourState::kProbe;
    entry.probes = 1;
    entry.deadline = now + retrans;
    outcome.solicit = true;
  } else if (entry.probes < (entry.state == NeighbourState::kProbe
                                 ? profile_.neigh_ucast_solicit
                                 : profile_.neigh_mcast_solicit)) {
    ++entry.probes;
    entry.deadline = now + retrans;
    outcome.solicit = true;
  } else {
    Fail(it, outcome);
  }
  Reschedule();
  return true;
}

void NeighbourTable::Fail(Entries::iterator it, NeighbourOutcome& outcome) {
  std::vector<PacketPtr>& queue = it->second.queue;
  if (UsesBsdArp(it->first)) {
    MoveAll(queue, outcome.discard);
  } else if (profile_.neighbours == NeighbourRule::kBsd) {
    // nd6_llinfo_timer() answers the first packet that waits and frees the rest.
    if (!queue.empty()) {
      outcome.fail.push_back(std::move(queue.front()));
      queue.erase(queue.begin());
    }
    MoveAll(queue, outcome.discard);
  } else {
    MoveAll(queue, outcome.fail);
  }
  entries_.erase(it);
}

void NeighbourTable::SetPermanent(uint32_t interface, const Address& address,
                                  NeighbourOutcome& outcome) {
  NeighbourEntry& entry = entries_[{interface, address}];
  entry.state = NeighbourState::kPermanent;
  entry.deadline = kNever;
  MoveAll(entry.queue, outcome.send);
  Reschedule();
}

void NeighbourTable::Flush(uint32_t interface, NeighbourOutcome& outcome) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (interface == 0 || it->first.first == interface) {
      MoveAll(it->second.queue, outcome.discard);
      it = entries_.erase(it);
    } else {
      ++it;
    }
  }
  Reschedule();
}

}  // namespace drywire
