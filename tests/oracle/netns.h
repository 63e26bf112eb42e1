// A topology as network namespaces of the real kernel: one for each host, veth pairs for links, a
// bridge in a namespace of its own for a LAN.
//
// Namespaces are named dwo-PID-N-HOST, where PID is the program that makes them and N the run, so
// that whatever happens they can be found and removed. What the kernel has no means for here
// (latency, loss: no netem) is an error that names it.
#ifndef DRYWIRE_TESTS_ORACLE_NETNS_H_
#define DRYWIRE_TESTS_ORACLE_NETNS_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "sim/world/topology.h"

namespace drywire::oracle {

// Why namespaces cannot be made here; OK where they can. Tries it out.
absl::Status NamespacesPermitted();

// Makes and configures the namespaces. On error some of them may exist: remove them all the same.
absl::Status MakeNamespaces(const Topology& topology, const std::string& prefix);

// "dwo-PID-"
std::string NamespacePrefix(pid_t pid);

// Removes every namespace whose name starts with `prefix`.
void RemoveNamespaces(const std::string& prefix);
// Removes those of programs that are no more.
void RemoveLeftovers();

// Moves the calling process into the namespace.
absl::Status EnterNamespace(const std::string& name);

}  // namespace drywire::oracle

#endif  // DRYWIRE_TESTS_ORACLE_NETNS_H_
