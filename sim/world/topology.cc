#include "sim/world/topology.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace drywire {
namespace {

// Linux's IFNAMSIZ less the NUL.
constexpr size_t kMaxInterfaceName = 15;
// RFC 1035 2.3.4.
constexpr size_t kMaxName = 253;

absl::Status Error(const std::string& where, absl::string_view message) {
  return absl::InvalidArgumentError(where.empty() ? std::string(message)
                                                  : absl::StrCat(where, ": ", message));
}

bool IsName(absl::string_view name, size_t max) {
  if (name.empty() || name.size() > max) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '.' && c != '-' && c != '_') return false;
  }
  return true;
}

class Validator {
 public:
  explicit Validator(const Topology& topology) : topology_(topology) {}

  absl::Status Run() {
    for (const Topology::Host& host : topology_.hosts) Host(host);
    for (const Topology::Host& host : topology_.hosts) HostNames(host);
    for (const Topology::Name& name : topology_.names) Name(name);
    for (const Topology::Connection& link : topology_.links) {
      Connection(link, "link");
      if (link.ends.size() != 2) {
        Fail(link.where, absl::StrCat("link \"", link.name, "\" has ", link.ends.size(),
                                      " ends: it must have two"));
      }
    }
    for (const Topology::Connection& lan : topology_.lans) Connection(lan, "LAN");
    return status_;
  }

 private:
  void Fail(const std::string& where, absl::string_view message) {
    if (status_.ok()) status_ = Error(where, message);
  }

  void Host(const Topology::Host& host) {
    if (!IsName(host.name, kMaxName)) {
      Fail(host.where, absl::StrCat("\"", host.name,
                                    "\" is not a host name: letters, digits, '.', '-' and '_'"));
    }
    if (!hosts_.insert(host.name).second) {
      Fail(host.where, absl::StrCat("host \"", host.name, "\" is defined twice"));
    }
    names_.insert({host.name, host.name});
    Config(host.loopback, host.where, host.name + ":lo");
    media_.insert(host.name + ":lo");
  }

  void TakeName(const std::string& name, const std::string& owner, const std::string& where) {
    if (!IsName(name, kMaxName)) {
      Fail(where, absl::StrCat("\"", name, "\" is not a name: letters, digits, '.', '-' and '_'"));
    }
    const auto [taken, fresh] = names_.insert({name, owner});
    if (!fresh) Fail(where, absl::StrCat("\"", name, "\" is already a name of ", taken->second));
  }

  void HostNames(const Topology::Host& host) {
    for (const std::string& name : host.names) TakeName(name, host.name, host.where);
  }

  void Name(const Topology::Name& name) {
    TakeName(name.name, "\"names\"", name.where);
    if (name.addresses.empty()) {
      Fail(name.where, absl::StrCat("\"", name.name, "\" has no address"));
    }
  }

  void Connection(const Topology::Connection& connection, absl::string_view kind) {
    if (connection.name.empty()) Fail(connection.where, absl::StrCat("a ", kind, " has no name"));
    if (!media_.insert(connection.name).second) {
      Fail(connection.where,
           absl::StrCat(kind, " \"", connection.name, "\": another link or LAN has this name"));
    }
    std::map<Address, std::string> on_link;
    for (const Topology::End& end : connection.ends) {
      EndOf(end);
      for (const Prefix& prefix : end.addresses) {
        const auto [other, fresh] = on_link.insert({prefix.address, end.ToString()});
        if (!fresh && other->second != end.ToString()) {
          Fail(end.where, absl::StrCat(prefix.address.ToString(), " is also the address of ",
                                       other->second, " on the same ", kind));
        }
      }
    }
  }

  void EndOf(const Topology::End& end) {
    if (hosts_.count(end.host) == 0) {
      Fail(end.where, absl::StrCat("there is no host \"", end.host, "\""));
    }
    if (!IsName(end.interface, kMaxInterfaceName)) {
      Fail(end.where, absl::StrCat("\"", end.interface, "\" is not an interface name: 1 to ",
                                   kMaxInterfaceName, " letters, digits, '.', '-' and '_'"));
    }
    if (end.interface == "lo" || !interfaces_.insert(end.ToString()).second) {
      Fail(end.where, absl::StrCat("interface ", end.ToString(), " exists already"));
    }
    Config(end.config, end.where, end.ToString());
    for (const Prefix& prefix : end.addresses) {
      const Address& address = prefix.address;
      const absl::string_view fault = address.IsUnspecified()        ? "unspecified"
                                      : address.IsMulticast()        ? "multicast"
                                      : address.IsLimitedBroadcast() ? "broadcast"
                                      : address.IsLoopback()         ? "loopback"
                                      : address.IsV4Mapped()         ? "v4-mapped"
                                      : prefix.Broadcast() == address && address.is_v4()
                                          ? "broadcast"
                                          : "";
      if (!fault.empty()) {
        Fail(end.where, absl::StrCat(prefix.ToString(), " cannot be the address of an interface (",
                                     fault, ")"));
      }
      if (!addresses_.insert({end.host, address}).second) {
        Fail(end.where, absl::StrCat("host \"", end.host, "\" has the address ", address.ToString(),
                                     " twice"));
      }
    }
  }

  void Config(const LinkConfig& config, const std::string& where, absl::string_view whose) {
    const absl::Status valid = config.Validate();
    if (!valid.ok()) Fail(where, absl::StrCat(whose, ": ", valid.message()));
  }

  const Topology& topology_;
  absl::Status status_;
  std::set<std::string> hosts_;
  std::map<std::string, std::string> names_;  // To the owner.
  std::set<std::string> media_;
  std::set<std::string> interfaces_;
  std::set<std::pair<std::string, Address>> addresses_;
};

}  // namespace

absl::Status Topology::Validate() const { return Validator(*this).Run(); }

const Topology::Host* Topology::FindHost(const std::string& name) const {
  for (const Host& host : hosts) {
    if (host.name == name) return &host;
  }
  return nullptr;
}

}  // namespace drywire
