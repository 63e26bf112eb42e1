#include "sim/world/build_world.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "stack/ip/ip_stack.h"
#include "stack/personality/cause.h"
#include "stack/vfs/memory_vfs.h"

namespace drywire {
namespace {

// `status` with the place in the file in front of its message.
absl::Status At(const std::string& where, const absl::Status& status) {
  if (status.ok() || where.empty()) return status;
  return absl::Status(status.code(), absl::StrCat(where, ": ", status.message()));
}

World::Attachment MakeAttachment(World& world, const Topology::End& end) {
  World::Attachment attachment;
  attachment.host = world.FindHost(end.host);
  attachment.interface = end.interface;
  attachment.addresses = end.addresses;
  attachment.config = end.config;
  return attachment;
}

void AddConnections(World& world, const Topology& topology) {
  for (const Topology::Connection& link : topology.links) {
    world
        .Connect(link.name, MakeAttachment(world, link.ends[0]),
                 MakeAttachment(world, link.ends[1]))
        .SetUp(link.up);
  }
  for (const Topology::Connection& described : topology.lans) {
    Lan& lan = world.AddLan(described.name);
    for (const Topology::End& end : described.ends) world.Attach(lan, MakeAttachment(world, end));
    lan.SetUp(described.up);
  }
}

Result<> AddFile(MemoryVfs& vfs, const Topology::File& file) {
  using Kind = Topology::File::Kind;
  const std::string above = file.path.substr(0, file.path.rfind('/'));
  const PathContext owner = vfs.OwnerContext();
  if (!above.empty() && !vfs.Lookup(owner, above, /*follow=*/true).ok()) {
    const Result<> made = vfs.AddDirectory(above);
    if (!made.ok()) return made;
  }
  if (file.kind == Kind::kSymlink) return vfs.Symlink(owner, file.text, file.path);
  if (file.kind == Kind::kFile) {
    return vfs.AddFile(file.path, file.text, file.mode.value_or(0644), file.owner, file.group);
  }
  if (file.kind == Kind::kMount) {
    Result<> made = vfs.AddDirectory(file.path);
    if (made.ok()) made = vfs.AddMount(file.path);
    if (!made.ok()) return made;
  }
  return vfs.AddDirectory(file.path, file.mode.value_or(0755), file.owner, file.group);
}

absl::Status AddFiles(Host& host, const Topology::Host& described) {
  MemoryVfs& vfs = host.memory_vfs();
  for (const Topology::File& file : described.files) {
    const Result<> added = AddFile(vfs, file);
    if (!added.ok()) {
      return At(file.where, absl::InvalidArgumentError(CauseDescription(added.cause())));
    }
    host.ShowPath(file.path);
  }
  for (const Topology::File& file : described.files) {
    if (file.read_only) (void)vfs.SetReadOnly(file.path, true).ok();
  }
  return absl::OkStatus();
}

// What stays text in a topology: judged by the host it is for.
absl::Status Configure(World& world, Host& host, const Topology::Host& described) {
  for (const Topology::Sysctl& sysctl : described.sysctls) {
    if (absl::Status set = host.profile().Set(sysctl.name, sysctl.value); !set.ok()) {
      return At(sysctl.where, set);
    }
  }
  for (const Topology::Statement& route : described.routes) {
    if (absl::Status set = host.net().ip().ChangeRoute(route.text); !set.ok()) {
      return At(route.where, set);
    }
  }
  for (const Topology::Statement& rule : described.firewall) {
    if (absl::Status set = host.net().ip().LoadFirewall(rule.text); !set.ok()) {
      return At(rule.where, set);
    }
  }
  if (absl::Status added = AddFiles(host, described); !added.ok()) return added;
  host.net().RearmIp();
  Port* loopback = world.fabric().FindPort(host.id(), "lo");
  loopback->Configure(described.loopback);
  return absl::OkStatus();
}

}  // namespace

absl::Status AddTopology(const Topology& topology, World& world) {
  if (absl::Status valid = topology.Validate(); !valid.ok()) return valid;
  for (const Topology::Host& host : topology.hosts) {
    absl::StatusOr<Personality> personality = FindPersonality(host.personality);
    if (!personality.ok()) return At(host.where, personality.status());
    world.AddHost(host.name, *personality);
  }
  AddConnections(world, topology);
  for (const Topology::Host& described : topology.hosts) {
    Host& host = *world.FindHost(described.name);
    if (absl::Status status = Configure(world, host, described); !status.ok()) return status;
    const std::vector<Address> addresses = world.LookUp(described.name);
    for (const std::string& name : described.names) {
      for (const Address& address : addresses) world.AddName(name, address);
    }
  }
  for (const Topology::Name& name : topology.names) {
    for (const Address& address : name.addresses) world.AddName(name.name, address);
  }
  if (!world.errors().empty()) return absl::InvalidArgumentError(world.errors().front());
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<World>> BuildWorld(const Topology& topology,
                                                  World::Options options) {
  options.seed = topology.seed;
  auto world = std::make_unique<World>(options);
  if (absl::Status added = AddTopology(topology, *world); !added.ok()) return added;
  return world;
}

}  // namespace drywire
