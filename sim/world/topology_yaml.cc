#include "sim/world/topology_yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sim/world/quantity.h"

namespace drywire {
namespace {

// A node with the way that leads to it, for messages.
struct Item {
  YAML::Node node;
  std::string path;  // "links.wan.latency"
};

// Walks the document and remembers the first error; after one, everything else is skipped.
class Reader {
 public:
  explicit Reader(absl::string_view file) : file_(file) {}

  absl::StatusOr<Topology> Read(const YAML::Node& root);

 private:
  using Value = std::function<void(const Item&)>;
  struct Field {
    absl::string_view key;
    Value read;
  };
  using Fields = std::vector<Field>;

  std::string Where(const YAML::Mark& mark, const std::string& path) const {
    std::string where(file_);
    if (!mark.is_null()) absl::StrAppend(&where, ":", mark.line + 1, ":", mark.column + 1);
    if (!path.empty()) absl::StrAppend(&where, ": ", path);
    return where;
  }
  std::string Where(const Item& item) const { return Where(item.node.Mark(), item.path); }
  void Fail(const std::string& where, absl::string_view message) {
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(absl::StrCat(where, ": ", message));
    }
  }
  void Expected(const Item& item, absl::string_view what) {
    static constexpr absl::string_view kFound[] = {"nothing", "nothing", "", "a list", "a map"};
    const std::string found = item.node.IsScalar()
                                  ? absl::StrCat("\"", item.node.Scalar(), "\"")
                                  : std::string(kFound[static_cast<int>(item.node.Type())]);
    Fail(Where(item), absl::StrCat("expected ", what, ", found ", found));
  }

  // Calls entry(key, value) for each key of a map, in the order of the file.
  void Map(const Item& item, absl::string_view what,
           const std::function<void(const Item& key, const Item& value)>& entry);
  void Record(const Item& item, const Fields& fields);
  // One scalar, or a list of them.
  void Scalars(const Item& item, absl::string_view what, const Value& each);

  template <typename T, typename Parse>
  Value Into(T* target, Parse parse) {
    return [this, target, parse](const Item& item) {
      if (!item.node.IsScalar()) return Expected(item, "one value");
      const auto value = parse(item.node.Scalar());
      if (!value.ok()) return Fail(Where(item), value.status().message());
      *target = static_cast<T>(*value);
    };
  }
  Value IntoNumber(uint64_t max, const std::function<void(uint64_t)>& take);
  Value IntoBool(bool* target);

  Fields ConfigFields(LinkConfig* config);
  void ReadHost(const Item& key, const Item& value, Topology* topology);
  void ReadSysctls(const Item& item, Topology::Host* host);
  void ReadFile(const Item& key, const Item& value, Topology::Host* host);
  void ReadStatements(const Item& item, bool by_line, std::vector<Topology::Statement>* out);
  void ReadConnection(const Item& key, const Item& value, absl::string_view kind,
                      std::vector<Topology::Connection>* out);
  void ReadEnds(const Item& item, Topology::Connection* connection);
  void ReadFrom(const Item& item, Topology::Connection* connection);
  void ReadName(const Item& key, const Item& value, Topology* topology);

