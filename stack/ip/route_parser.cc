#include "stack/ip/route_parser.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "stack/ip/statement.h"

namespace drywire {
namespace {

constexpr absl::string_view kOptions =
    "\"via\", \"dev\", \"src\", \"metric\", \"mtu\", \"onlink\", \"scope\" or \"proto\"";

bool TypeFromName(absl::string_view name, RouteType& type) {
  for (RouteType t : {RouteType::kUnicast, RouteType::kUnreachable, RouteType::kProhibit,
                      RouteType::kBlackhole, RouteType::kThrow}) {
    if (RouteTypeName(t) == name) {
      type = t;
      return true;
    }
  }
  return false;
}

class Parser {
 public:
  explicit Parser(std::vector<Word> words) : words_(std::move(words)) {}

  absl::StatusOr<RouteStatement> Run() {
    Prologue();
    if (TypeFromName(word().text, s_.type)) ++at_;
    if (absl::Status status = Destination(); !status.ok()) return status;
    while (!word().end) {
      if (absl::Status status = Option(); !status.ok()) return status;
    }
    if (absl::Status status = Finish(); !status.ok()) return status;
    return s_;
  }

 private:
  const Word& word() const { return words_[at_]; }
  absl::Status Expected(absl::string_view what) const { return WordError(word(), false, what); }
  bool Take(absl::string_view text) {
    if (word().end || word().text != text) return false;
    ++at_;
    return true;
  }

  void Prologue() {
    Take("ip");
    if (Take("-4")) family_ = Family::kInet;
    if (Take("-6")) family_ = Family::kInet6;
    if (!Take("route")) Take("r");
    if (Take("replace")) {
      s_.verb = RouteStatement::Verb::kReplace;
    } else if (Take("del") || Take("delete")) {
      s_.verb = RouteStatement::Verb::kDelete;
    } else {
      Take("add");
    }
    Take("to");
  }

  absl::Status Destination() {
    destination_ = word();
    if (Take("default") || Take("any") || Take("all")) {
      is_default_ = true;
      return absl::OkStatus();
    }
    absl::StatusOr<Prefix> prefix = Prefix::Parse(word().text);
    if (!prefix.ok()) {
      return Expected(
          at_ == 0 ? "a route type (unicast, unreachable, prohibit, blackhole, throw), a prefix or "
                     "\"default\""
                   : "a prefix (such as 10.0.0.0/8 or 2001:db8::/32) or \"default\"");
    }
    if (prefix->Network() != prefix->address) {
      return Expected(absl::StrCat("a prefix without host bits (", prefix->Network().ToString(),
                                   "/", prefix->length, ")"));
    }
    s_.destination = *prefix;
    ++at_;
    return MatchFamily(prefix->address.family(), destination_);
  }

  absl::Status MatchFamily(Family family, const Word& where) {
    if (family_ == Family::kNone) family_ = family;
    if (family_ == family) return absl::OkStatus();
    return WordError(where, false,
                     family_ == Family::kInet ? "an IPv4 address" : "an IPv6 address");
  }

  absl::Status ParseAddress(Address& out) {
    absl::StatusOr<Address> address = Address::Parse(word().text);
    if (!address.ok()) return Expected("an address");
    const Word where = word();
    ++at_;
    out = *address;
    return MatchFamily(address->family(), where);
  }

  absl::Status ParseNumber(uint32_t min, uint32_t max, uint32_t& out) {
    uint64_t value = 0;
    if (!absl::SimpleAtoi(word().text, &value) || value < min || value > max) {
      return Expected(absl::StrCat("a number from ", min, " to ", max));
    }
    out = static_cast<uint32_t>(value);
    ++at_;
    return absl::OkStatus();
  }

  // Each option once.
  bool Once(absl::string_view name, bool& seen) {
    if (seen || !Take(name)) return false;
    return seen = true;
  }

  absl::Status Option() {
    if (nexthop_.text.empty() && (word().text == "via" || word().text == "dev")) nexthop_ = word();
    if (Once("via", via_)) {
      if (Take("inet") || Take("inet6")) {
      }  // The address says so itself.
      return ParseAddress(s_.gateway);
    }
    if (Once("dev", dev_)) {
      if (word().text.empty()) return Expected("the name of an interface");
      s_.device = std::string(word().text);
      ++at_;
      return absl::OkStatus();
    }
    if (Once("src", src_)) return ParseAddress(s_.source);
    if (Once("metric", metric_) || Once("preference", metric_)) {
      return ParseNumber(0, UINT32_MAX, s_.metric);
    }
    if (Once("mtu", mtu_)) {
      Take("lock");
      return ParseNumber(68, 65535, s_.mtu);
    }
    if (Once("onlink", s_.onlink)) return absl::OkStatus();
    if (Once("scope", scope_) || Once("proto", proto_) || Once("protocol", proto_)) {
      if (word().end) return Expected("a name or number");
      ++at_;
      return absl::OkStatus();
    }
    return Expected(kOptions);
  }

  absl::Status Finish() {
    if (is_default_) {
      if (family_ == Family::kNone) family_ = Family::kInet;
      s_.destination = Prefix{Address::Any(family_), 0};
    }
    const bool deleting = s_.verb == RouteStatement::Verb::kDelete;
    const bool nexthop = via_ || dev_;
    if (s_.type != RouteType::kUnicast && nexthop) {
      return WordError(
          nexthop_, false,
          absl::StrCat("no gateway or device with a route of type ", RouteTypeName(s_.type)));
    }
    if (s_.type == RouteType::kUnicast && !nexthop && !deleting) {
      return Expected("\"via\" or \"dev\"");
    }
    return absl::OkStatus();
  }

  std::vector<Word> words_;
  size_t at_ = 0;
  RouteStatement s_;
  Family family_ = Family::kNone;
  bool is_default_ = false;
  Word destination_, nexthop_;
  bool via_ = false, dev_ = false, src_ = false, metric_ = false, mtu_ = false, scope_ = false,
       proto_ = false;
};

}  // namespace

absl::StatusOr<RouteStatement> ParseRoute(absl::string_view text) {
  absl::StatusOr<std::vector<Word>> words = SplitWords(text, WordStyle::kPlain);
  if (!words.ok()) return words.status();
  return Parser(*std::move(words)).Run();
}

std::string RouteToString(const Route& route, absl::string_view device) {
  std::string out;
  if (route.type != RouteType::kUnicast) absl::StrAppend(&out, RouteTypeName(route.type), " ");
  if (route.destination.length == 0) {
    absl::StrAppend(&out, "default");
  } else if (route.destination.length == route.destination.address.width()) {
    absl::StrAppend(&out, route.destination.address.ToString());
  } else {
    absl::StrAppend(&out, route.destination.ToString());
  }
  if (route.gateway.has_value()) absl::StrAppend(&out, " via ", route.gateway.ToString());
  if (!device.empty()) absl::StrAppend(&out, " dev ", device);
  if (route.connected) absl::StrAppend(&out, " proto kernel");
  if (route.source.has_value()) absl::StrAppend(&out, " src ", route.source.ToString());
  if (route.metric != 0) absl::StrAppend(&out, " metric ", route.metric);
  if (route.mtu != 0) absl::StrAppend(&out, " mtu ", route.mtu);
  return out;
}

}  // namespace drywire
