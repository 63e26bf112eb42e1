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
      kind != TraceKind::kTaskKill && kind != TraceKind::kTaskEnd && kind != TraceKind::kSignal) {
    return;
  }
  const size_t id = record.args[0];
  if (tasks_.size() <= id) tasks_.resize(id + 1);
  TaskCalls& task = tasks_[id];
  const uint64_t name = record.args[1];
  switch (kind) {
    case TraceKind::kSyscallEnter:
      ++calls_;
      if (task.handler_begins || task.open.empty() || task.open.back() != name) {
        task.open.push_back(name);
      }
      task.handler_begins = false;
      break;
    case TraceKind::kSignal:
      task.handler_begins = true;
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

namespace {

// The time that `boundary` retransmissions take when the first comes after `first` and each waits
// twice as long as the one before, up to the limit (tcp_model_timeout), and one more wait.
Duration BackOff(const TcpProfile& tcp, int64_t first_ms, int64_t boundary) {
  const Duration most = Duration::Millis(tcp.rto_max_ms);
  Duration wait = std::min(Duration::Millis(first_ms), most);
  Duration total;
  for (int64_t i = 0; i <= boundary; ++i) {
    total += wait;
    wait = std::min(wait * 2, most);
  }
  return total + most;
}

// Of a connection that no process holds any more. It may have to go through all of these, one after
// the other: get its data and FIN acknowledged or give up; probe a closed window; wait for the
// peer's FIN; TIME-WAIT.
Duration LongestEnd(const TcpProfile& tcp) {
  const Duration most = Duration::Millis(tcp.rto_max_ms);
  const Duration probe = Duration::Millis(tcp.persmax_ms);
  const Duration time_wait = Duration::Millis(tcp.time_wait_ms);
  if (tcp.retries_count) {
    const Duration idle = std::max(Duration::Millis(tcp.finwait2_timeout_ms),
                                   Duration::Seconds(tcp.keepalive_intvl_s) * tcp.keepalive_probes);
    return most * (tcp.retries2 + 1) + probe * 2 + idle + time_wait;
  }
  // tcp_orphan_retries; a FIN may follow a SYN that was never acknowledged.
  const int64_t retries = tcp.orphan_retries != 0 ? tcp.orphan_retries : 8;
  const Duration resend = most + BackOff(tcp, tcp.rto_min_ms, retries);
  const Duration open =
      BackOff(tcp, tcp.rexmit_initial_ms,
              std::max(tcp.syn_retries + tcp.syn_linear_timeouts, tcp.synack_retries));
  return std::max(resend, open) + probe * (retries + 2) + Duration::Seconds(tcp.fin_timeout_s) +
         time_wait;
}

}  // namespace

Duration LongestEnd(World& world) {
  Duration longest;
  for (const std::unique_ptr<Host>& host : world.hosts()) {
    longest = std::max(longest, LongestEnd(host->profile().tcp));
  }
  // What is under way: neighbour resolution, queues of slow links, ICMP.
  return longest + Duration::Seconds(60);
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
  UnixDomain& unix_domain = host.unix_domain();
  expect_none("UNIX sockets", unix_domain.live_sockets());
  expect_none("descriptors in messages", static_cast<uint64_t>(unix_domain.in_flight()));
  expect_none("UNIX messages", unix_domain.messages().live());
  expect_none("abstract names", unix_domain.names().size());
  expect_none("open files", static_cast<uint64_t>(host.open_files().open));
  expect_none("inodes without a name", static_cast<uint64_t>(host.memory_vfs().CountNameless()));
  for (Process& process : host.processes()) {
    expect_none("running processes", process.state() == ProcessState::kRunning ? 1 : 0);
    expect_none("descriptors", static_cast<uint64_t>(process.fds().open_count()));
    expect_none("zombies", process.is_zombie() ? 1 : 0);
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
