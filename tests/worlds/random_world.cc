#include "tests/worlds/random_world.h"

#include <signal.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "stack/ip/ip_stack.h"
#include "tests/worlds/echo_programs.h"
#include "tests/worlds/family_program.h"
#include "tests/worlds/random_calls.h"
#include "tests/worlds/random_faults.h"

namespace drywire::worlds {
namespace {

World::Options WorldOptions(const RandomWorldOptions& options) {
  World::Options result;
  result.seed = options.seed;
  result.choice = options.choice;
  result.keep_packets = options.keep_packets;
  result.keep_records = options.keep_records;
  // Far more than any of these programs needs.
  result.scheduler.livelock_steps = 200'000;
  return result;
}

}  // namespace

RandomWorld::RandomWorld(const RandomWorldOptions& options)
    : world_(WorldOptions(options)),
      draw_(options.seed, 0, "world"),
      pairs_(&programs_.violations) {
  world_.trace().AddSink(&pairs_);
  network_ = BuildRandomNetwork(draw_, world_);
  programs_.world = &world_;
  programs_.network = &network_;
  programs_.seed = options.seed;
  end_ = draw_.Chance(80) ? draw_.Millis(200, 20'000) : draw_.Millis(20'000, 200'000);
  // Most worlds have a server of each kind, or there would be nothing to talk to.
  const int processes = draw_.Range(1, 6);
  for (int i = 0; i < processes; ++i) {
    const size_t where = draw_.Below(static_cast<uint32_t>(network_.members.size()));
    const bool server = i == 0 ? draw_.Chance(80) : draw_.Chance(20);
    if (server) programs_.servers.push_back(where);
    StartProgram(*network_.members[where].host, server);
  }
  // From a stream of their own, so that worlds without them are as they were.
  Draw families(options.seed, 0, "families");
  for (uint32_t count = families.Chance(30) ? 1 + families.Below(2) : 0; count > 0; --count) {
    Host& host = *families.Of(network_.members).host;
    FamilyProgram::Prepare(world_, host);
    auto program = std::make_shared<FamilyProgram>(&programs_, &host, 1000 + count);
    Credentials credentials;
    if (families.Chance(30)) credentials.uid = 1000;
    world_.Spawn(
        host, absl::StrCat("family", count), [program] { program->Main(); }, credentials);
  }
  ScheduleFaults(draw_, world_, network_, end_, [this](Host& host) { StartPrograms(host); });
}

RandomWorld::~RandomWorld() { world_.trace().RemoveSink(&pairs_); }

void RandomWorld::StartProgram(Host& host, bool server) {
  const uint32_t number = programs_.next_number++;
  std::shared_ptr<Program> program;
  switch (server ? draw_.Below(4) : 4 + draw_.Below(6)) {
    case 0:
    case 1:
      program = std::make_shared<StreamServer>(&programs_, &host, number);
      break;
    case 2:
      program = std::make_shared<EventServer>(&programs_, &host, number);
      break;
    case 3:
      program = std::make_shared<DatagramServer>(&programs_, &host, number);
      break;
    case 4:
    case 5:
      program = std::make_shared<StreamClient>(&programs_, &host, number);
      break;
    case 6:
      program = std::make_shared<DatagramClient>(&programs_, &host, number);
      break;
    default:
      program = std::make_shared<RandomCalls>(&programs_, &host, number);
  }
  Credentials credentials;
  if (draw_.Chance(30)) credentials.uid = 1000 + draw_.Below(2);
  world_.Spawn(
      host, absl::StrCat("p", number), [program] { program->Main(); }, credentials);
}

void RandomWorld::StartPrograms(Host& host) {
  for (uint32_t count = draw_.Below(3); count > 0; --count) {
    const bool server = draw_.Chance(50);
    StartProgram(host, server);
  }
}

void RandomWorld::KillProcesses() {
  for (const std::unique_ptr<Host>& host : world_.hosts()) {
    // The end of one may make the host forget others.
    std::vector<int> pids;
    for (Process& process : host->processes()) pids.push_back(process.pid());
    for (const int pid : pids) {
      if (Process* const process = host->FindProcess(pid); process != nullptr) {
        process->KillBySignal(SIGKILL);
      }
    }
  }
}

void RandomWorld::Run() {
  world_.At(end_, [this] {
    StopFaults(world_, network_);
    KillProcesses();
  });
  // One nanosecond on, so that what happened at the end itself has had its effects.
  RunReport report = world_.RunFor(end_ + Duration::Nanos(1));
  if (report.ok()) report = world_.RunFor(LongestEnd(world_));
  if (!report.ok()) {
    programs_.violations.push_back(absl::StrCat(RunStatusName(report.status), ": ", report.text));
  }
  for (const std::string& error : world_.errors()) programs_.violations.push_back(error);
  CheckNothingLeft(world_, &programs_.violations);
}

std::string RandomWorld::Describe() {
  std::string text;
  for (const Network::Member& member : network_.members) {
    absl::StrAppend(&text, member.host->name(), " (", member.host->profile().name, ")");
    for (const std::string& address : member.addresses) absl::StrAppend(&text, " ", address);
    absl::StrAppend(&text, "\n", member.host->net().ip().RoutesToString());
  }
  for (const Network::Segment& segment : network_.segments) {
    absl::StrAppend(&text, segment.medium->name(), ":");
    for (const std::unique_ptr<Port>& port : segment.medium->ports()) {
      absl::StrAppend(&text, " [", port->config().ToString(), "]");
    }
    absl::StrAppend(&text, "\n");
  }
  absl::StrAppend(&text, world_.fabric().rules().ToString(), "ends at ", FormatDuration(end_),
                  "\n");
  return text;
}

bool PolicyOf(uint64_t seed, RandomPolicy* policy) {
  Draw draw(seed, 0, "policy");
  if (draw.Chance(60)) return false;
  policy->deviate = Probability::Percent(draw.Of({2u, 10u, 50u, 100u}));
  if (draw.Chance(30)) policy->SetExtra(ChoiceKind::kLoss, Probability::Percent(5), 10);
  if (draw.Chance(20)) policy->SetExtra(ChoiceKind::kDuplicate, Probability::Percent(5), 10);
  if (draw.Chance(20)) policy->SetExtra(ChoiceKind::kReorder, Probability::Percent(5), 10);
  return true;
}

}  // namespace drywire::worlds
