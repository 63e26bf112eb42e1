#include "tests/worlds/random_faults.h"

#include <signal.h>

#include <string>
#include <utility>
#include <vector>

#include "sim/net/matcher.h"
#include "stack/ip/ip_stack.h"

namespace drywire::worlds {
namespace {

Matcher RandomMatcher(Draw& draw, const Network& network) {
  static constexpr const char* kFlags[] = {"S", "S.", "F.", "R", "."};
  switch (draw.Below(9)) {
    case 0:
      return match::Any();
    case 1:
    case 2:
      return match::Flags(draw.Of(kFlags));
    case 3:
      return match::HasPayload();
    case 4:
      return match::IsUdp();
    case 5:
      return match::IsNeighbour();
    case 6:
      return match::Protocol(IpProtocol::kIcmp);
    case 7:
      return match::FromHost(draw.Of(network.members).host->id());
    default:
      return match::Port(draw.Chance(50) ? 80 : 7);
  }
}

void AddRule(Draw& draw, World& world, const Network& network) {
  RuleChain& rules = world.fabric().rules();
  const Matcher matcher = RandomMatcher(draw, network);
  const Duration time = draw.Micros(0, 3'000'000);
  Rule* rule = nullptr;
  switch (draw.Below(5)) {
    case 0:
      rule = &rules.Drop("drop", matcher);
      break;
    case 1:
      rule = &rules.DeliverAfter("late", matcher, time);
      break;
    case 2:
      rule = &rules.Duplicate("twice", matcher, 1 + draw.Below(2));
      break;
    case 3:
      rule = &rules.Corrupt("damage", matcher);
      break;
    default:
      rule = &rules.Delay("delay", matcher, time);
  }
  switch (draw.Below(4)) {
    case 0:
      rule->First(1 + draw.Below(4));
      break;
    case 1:
      rule->Nth(1 + draw.Below(6));
      break;
    case 2:
      rule->Every(2 + draw.Below(4));
      break;
    default:
      rule->WithProbability(Probability::Percent(5 + draw.Below(40)));
  }
}

void AddPartition(Draw& draw, World& world, const Network& network, Duration from, Duration until) {
  std::vector<Host*> sides[2];
  for (const Network::Member& member : network.members) {
    sides[draw.Below(2)].push_back(member.host);
  }
  const bool one_way = draw.Chance(30);
  world.At(from, [&world, until, one_way, a = sides[0], b = sides[1]] {
    const int partition = world.Partition(a, b, one_way);
    world.At(until, [&world, partition] { world.Heal(partition); });
  });
}

void AddFault(Draw& draw, World& world, const Network& network, Duration end,
              const std::function<void(Host&)>& start_programs) {
  const Duration from = draw.Micros(0, end.micros() - 2);
  const Duration until = draw.Micros(from.micros() + 1, end.micros() - 1);
  const Network::Member& member = draw.Of(network.members);
  Host* const host = member.host;
  Medium* const medium = draw.Of(network.segments).medium;
  switch (draw.Below(8)) {
    case 0:
      AddPartition(draw, world, network, from, until);
      break;
    case 1:
      world.At(from, [&world, host] { world.Crash(*host); });
      world.At(until, [&world, host, start_programs] {
        if (host->powered()) return;
        world.Restart(*host);
        start_programs(*host);
      });
      break;
    case 2:
      world.At(from, [&world, host] { world.Pause(*host); });
      world.At(until, [&world, host] { world.Resume(*host); });
      break;
    case 3:
      world.At(from, [medium] { medium->SetUp(false); });
      world.At(until, [medium] { medium->SetUp(true); });
      break;
    case 4: {
      const std::string interface = draw.Chance(10) ? "lo" : draw.Of(member.interfaces);
      world.At(from, [&world, host, interface] { world.SetInterfaceUp(*host, interface, false); });
      world.At(until, [&world, host, interface] { world.SetInterfaceUp(*host, interface, true); });
      break;
    }
    case 5: {
      const LinkConfig worse = RandomLink(draw, network.v6);
      world.At(from, [medium, worse] { medium->Configure(worse); });
      break;
    }
    case 6: {
      const bool first = draw.Chance(50);
      const int signal = draw.Of({SIGKILL, SIGTERM, SIGUSR1, SIGUSR2});
      world.At(from, [host, first, signal] {
        for (Process& process : host->processes()) {
          if (process.state() != ProcessState::kRunning) continue;
          (void)process.Raise(signal);
          if (first) return;
        }
      });
      break;
    }
    default:
      world.At(from, [host] {
        host->net().ip().ChangeRoute("add unreachable 10.0.0.0/8 metric 1").IgnoreError();
        host->net().RearmIp();
      });
      world.At(until, [host] {
        host->net().ip().ChangeRoute("del unreachable 10.0.0.0/8 metric 1").IgnoreError();
        host->net().RearmIp();
      });
  }
}

}  // namespace

void ScheduleFaults(Draw& draw, World& world, const Network& network, Duration end,
                    const std::function<void(Host&)>& start_programs) {
  if (draw.Chance(40)) return;
  for (uint32_t count = draw.Below(3); count > 0; --count) AddRule(draw, world, network);
  for (uint32_t count = draw.Below(4); count > 0; --count) {
    AddFault(draw, world, network, end, start_programs);
  }
}

void StopFaults(World& world, const Network& network) {
  world.fabric().HealAll();
  world.fabric().rules().DisableAll();
  for (const Network::Segment& segment : network.segments) {
    segment.medium->SetUp(true);
    segment.medium->Configure(segment.faultless);
  }
  for (const Network::Member& member : network.members) {
    Host& host = *member.host;
    if (!host.powered()) world.Restart(host);
    if (host.paused()) world.Resume(host);
    for (const std::string& interface : member.interfaces) {
      world.SetInterfaceUp(host, interface, true);
    }
    world.SetInterfaceUp(host, "lo", true);
  }
}

}  // namespace drywire::worlds
