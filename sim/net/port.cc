#include "sim/net/port.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sim/core/check.h"
#include "sim/net/link.h"
#include "sim/net/rule.h"

namespace drywire {
namespace {

// Far from the domains that other parts of the engine number from zero.
constexpr uint32_t kFirstOrderDomain = 0x10000;
constexpr uint32_t kDelaySteps = 8;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

Duration SerialisationTime(uint32_t bytes, uint64_t bandwidth) {
  if (bandwidth == 0) return Duration::Zero();
  const uint64_t bits = uint64_t{bytes} * 8;
  // Below 2^63 for any packet: 65,536 bytes are 5.3e14 bit-nanoseconds.
  return Duration::Nanos(
      static_cast<int64_t>((bits * kNanosPerSecond + bandwidth - 1) / bandwidth));
}

}  // namespace

Port::Port(PortContext* context, Medium* medium, uint32_t id, uint32_t host,
           absl::string_view interface, const LinkConfig& config)
    : context_(context),
      medium_(medium),
      id_(id),
      host_(host),
      interface_(interface),
      name_(absl::StrCat(context->reachability->HostName(host), ":", interface_)),
      streams_{Rng(context->seed, name_, "loss"), Rng(context->seed, name_, "duplicate"),
               Rng(context->seed, name_, "reorder"), Rng(context->seed, name_, "corrupt"),
               Rng(context->seed, name_, "jitter")} {
  release_.BindMethod<&Port::OnRelease>("release", this);
  release_.set_order_domain(kFirstOrderDomain + id_);
  Configure(config);
}

Port::~Port() {
  while (InFlight* flight = flying_.PopFront()) context_->in_flight.Delete(flight);
  while (InFlight* flight = held_.PopFront()) context_->in_flight.Delete(flight);
}

void Port::Configure(const LinkConfig& config) {
  const absl::Status valid = config.Validate();
  DRYWIRE_CHECK(valid.ok()) << name_ << ": " << valid.message();
  config_ = config;
  plain_ = config.bandwidth == 0 && config.jitter == Duration::Zero() && config.loss.is_never() &&
           config.corrupt.is_never() && config.duplicate.is_never() && config.reorder.is_never() &&
           config.reorder_gap <= 1;
}

void Port::AddAddress(const Prefix& prefix) {
  if (Owns(prefix.address)) return;
  addresses_.push_back(prefix);
  ++context_->address_changes;
  context_->reachability->AddAddress(prefix.address, host_);
  medium_->OnAddress(this, prefix.address, true);
}

void Port::RemoveAddress(const Address& address) {
  const auto gone = std::find_if(addresses_.begin(), addresses_.end(),
                                 [&](const Prefix& prefix) { return prefix.address == address; });
  if (gone == addresses_.end()) return;
  addresses_.erase(gone);
  ++context_->address_changes;
  context_->reachability->RemoveAddress(address, host_);
  medium_->OnAddress(this, address, false);
}

bool Port::Owns(const Address& address) const {
  return std::any_of(addresses_.begin(), addresses_.end(),
                     [&](const Prefix& prefix) { return prefix.address == address; });
}

const char* Port::RefusalToSend(const Packet& packet, uint32_t length) const {
  switch (context_->reachability->condition(host_)) {
    case HostCondition::kDown:
      return "host down";
    case HostCondition::kDiscarding:
      return "host paused";
    case HostCondition::kUp:
    case HostCondition::kHolding:
      break;
  }
  if (!medium_->up()) return "link down";
  // What may be fragmented stands for its fragments, which are not modelled.
  if (packet.dont_fragment && length > config_.mtu) return "exceeds mtu";
  return nullptr;
}

void Port::Accept(PacketPtr packet) {
  if (context_->reachability->condition(host_) == HostCondition::kHolding) {
    held_out_.push_back(std::move(packet));
    return;
  }
  const uint32_t length = packet->WireLength();
  if (const char* reason = RefusalToSend(*packet, length)) {
    return DropAtSender(*packet, nullptr, reason);
  }
  if (plain_ && context_->never_is_never && context_->rules->empty() &&
      !context_->reachability->partitioned()) {
    if (Port* const to = medium_->OnlyRecipient(*this)) {
      return SendPlainly(to, std::move(packet), length);
    }
  }
  std::vector<Port*>& recipients = context_->recipients;
  recipients.clear();
  medium_->FindRecipients(*this, *packet, &recipients);
  if (recipients.empty()) return DropAtSender(*packet, nullptr, "no such neighbour");
  std::optional<Instant> departure;  // One transmission, however many hear it.
  for (size_t i = 0; i + 1 < recipients.size(); ++i) {
    SendTo(recipients[i], context_->packets->Clone(*packet), length, &departure);
  }
  SendTo(recipients.back(), std::move(packet), length, &departure);
}

void Port::SendPlainly(Port* to, PacketPtr packet, uint32_t length) {
  const Instant departure = std::max(context_->events->now(), busy_until_);
  last_arrival_ = std::max(departure + config_.latency, last_arrival_);
  Launch(std::move(packet), length, to, departure, last_arrival_);
}

void Port::SendTo(Port* to, PacketPtr packet, uint32_t length, std::optional<Instant>* departure) {
  const Instant now = context_->events->now();
  Choice& choice = *context_->choice;
  if (context_->reachability->IsCut(host_, to->host_, *packet)) {
    return DropAtSender(*packet, to, "partitioned");
  }
  const Verdict verdict = context_->rules->Judge({*packet, *this, *to, now}, choice);
  if (verdict.kind == Verdict::Kind::kDrop) return DropAtSender(*packet, to, verdict.reason);
  if (verdict.corrupt) {
    packet->corrupted = true;
    Changed(*packet, to, verdict.reason);
  }
  uint32_t copies = verdict.copies;
  if (copies > 0) Changed(*packet, to, verdict.reason);
  const bool bypass = verdict.kind == Verdict::Kind::kDeliver;
  if (!bypass) {
    if (!departure->has_value()) *departure = Enqueue(length);
    if (!departure->has_value()) return DropAtSender(*packet, to, "queue full");
    if (Happens(ChoiceKind::kLoss, config_.loss, streams_.loss)) {
      return DropAtSender(*packet, to, "lost");
    }
    if (Happens(ChoiceKind::kCorrupt, config_.corrupt, streams_.corrupt)) {
      packet->corrupted = true;
      Changed(*packet, to, "corrupted");
    }
    if (Happens(ChoiceKind::kDuplicate, config_.duplicate, streams_.duplicate)) {
      ++copies;
      Changed(*packet, to, "duplicated");
    }
  }
  for (; copies > 0; --copies) {
    PacketPtr copy = context_->packets->Clone(*packet);
    // The copies follow the original.
    std::swap(copy, packet);
    bypass ? Launch(std::move(copy), length, to, now, now + verdict.after)
           : Travel(std::move(copy), length, to, **departure, verdict.after);
  }
  bypass ? Launch(std::move(packet), length, to, now, now + verdict.after)
         : Travel(std::move(packet), length, to, **departure, verdict.after);
}

std::optional<Instant> Port::Enqueue(uint32_t bytes) {
  const Instant now = context_->events->now();
  if (config_.bandwidth == 0) return std::max(now, busy_until_);
  ForgetDeparted();
  if (config_.queue_packets != 0 && waiting_count_ >= config_.queue_packets) return std::nullopt;
  if (config_.queue_bytes != 0 && waiting_bytes_ + bytes > config_.queue_bytes) {
    return std::nullopt;
  }
  busy_until_ = std::max(now, busy_until_) + SerialisationTime(bytes, config_.bandwidth);
  if (waiting_count_ == waiting_.size()) {
    std::rotate(waiting_.begin(), waiting_.begin() + waiting_head_, waiting_.end());
    waiting_head_ = 0;
    waiting_.resize(std::max<size_t>(16, waiting_.size() * 2));
  }
  waiting_[(waiting_head_ + waiting_count_) % waiting_.size()] = {busy_until_, bytes};
  ++waiting_count_;
  waiting_bytes_ += bytes;
  return busy_until_;
}

void Port::ForgetDeparted() {
  const Instant now = context_->events->now();
  while (waiting_count_ > 0 && waiting_[waiting_head_].at <= now) {
    waiting_bytes_ -= waiting_[waiting_head_].bytes;
    waiting_head_ = (waiting_head_ + 1) % waiting_.size();
    --waiting_count_;
  }
}

size_t Port::queued_packets() {
  ForgetDeparted();
  return waiting_count_;
}

uint64_t Port::queued_bytes() {
  ForgetDeparted();
  return waiting_bytes_;
}

Duration Port::Latency() {
  if (config_.jitter == Duration::Zero()) return config_.latency;
  const Duration low = config_.latency - config_.jitter;
  const Duration high = config_.latency + config_.jitter;
  Duration latency;
  if (context_->choice->Explores(ChoiceKind::kDelay)) {
    const uint32_t step = context_->choice->Pick(ChoiceKind::kDelay, kDelaySteps);
    latency = low + (high - low) * step / (kDelaySteps - 1);
  } else {
    latency = streams_.jitter.UniformRange(low, high);
  }
  return std::max(latency, Duration::Zero());
}

bool Port::TakesReordering() {
  if (config_.reorder_gap > 1 && ++reorder_count_ % config_.reorder_gap != 0) return false;
  return Happens(ChoiceKind::kReorder, config_.reorder, streams_.reorder);
}

void Port::Travel(PacketPtr packet, uint32_t length, Port* to, Instant departure, Duration extra) {
  Instant arrival = departure + Latency() + extra;
  bool out_of_order = extra > Duration::Zero();
  if (TakesReordering()) {
    const Duration delay = config_.reorder_delay > Duration::Zero() ? config_.reorder_delay
                           : config_.latency > Duration::Zero()     ? config_.latency
                                                                    : Duration::Millis(1);
    Changed(*packet, to, "reordered");
    arrival += delay;
    out_of_order = true;
  }
  if (!out_of_order && !(config_.jitter_reorders && config_.jitter > Duration::Zero())) {
    arrival = last_arrival_ = std::max(arrival, last_arrival_);
  }
  Launch(std::move(packet), length, to, departure, arrival);
}

void Port::Launch(PacketPtr packet, uint32_t length, Port* to, Instant departure, Instant arrival) {
  InFlight* flight = context_->in_flight.New();
  flight->event.Bind("packet", &Port::Arrive, flight);
  flight->event.set_order_domain(kFirstOrderDomain + id_);
  flight->event.set_traces_itself(true);
  flight->packet = std::move(packet);
  flight->from = this;
  flight->to = to;
  flight->departs = departure;
  flight->length = length;
  const Instant now = context_->events->now();
  if (context_->trace != nullptr) {
    flight->digest = flight->packet->Digest();
    Note(TraceKind::kPacketSent, host_, *flight->packet, flight->digest, length,
         static_cast<uint64_t>((arrival - now).nanos()));
  }
  flying_.PushBack(flight);
  context_->events->Schedule(&flight->event, arrival);
  if (observed()) {
    Tell({PacketEvent::Kind::kSent, true, now, arrival, this, to, flight->packet.get(), {}});
  }
}

void Port::Arrive(void* in_flight) {
  InFlight* flight = static_cast<InFlight*>(in_flight);
  flight->to->Deliver(flight);
}

void Port::Deliver(InFlight* flight) {
  const HostCondition condition = context_->reachability->condition(host_);
  // What arrives while earlier packets still wait to be let go queues up behind them.
  if (condition == HostCondition::kHolding || (!held_.empty() && !releasing_)) {
    flight->Unlink();
    held_.PushBack(flight);
    if (Trace* trace = context_->trace) {
      trace->Record(context_->events->now(), host_, TraceKind::kEvent,
                    trace->InternLiteral("packet held"), flight->event.order_domain());
    }
    return;
  }
  if (condition == HostCondition::kDown) return DropFlight(flight, false, "host down");
  if (condition == HostCondition::kDiscarding) return DropFlight(flight, false, "host paused");
  if (receiver_ == nullptr) return DropFlight(flight, false, "no receiver");
  if (context_->reachability->IsCut(flight->from->host_, host_, *flight->packet)) {
    return DropFlight(flight, false, "partitioned");
  }
  if (Trace* trace = context_->trace) {
    trace->Record(context_->events->now(), host_, TraceKind::kPacketDelivered, flight->from->id_,
                  flight->packet->serial, flight->digest, flight->length);
  }
  if (observed()) {
    const Instant now = context_->events->now();
    Tell({PacketEvent::Kind::kDelivered,
          false,
          now,
          now,
          flight->from,
          this,
          flight->packet.get(),
          {}});
  }
  PacketPtr packet = std::move(flight->packet);
  context_->in_flight.Delete(flight);  // The record is free again before the receiver sends.
  receiver_->Accept(std::move(packet));
}

void Port::DropFlight(InFlight* flight, bool at_sender, absl::string_view reason) {
  const Instant now = context_->events->now();
  if (Trace* trace = context_->trace) {
    trace->Record(now, at_sender ? flight->from->host_ : flight->to->host_,
                  TraceKind::kPacketDropped, flight->from->id_, flight->packet->serial,
                  flight->digest, flight->length, trace->Intern(reason));
  }
  Tell({PacketEvent::Kind::kDropped, at_sender, now, now, flight->from, flight->to,
        flight->packet.get(), reason});
  context_->in_flight.Delete(flight);
}

void Port::DropInFlight(absl::string_view reason, bool only_unsent) {
  const Instant now = context_->events->now();
  for (auto next = flying_.begin(); next != flying_.end();) {
    InFlight& flight = *next;
    ++next;
    if (!only_unsent || flight.departs > now) DropFlight(&flight, true, reason);
  }
  // Nothing waits for the wire any more.
  busy_until_ = std::min(busy_until_, now);
  waiting_count_ = 0;
  waiting_bytes_ = 0;
}

void Port::DropHeld(absl::string_view reason) {
  while (!held_.empty()) DropFlight(&held_.front(), false, reason);
  for (const PacketPtr& packet : held_out_) DropAtSender(*packet, nullptr, reason);
  held_out_.clear();
}

void Port::ReleaseHeld() {
  if (!held_.empty()) context_->events->Schedule(&release_, context_->events->now());
  std::vector<PacketPtr> sent = std::move(held_out_);
  held_out_.clear();
  for (PacketPtr& packet : sent) Accept(std::move(packet));
}

void Port::OnRelease() {
  releasing_ = true;
  while (!held_.empty() && context_->reachability->condition(host_) == HostCondition::kUp) {
    Deliver(held_.PopFront());
  }
  releasing_ = false;
}

void Port::DropAtSender(const Packet& packet, Port* to, absl::string_view reason) {
  const Instant now = context_->events->now();
  if (Trace* trace = context_->trace) {
    Note(TraceKind::kPacketDropped, host_, packet, packet.Digest(), packet.WireLength(),
         trace->Intern(reason));
  }
  Tell({PacketEvent::Kind::kDropped, true, now, now, this, to, &packet, reason});
}

void Port::Changed(const Packet& packet, Port* to, absl::string_view how) {
  const Instant now = context_->events->now();
  if (Trace* trace = context_->trace) {
    Note(TraceKind::kPacketChanged, host_, packet, packet.Digest(), packet.WireLength(),
         trace->Intern(how));
  }
  Tell({PacketEvent::Kind::kChanged, true, now, now, this, to, &packet, how});
}

void Port::Note(TraceKind kind, uint32_t host, const Packet& packet, uint64_t digest,
                uint32_t length, uint64_t last) {
  context_->trace->Record(context_->events->now(), host, kind, id_, packet.serial, digest, length,
                          last);
}

void Port::Tell(const PacketEvent& event) {
  for (PacketObserver* observer : context_->observers) observer->OnPacket(event);
}

}  // namespace drywire
