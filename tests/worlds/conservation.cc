#include "tests/worlds/conservation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace drywire::worlds {

void CallPairs::Report(const TraceRecord& record, const char* what) {
  violations_->push_back(absl::StrCat("task ", record.args[0], " at ", FormatInstant(record.time),
                                      ": ", what, " (text ", record.args[1], ")"));
}

void CallPairs::OnRecord(const TraceRecord& record) {
  const TraceKind kind = record.kind;
  if (kind != TraceKind::kSyscallEnter && kind != TraceKind::kSyscallExit &&
      kind != TraceKind::kTaskKill && kind != TraceKind::kTaskEnd) {
    return;
  }
  const size_t id = record.args[0];
  if (tasks_.size() <= id) tasks_.resize(id + 1);
  TaskCalls& task = tasks_[id];
  const uint64_t name = record.args[1];
  switch (kind) {
    case TraceKind::kSyscallEnter:
      ++calls_;
      if (task.open.empty() || task.open.back() != name) task.open.push_back(name);
      break;
    case TraceKind::kSyscallExit:
      if (task.open.empty() || task.open.back() != name) {
        Report(record, "a call ends that did not begin");
      } else {
        task.open.pop_back();
      }
      break;
    case TraceKind::kTaskKill:
      task.killed = true;
      break;
    default:
      if (!task.open.empty() && !task.killed) Report(record, "a call did not end");
  }
}

Duration LongestEnd(World& world) {
  Duration longest;
  for (const std::unique_ptr<Host>& host : world.hosts()) {
    const TcpProfile& tcp = host->profile().tcp;
    // Every retransmission may take the longest time-out; there are as many as the largest limit,
    // and one more before each of the ways to end.
    const int64_t tries = std::max({tcp.retries2, tcp.orphan_retries, tcp.synack_retries,
                                    tcp.syn_retries, tcp.keepalive_probes}) +
                          16;
    const Duration resend = Duration::Millis(std::max(tcp.rto_max_ms, tcp.persmax_ms)) * tries;
    const Duration idle = Duration::Seconds(tcp.keepalive_time_s) +
                          Duration::Seconds(tcp.keepalive_intvl_s) * tcp.keepalive_probes;
    const Duration close = Duration::Seconds(tcp.fin_timeout_s) +
                           Duration::Millis(tcp.finwait2_timeout_ms + tcp.time_wait_ms);
    longest = std::max(longest, resend + idle + close);
  }
  return longest;
}

namespace {

void CheckHost(Host& host, std::vector<std::string>* violations) {
  const auto expect_none = [&](const char* what, uint64_t n) {
    if (n != 0) violations->push_back(absl::StrCat(host.name(), ": ", n, " ", what, " left"));
  };
  NetStack& net = host.net();
  expect_none("endpoints", net.demux().endpoints().empty() ? 0 : 1);
  expect_none("connections", net.demux().connections());
  expect_none("TCP ports", net.tcp_ports().ports_in_use());
  expect_none("UDP ports", net.udp_ports().ports_in_use());
  expect_none("sockets", net.live_sockets());
  expect_none("open files", static_cast<uint64_t>(host.open_files().open));
  for (Process& process : host.processes()) {
    expect_none("running processes", process.state() == ProcessState::kRunning ? 1 : 0);
    expect_none("descriptors", static_cast<uint64_t>(process.fds().open_count()));
  }
}

}  // namespace

void CheckNothingLeft(World& world, std::vector<std::string>* violations) {
  const auto expect_none = [&](const char* what, uint64_t n) {
    if (n != 0) violations->push_back(absl::StrCat(n, " ", what, " left"));
  };
  for (const std::unique_ptr<Host>& host : world.hosts()) CheckHost(*host, violations);
  expect_none("packets", world.packets().live());
  expect_none("packets in flight", world.fabric().in_flight());
  expect_none("tasks", world.scheduler().live_tasks());
  expect_none("stacks in use", world.scheduler().stacks_in_use());
  if (world.scheduler().events().empty()) return;
  violations->push_back(absl::StrCat(world.scheduler().events().pending(), " events left, next ",
                                     world.scheduler().events().NextCandidates().front()->label(),
                                     " at ", FormatInstant(world.scheduler().events().NextTime())));
  violations->push_back(world.DumpState());
}

}  // namespace drywire::worlds
