#include "tests/oracle/netns.h"

#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/oracle/commands.h"

namespace drywire::oracle {
namespace {

constexpr char kDirectory[] = "/run/netns";
constexpr char kStem[] = "dwo-";

std::vector<std::string> NamespacesOf(const std::string& prefix) {
  std::vector<std::string> names;
  DIR* const directory = ::opendir(kDirectory);
  if (directory == nullptr) return names;
  while (const dirent* entry = ::readdir(directory)) {
    if (absl::StartsWith(entry->d_name, prefix)) names.push_back(entry->d_name);
  }
  ::closedir(directory);
  return names;
}

void Remove(const std::vector<std::string>& names) {
  std::string batch;
  for (const std::string& name : names) absl::StrAppend(&batch, "netns del ", name, "\n");
  if (!names.empty()) (void)RunCommand({"ip", "-force", "-batch", "-"}, batch);
}

// Runs `body` in a process of its own inside the namespace; returns its error.
absl::Status InNamespace(const std::string& name, const std::function<absl::Status()>& body) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return absl::InternalError("pipe2 failed");
  const pid_t child = ::fork();
  if (child == 0) {
    absl::Status status = EnterNamespace(name);
    if (status.ok()) status = body();
    (void)!::write(fds[1], status.message().data(), status.message().size());
    ::_exit(status.ok() ? 0 : 1);
  }
  ::close(fds[1]);
  std::string message;
  char buffer[4096];
  ssize_t size;
  while ((size = ::read(fds[0], buffer, sizeof buffer)) > 0) message.append(buffer, size);
  ::close(fds[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(name, ": ", message));
}

absl::Status Judge(const Topology::Connection& connection) {
  for (const Topology::End& end : connection.ends) {
    LinkConfig possible;
    possible.mtu = end.config.mtu;
    if (end.config == possible) continue;
    return absl::UnimplementedError(
        absl::StrCat(connection.name, ": not possible on the kernel: ", end.config.ToString()));
  }
  if (!connection.up) return absl::UnimplementedError(absl::StrCat(connection.name, ": down"));
  return absl::OkStatus();
}

// The commands of ip that make the namespaces and the interfaces.
std::string Frame(const Topology& topology, const std::string& prefix) {
  std::string batch;
  for (const Topology::Host& host : topology.hosts) {
    absl::StrAppend(&batch, "netns add ", prefix, host.name, "\n");
  }
  const auto veth = [&](const std::string& name, const std::string& space,
                        const std::string& other_name, const std::string& other_space) {
    absl::StrAppend(&batch, "link add ", name, " netns ", space, " type veth peer name ",
                    other_name, " netns ", other_space, "\n");
  };
  for (const Topology::Connection& link : topology.links) {
    veth(link.ends[0].interface, prefix + link.ends[0].host, link.ends[1].interface,
         prefix + link.ends[1].host);
  }
  for (const Topology::Connection& lan : topology.lans) {
    const std::string space = absl::StrCat(prefix, "lan-", lan.name);
    absl::StrAppend(&batch, "netns add ", space, "\nlink add bridge netns ", space,
                    " type bridge\n");
    int port = 0;
    for (const Topology::End& end : lan.ends) {
      veth(end.interface, prefix + end.host, absl::StrCat("port", port++), space);
    }
  }
  return batch;
}

absl::Status ConfigureBridge(const Topology::Connection& lan) {
  std::string batch = "link set bridge up\n";
  for (size_t i = 0; i < lan.ends.size(); ++i) {
    absl::StrAppend(&batch, "link set port", i, " master bridge up\n");
  }
  return RunCommand({"ip", "-batch", "-"}, batch);
}

absl::Status ConfigureHost(const Topology& topology, const Topology::Host& host) {
  for (const Topology::Sysctl& sysctl : host.sysctls) {
    if (absl::Status status = WriteSysctl(sysctl.name, sysctl.value); !status.ok()) return status;
  }
  std::string batch = "link set lo up\n";
  for (const auto* connections : {&topology.links, &topology.lans}) {
    for (const Topology::Connection& connection : *connections) {
      for (const Topology::End& end : connection.ends) {
        if (end.host != host.name) continue;
        absl::StrAppend(&batch, "link set ", end.interface, " mtu ", end.config.mtu, " up\n");
        for (const Prefix& address : end.addresses) {
          const bool v6 = address.address.is_v6();
          absl::StrAppend(&batch, "addr add ", address.ToString(), v6 ? " nodad" : " brd +",
                          " dev ", end.interface, "\n");
        }
      }
    }
  }
  if (absl::Status status = RunCommand({"ip", "-batch", "-"}, batch); !status.ok()) return status;
  // Routes last: a gateway must be reachable when its route is added.
  std::string routes;
  for (const Topology::Statement& route : host.routes) {
    absl::StrAppend(&routes, "ip ", IpRouteArguments(route.text), " || exit\n");
  }
  if (!routes.empty()) {
    if (absl::Status status = RunCommand({"sh", "-s"}, routes); !status.ok()) return status;
  }
  std::string rules = "add table inet filter\n";
  for (const char* hook : {"input", "output", "forward"}) {
    absl::StrAppend(&rules, "add chain inet filter ", hook, " { type filter hook ", hook,
                    " priority 0; }\n");
  }
  for (const Topology::Statement& rule : host.firewall) {
    absl::StrAppend(&rules, NftStatement(rule.text), "\n");
  }
  return RunCommand({"nft", "-f", "-"}, rules);
}

// A veth interface drops what is sent until the kernel has noticed that its other end is up, which
// may take it a second.
absl::Status AwaitCarrier(const std::string& interface) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (int i = 0; i < 5000; ++i) {
    ifreq request = {};
    interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
    if (::ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING) != 0) {
      ::close(fd);
      return absl::OkStatus();
    }
    ::usleep(1000);
  }
  return absl::InternalError(absl::StrCat(interface, " has no carrier"));
}

}  // namespace