  std::string file_;
  absl::Status status_;
};

void Reader::Map(const Item& item, absl::string_view what,
                 const std::function<void(const Item& key, const Item& value)>& entry) {
  if (!status_.ok()) return;
  if (!item.node.IsMap()) return Expected(item, what);
  std::set<std::string> seen;
  for (const auto& pair : item.node) {
    if (!status_.ok()) return;
    if (!pair.first.IsScalar()) {
      return Expected({pair.first, item.path}, "a word as the key");
    }
    const std::string& name = pair.first.Scalar();
    const std::string path = item.path.empty() ? name : absl::StrCat(item.path, ".", name);
    const Item key{pair.first, path};
    if (!seen.insert(name).second) return Fail(Where(key), "the key is given twice");
    entry(key, {pair.second, path});
  }
}

void Reader::Record(const Item& item, const Fields& fields) {
  Map(item, "a map of keys", [&](const Item& key, const Item& value) {
    for (const Field& field : fields) {
      if (field.key == key.node.Scalar()) return field.read(value);
    }
    const auto name = [](std::string* out, const Field& field) { absl::StrAppend(out, field.key); };
    Fail(Where(key),
         absl::StrCat("unknown key; expected one of ", absl::StrJoin(fields, ", ", name)));
  });
}

void Reader::Scalars(const Item& item, absl::string_view what, const Value& each) {
  if (!status_.ok()) return;
  if (item.node.IsScalar()) return each(item);
  if (!item.node.IsSequence()) return Expected(item, absl::StrCat(what, ", or a list of them"));
  for (size_t i = 0; i < item.node.size() && status_.ok(); ++i) {
    const Item element{item.node[i], absl::StrCat(item.path, "[", i, "]")};
    if (!element.node.IsScalar()) return Expected(element, what);
    each(element);
  }
}

Reader::Value Reader::IntoNumber(uint64_t max, const std::function<void(uint64_t)>& take) {
  return [this, max, take](const Item& item) {
    uint64_t number = 0;
    if (!item.node.IsScalar() || item.node.Scalar().empty() ||
        !absl::ascii_isdigit(item.node.Scalar()[0]) ||
        !absl::SimpleAtoi(item.node.Scalar(), &number) || number > max) {
      return Expected(item, absl::StrCat("a whole number from 0 to ", max));
    }
    take(number);
  };
}

Reader::Value Reader::IntoBool(bool* target) {
  return [this, target](const Item& item) {
    const std::string text = item.node.IsScalar() ? item.node.Scalar() : "";
    if (text != "true" && text != "false") return Expected(item, "true or false");
    *target = text == "true";
  };
}

Reader::Fields Reader::ConfigFields(LinkConfig* config) {
  return {
      {"latency", Into(&config->latency, ParseDuration)},
      {"jitter", Into(&config->jitter, ParseDuration)},
      {"jitter_reorders", IntoBool(&config->jitter_reorders)},
      {"bandwidth", Into(&config->bandwidth, ParseRate)},
      {"queue_packets",
       IntoNumber(UINT32_MAX,
                  [config](uint64_t n) { config->queue_packets = static_cast<uint32_t>(n); })},
      {"queue_bytes", Into(&config->queue_bytes, ParseSize)},
      {"mtu", IntoNumber(65'536, [config](uint64_t n) { config->mtu = static_cast<uint32_t>(n); })},
      {"loss", Into(&config->loss, ParseProbability)},
      {"duplicate", Into(&config->duplicate, ParseProbability)},
      {"corrupt", Into(&config->corrupt, ParseProbability)},
      {"reorder", Into(&config->reorder, ParseProbability)},
      {"reorder_delay", Into(&config->reorder_delay, ParseDuration)},
      {"reorder_gap",
       IntoNumber(UINT32_MAX,
                  [config](uint64_t n) { config->reorder_gap = static_cast<uint32_t>(n); })},
  };
}

void Reader::ReadStatements(const Item& item, bool by_line, std::vector<Topology::Statement>* out) {
  Scalars(item, "a statement", [&](const Item& statement) {
    const std::string& text = statement.node.Scalar();
    if (!by_line || text.find('\n') == std::string::npos) {
      out->push_back({text, Where(statement)});
      return;
    }
    // A block: its lines start below the line that opens it.
    YAML::Mark mark = statement.node.Mark();
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      ++mark.line;
      mark.column = 0;
      const absl::string_view stripped = absl::StripAsciiWhitespace(line);
      if (stripped.empty() || stripped[0] == '#') continue;
      out->push_back({std::string(stripped), Where(mark, statement.path)});
    }
  });
}

void Reader::ReadSysctls(const Item& item, Topology::Host* host) {
  Map(item, "a map of sysctl names to values", [&](const Item& key, const Item& value) {
    if (!value.node.IsScalar()) return Expected(value, "one value, as sysctl(8) takes it");
    host->sysctls.push_back({key.node.Scalar(), value.node.Scalar(), Where(value)});
  });
}

void Reader::ReadFile(const Item& key, const Item& value, Topology::Host* host) {
  Topology::File file;
  file.path = key.node.Scalar();
  file.where = Where(key);
  if (file.path.empty() || file.path[0] != '/') return Expected(key, "an absolute path");
  int kinds = 0;
  const auto text = [&](Topology::File::Kind kind) {
    return [&, kind](const Item& item) {
      if (!item.node.IsScalar()) return Expected(item, "a text");
      file.kind = kind;
      file.text = item.node.Scalar();
      ++kinds;
    };
  };
  const auto number = [&](uint32_t* target) {
    return IntoNumber(UINT32_MAX - 1, [target](uint64_t n) { *target = static_cast<uint32_t>(n); });
  };
  const Fields fields = {
      {"contents", text(Topology::File::Kind::kFile)},
      {"target", text(Topology::File::Kind::kSymlink)},
      {"mount",
       [&](const Item& item) {
         text(Topology::File::Kind::kMount)(item);
         file.read_only = file.text == "read-only";
         if (!file.read_only && file.text != "read-write")
           Expected(item, "read-only or read-write");
       }},
      {"mode",
       [&](const Item& item) {
         const std::string digits = item.node.IsScalar() ? item.node.Scalar() : "";
         const bool octal = !digits.empty() && digits.size() <= 5 &&
                            digits.find_first_not_of("01234567") == std::string::npos;
         const unsigned long mode = octal ? std::stoul(digits, nullptr, 8) : 010000;
         if (mode > 07777) return Expected(item, "an octal mode such as 0755");
         file.mode = static_cast<uint32_t>(mode);
       }},
      {"owner", number(&file.owner)},
      {"group", number(&file.group)},
  };
  // "/srv/www:" alone is a directory.
  if (!value.node.IsNull()) Record(value, fields);
  if (kinds > 1) Fail(file.where, "expected one of contents, target and mount");
  host->files.push_back(std::move(file));
}

void Reader::ReadHost(const Item& key, const Item& value, Topology* topology) {
  Topology::Host host;
  host.name = key.node.Scalar();
  host.where = Where(key);
  const Fields fields = {
      {"personality",
       Into(&host.personality,
            [](const std::string& text) { return absl::StatusOr<std::string>(text); })},
      {"names",
       [&](const Item& item) {
         Scalars(item, "a name",
                 [&](const Item& name) { host.names.push_back(name.node.Scalar()); });
       }},
      {"sysctls", [&](const Item& item) { ReadSysctls(item, &host); }},
      {"routes", [&](const Item& item) { ReadStatements(item, true, &host.routes); }},
      {"firewall", [&](const Item& item) { ReadStatements(item, false, &host.firewall); }},
      {"files",
       [&](const Item& item) {
         Map(item, "a map of paths to files",
             [&](const Item& path, const Item& file) { ReadFile(path, file, &host); });
       }},
      {"loopback", [&](const Item& item) { Record(item, ConfigFields(&host.loopback)); }},
  };
  // "client:" alone is a host of which nothing more is said.
  if (!value.node.IsNull()) Record(value, fields);
  topology->hosts.push_back(std::move(host));
}

void Reader::ReadEnds(const Item& item, Topology::Connection* connection) {
  Map(item, "a map of \"host:interface\" to addresses", [&](const Item& key, const Item& value) {
    const std::vector<std::string> parts = absl::StrSplit(key.node.Scalar(), ':');
    if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
      return Expected(key, "\"host:interface\"");
    }
    Topology::End end;
    end.host = parts[0];
    end.interface = parts[1];
    end.where = Where(key);
    if (!value.node.IsNull()) {
      Scalars(value, "an address with its prefix length", [&](const Item& address) {
        const std::string& text = address.node.Scalar();
        const absl::StatusOr<Prefix> prefix = Prefix::Parse(text);
        if (!prefix.ok() || text.find('/') == std::string::npos) {
          return Expected(address, "an address with its prefix length such as \"10.0.0.1/24\"");
        }
        end.addresses.push_back(*prefix);
      });
    }
    connection->ends.push_back(std::move(end));
  });
}

void Reader::ReadFrom(const Item& item, Topology::Connection* connection) {
  Map(item, "a map of \"host:interface\" to what differs in this direction",
      [&](const Item& key, const Item& value) {
        for (Topology::End& end : connection->ends) {
          if (end.ToString() == key.node.Scalar()) {
            return Record(value, ConfigFields(&end.config));
          }
        }
        Fail(Where(key), absl::StrCat("there is no such end of \"", connection->name, "\""));
      });
}

void Reader::ReadConnection(const Item& key, const Item& value, absl::string_view kind,
                            std::vector<Topology::Connection>* out) {
  Topology::Connection connection;
  connection.name = key.node.Scalar();
  connection.where = Where(key);
  LinkConfig config;
  Item from;
  Fields fields = {
      {"ends", [&](const Item& item) { ReadEnds(item, &connection); }},
      {"up", IntoBool(&connection.up)},
      {"from", [&](const Item& item) { from = item; }},
  };
  for (Field& field : ConfigFields(&config)) fields.push_back(std::move(field));
  Record(value, fields);
  if (connection.ends.empty())
    Fail(connection.where, absl::StrCat("the ", kind, " has no \"ends\""));
  for (Topology::End& end : connection.ends) end.config = config;
  // After the common configuration, wherever in the map it stands.
  if (!from.path.empty()) ReadFrom(from, &connection);
  out->push_back(std::move(connection));
}

void Reader::ReadName(const Item& key, const Item& value, Topology* topology) {
  Topology::Name name;
  name.name = key.node.Scalar();
  name.where = Where(key);
  Scalars(value, "an address", [&](const Item& item) {
    const absl::StatusOr<Address> address = Address::Parse(item.node.Scalar());
    if (!address.ok()) return Expected(item, "an address such as \"10.0.0.1\"");
    name.addresses.push_back(*address);
  });
  topology->names.push_back(std::move(name));
}

absl::StatusOr<Topology> Reader::Read(const YAML::Node& root) {
  Topology topology;
  const auto each = [this](absl::string_view what,
                           std::function<void(const Item&, const Item&)> read) {
    return [this, what, read](const Item& item) { Map(item, what, read); };
  };
  Record({root, ""},
         {
             {"seed", IntoNumber(UINT64_MAX, [&](uint64_t n) { topology.seed = n; })},
             {"hosts",
              each("a map of host names to hosts",
                   [&](const Item& key, const Item& value) { ReadHost(key, value, &topology); })},
             {"links", each("a map of link names to links",
                            [&](const Item& key, const Item& value) {
                              ReadConnection(key, value, "link", &topology.links);
                            })},
             {"lans", each("a map of LAN names to LANs",
                           [&](const Item& key, const Item& value) {
                             ReadConnection(key, value, "LAN", &topology.lans);
                           })},
             {"names",
              each("a map of names to addresses",
                   [&](const Item& key, const Item& value) { ReadName(key, value, &topology); })},
         });
  if (status_.ok()) status_ = topology.Validate();
  if (!status_.ok()) return status_;
  return topology;
}

// Hears what the parser says and keeps nothing.
class IgnoreEvents : public YAML::EventHandler {
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// YAML::LoadAll would tell, but it never ends on some malformed texts (a stray "]", in 0.7.0).
bool HasSecondDocument(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  IgnoreEvents ignore;
  return parser.HandleNextDocument(ignore) && parser.HandleNextDocument(ignore);
}

}  // namespace

absl::StatusOr<Topology> ParseTopology(absl::string_view yaml, absl::string_view file) {
  const std::string text(yaml);
  // yaml-cpp reports by exception.
  try {
    const YAML::Node root = YAML::Load(text);
    const bool more = HasSecondDocument(text);
    if (more || root.IsNull()) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": expected one YAML document with the key \"hosts\", found ",
                       more ? "something behind it" : "nothing"));
    }
    return Reader(file).Read(root);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(
        file, ":", error.mark.line + 1, ":", error.mark.column + 1, ": not YAML: ", error.msg));
  }
}

absl::StatusOr<Topology> ReadTopologyFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  return ParseTopology(text.str(), path);
}

}  // namespace drywire
