// A world as data: hosts, what connects them, and what is configured on them.
//
// Filled in by hand or read from YAML (topology_yaml.h, docs/topology.md), then given to a World,
// which builds it. Routes, firewall rules and sysctls stay text here, in the syntax of ip-route(8),
// nft(8) and sysctl(8): whoever applies them judges them, and says where they came from.
#ifndef DRYWIRE_SIM_WORLD_TOPOLOGY_H_
#define DRYWIRE_SIM_WORLD_TOPOLOGY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sim/net/link_config.h"
#include "stack/base/address.h"

namespace drywire {

struct Topology {
  // `where` says where something stands in its file, for messages: "net.yaml:12:7: hosts.a.routes".
  // Empty when it was made by hand.
  struct Statement {
    std::string text;
    std::string where;
  };
  struct Sysctl {
    std::string name;
    std::string value;
    std::string where;
  };

  // Something in a host's filesystem, at an absolute path. Directories above it that are missing
  // are made.
  struct File {
    enum class Kind { kDirectory, kFile, kSymlink, kMount };
    std::string path;
    Kind kind = Kind::kDirectory;
    std::string text;              // contents, or a symbolic link's target
    std::optional<uint32_t> mode;  // else 0644 for files, 0755
    uint32_t owner = 0;
    uint32_t group = 0;
    bool read_only = false;  // of a mount, once everything is in it
    std::string where;
  };

  struct Host {
    std::string name;
    std::string personality = "linux";
    std::vector<std::string> names;  // More names that getaddrinfo finds it by.
    std::vector<Sysctl> sysctls;
    std::vector<Statement> routes;
    std::vector<Statement> firewall;
    std::vector<File> files;
    LinkConfig loopback = LoopbackConfig();
    std::string where;
  };

  // One end of a link or a port of a LAN: an interface that this makes on the host.
  struct End {
    std::string host;
    std::string interface;
    std::vector<Prefix> addresses;
    LinkConfig config;  // Of the direction that leaves here.
    std::string where;

    std::string ToString() const { return host + ":" + interface; }
  };
  struct Connection {
    std::string name;
    std::vector<End> ends;  // Exactly two for a link.
    bool up = true;
    std::string where;
  };

  // A name for addresses, known to every host's getaddrinfo, besides the hosts' own names.
  struct Name {
    std::string name;
    std::vector<Address> addresses;
    std::string where;
  };

  uint64_t seed = 1;
  std::vector<Host> hosts;
  std::vector<Connection> links;
  std::vector<Connection> lans;
  std::vector<Name> names;

  // Whether it can be built, as far as it is not text: names are well formed and unique, references
  // lead somewhere, interfaces and addresses are given out once, link configurations are valid. The
  // error is about the first fault found and starts with its `where`.
  absl::Status Validate() const;

  const Host* FindHost(const std::string& name) const;
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_WORLD_TOPOLOGY_H_