absl::Status NamespacesPermitted() {
  const std::string name = NamespacePrefix(::getpid()) + "probe";
  absl::Status status = RunCommand({"ip", "netns", "add", name});
  if (status.ok()) {
    status = InNamespace(name, [] {
      if (absl::Status rules = RunCommand({"nft", "add table inet filter"}); !rules.ok()) {
        return rules;
      }
      if (absl::Status set = WriteSysctl("net.ipv4.ip_forward", "1"); !set.ok()) return set;
      return RunCommand({"ip", "link", "add", "x", "type", "veth", "peer", "name", "y"});
    });
  }
  RemoveNamespaces(name);
  return status;
}

absl::Status MakeNamespaces(const Topology& topology, const std::string& prefix) {
  for (const auto* connections : {&topology.links, &topology.lans}) {
    for (const Topology::Connection& connection : *connections) {
      if (absl::Status status = Judge(connection); !status.ok()) return status;
    }
  }
  absl::Status status = RunCommand({"ip", "-batch", "-"}, Frame(topology, prefix));
  for (const Topology::Connection& lan : topology.lans) {
    if (!status.ok()) return status;
    status = InNamespace(absl::StrCat(prefix, "lan-", lan.name),
                         [&lan] { return ConfigureBridge(lan); });
  }
  for (const Topology::Host& host : topology.hosts) {
    if (!status.ok()) return status;
    if (host.personality != "linux") {
      return absl::UnimplementedError(absl::StrCat(host.name, ": not a Linux host"));
    }
    status = InNamespace(prefix + host.name, [&] { return ConfigureHost(topology, host); });
  }
  for (const Topology::Connection& lan : topology.lans) {
    for (size_t i = 0; i < lan.ends.size(); ++i) {
      if (!status.ok()) return status;
      status = InNamespace(absl::StrCat(prefix, "lan-", lan.name),
                           [i] { return AwaitCarrier(absl::StrCat("port", i)); });
    }
  }
  for (const auto* connections : {&topology.links, &topology.lans}) {
    for (const Topology::Connection& connection : *connections) {
      for (const Topology::End& end : connection.ends) {
        if (!status.ok()) return status;
        status = InNamespace(prefix + end.host, [&] { return AwaitCarrier(end.interface); });
      }
    }
  }
  return status;
}

std::string NamespacePrefix(pid_t pid) { return absl::StrCat(kStem, pid, "-"); }

void RemoveNamespaces(const std::string& prefix) { Remove(NamespacesOf(prefix)); }

void RemoveLeftovers() {
  std::vector<std::string> dead;
  for (const std::string& name : NamespacesOf(kStem)) {
    const std::vector<std::string> parts = absl::StrSplit(name, '-');
    pid_t pid = 0;
    if (parts.size() < 3 || !absl::SimpleAtoi(parts[1], &pid)) continue;
    if (::kill(pid, 0) != 0 && errno == ESRCH) dead.push_back(name);
  }
  Remove(dead);
}

absl::Status EnterNamespace(const std::string& name) {
  const std::string path = absl::StrCat(kDirectory, "/", name);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool entered = fd >= 0 && ::setns(fd, CLONE_NEWNET) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (entered) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("cannot enter ", name, ": ", std::strerror(error)));
}

}  // namespace drywire::oracle
