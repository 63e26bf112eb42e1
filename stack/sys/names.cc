#include "stack/sys/names.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace drywire {
namespace {

struct Service {
  absl::string_view name;
  uint16_t port;
};

constexpr Service kServices[] = {
    {"echo", 7},    {"discard", 9},  {"daytime", 13}, {"ftp", 21},    {"ssh", 22},
    {"telnet", 23}, {"smtp", 25},    {"domain", 53},  {"finger", 79}, {"http", 80},
    {"pop3", 110},  {"ntp", 123},    {"imap2", 143},  {"snmp", 161},  {"ldap", 389},
    {"https", 443}, {"redis", 6379},
};

struct SocketKind {
  int type;
  int protocol;
};

constexpr SocketKind kKinds[] = {
    {SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}, {SOCK_RAW, 0}};

// An address with the scope it was written with.
struct Found {
  Address address;
  uint32_t scope = 0;
};

// 0 or EAI_*.
int FindPort(const char* service, int flags, uint16_t* port) {
  *port = 0;
  if (service == nullptr) return 0;
  uint32_t number = 0;
  if (absl::SimpleAtoi(service, &number)) {
    *port = static_cast<uint16_t>(number);
    return 0;
  }
  if ((flags & AI_NUMERICSERV) != 0) return EAI_NONAME;
  for (const Service& known : kServices) {
    if (known.name == service) {
      *port = known.port;
      return 0;
    }
  }
  return EAI_SERVICE;
}

bool ParseNumeric(absl::string_view node, Found* found) {
  const size_t percent = node.find('%');
  if (percent != absl::string_view::npos &&
      !absl::SimpleAtoi(node.substr(percent + 1), &found->scope)) {
    return false;
  }
  auto address = Address::Parse(node.substr(0, percent));
  if (!address.ok()) return false;
  found->address = *address;
  return true;
}

// What getaddrinfo() is asked for, with the defaults filled in.
struct Query {
  int flags = AI_V4MAPPED | AI_ADDRCONFIG;
  int family = AF_UNSPEC;
  int type = 0;
  int protocol = 0;

  bool Wants(Family candidate) const {
    return family == AF_UNSPEC || (family == AF_INET) == (candidate == Family::kInet);
  }
};

int FindAddresses(const NameService* names, const char* node, const Query& query,
                  std::vector<Found>* all) {
  if (node == nullptr) {
    for (const Family family : {Family::kInet6, Family::kInet}) {
      const bool passive = (query.flags & AI_PASSIVE) != 0;
      // The C library lists 0.0.0.0 before ::, and ::1 before 127.0.0.1.
      const Family in_order =
          passive == (family == Family::kInet6) ? Family::kInet : Family::kInet6;
      all->push_back({passive ? Address::Any(in_order) : Address::Loopback(in_order)});
    }
    return 0;
  }
  Found numeric;
  if (ParseNumeric(node, &numeric)) {
    all->push_back(numeric);
    const bool mapped = (query.flags & AI_V4MAPPED) != 0 && query.family == AF_INET6;
    return query.Wants(numeric.address.family()) || mapped ? 0 : EAI_ADDRFAMILY;
  }
  if ((query.flags & AI_NUMERICHOST) != 0) return EAI_NONAME;
  if (names != nullptr) {
    for (const Address& address : names->Lookup(node)) all->push_back({address});
  }
  if (all->empty() && absl::string_view(node) == "localhost") {
    all->push_back({Address::Loopback(Family::kInet6)});
    all->push_back({Address::Loopback(Family::kInet)});
  }
  return all->empty() ? EAI_NONAME : 0;
}

// Keeps what the query wants; maps IPv4 addresses when it asks for that.
std::vector<Found> Select(const std::vector<Found>& all, const Query& query) {
  std::vector<Found> wanted;
  bool has_v6 = false;
  for (const Found& found : all) has_v6 |= found.address.is_v6();
  for (const Found& found : all) {
    if (query.Wants(found.address.family())) {
      wanted.push_back(found);
    } else if (query.family == AF_INET6 && (query.flags & AI_V4MAPPED) != 0 &&
               (!has_v6 || (query.flags & AI_ALL) != 0)) {
      wanted.push_back({found.address.Mapped()});
    }
  }
  return wanted;
}

socklen_t Fill(const Found& found, uint16_t port, sockaddr_storage* storage) {
  if (found.address.is_v4()) {
    auto* const v4 = reinterpret_cast<sockaddr_in*>(storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    v4->sin_addr.s_addr = htonl(found.address.v4());
    return sizeof *v4;
  }
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(storage);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  v6->sin6_scope_id = found.scope;
  for (int i = 0; i < 8; ++i) {
    v6->sin6_addr.s6_addr[i] = static_cast<uint8_t>(found.address.hi() >> (56 - 8 * i));
    v6->sin6_addr.s6_addr[8 + i] = static_cast<uint8_t>(found.address.lo() >> (56 - 8 * i));
  }
  return sizeof *v6;
}

// An entry and its address in one block, as freeaddrinfo() expects.
addrinfo* NewEntry(const sockaddr_storage& storage, socklen_t length, const SocketKind& kind) {
  void* const block = std::calloc(1, sizeof(addrinfo) + sizeof(sockaddr_storage));
  auto* const entry = static_cast<addrinfo*>(block);
  if (entry == nullptr) return nullptr;
  entry->ai_family = storage.ss_family;
  entry->ai_socktype = kind.type;
  entry->ai_protocol = kind.protocol;
  entry->ai_addrlen = length;
  entry->ai_addr = reinterpret_cast<sockaddr*>(entry + 1);
  std::memcpy(entry->ai_addr, &storage, length);
  return entry;
}

// 0 or EAI_*.
int ReadHints(const addrinfo* hints, Query* query) {
  if (hints == nullptr) return 0;
  constexpr int kFlags = AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV | AI_V4MAPPED |
                         AI_ALL | AI_ADDRCONFIG;
  *query = {hints->ai_flags, hints->ai_family, hints->ai_socktype, hints->ai_protocol};
  if ((query->flags & ~kFlags) != 0) return EAI_BADFLAGS;
  if (query->family != AF_UNSPEC && query->family != AF_INET && query->family != AF_INET6) {
    return EAI_FAMILY;
  }
  for (const SocketKind& kind : kKinds) {
    if ((query->type == 0 || query->type == kind.type) &&
        (query->protocol == 0 || kind.protocol == 0 || query->protocol == kind.protocol)) {
      return 0;
    }
  }
  return query->type > SOCK_RAW ? EAI_SOCKTYPE : EAI_SERVICE;
}

bool CopyOut(absl::string_view text, char* to, socklen_t size) {
  if (to == nullptr || size == 0) return true;
  if (text.size() >= size) return false;
  std::memcpy(to, text.data(), text.size());
  to[text.size()] = '\0';
  return true;
}

}  // namespace

int ResolveAddresses(const NameService* names, const char* node, const char* service,
                     const addrinfo* hints, addrinfo** result) {
  if (node == nullptr && service == nullptr) return EAI_NONAME;
  Query query;
  if (const int error = ReadHints(hints, &query); error != 0) return error;
  if (node == nullptr && (query.flags & AI_CANONNAME) != 0) return EAI_BADFLAGS;
  uint16_t port = 0;
  if (const int error = FindPort(service, query.flags, &port); error != 0) return error;
  std::vector<Found> all;
  if (const int error = FindAddresses(names, node, query, &all); error != 0) return error;
  const std::vector<Found> wanted = Select(all, query);
  if (wanted.empty()) return EAI_NONAME;

  addrinfo* first = nullptr;
  addrinfo** next = &first;
  for (const Found& found : wanted) {
    sockaddr_storage storage = {};
    const socklen_t length = Fill(found, port, &storage);
    for (const SocketKind& kind : kKinds) {
      if (query.type != 0 && query.type != kind.type) continue;
      if (query.protocol != 0 && kind.protocol != 0 && query.protocol != kind.protocol) continue;
      *next = NewEntry(storage, length,
                       {kind.type, kind.protocol != 0 ? kind.protocol : query.protocol});
      if (*next == nullptr) {
        FreeAddresses(first);
        return EAI_MEMORY;
      }
      next = &(*next)->ai_next;
    }
  }
  if ((query.flags & AI_CANONNAME) != 0) first->ai_canonname = strdup(node);
  *result = first;
  return 0;
}

void FreeAddresses(addrinfo* list) {
  while (list != nullptr) {
    addrinfo* const next = list->ai_next;
    std::free(list->ai_canonname);
    std::free(list);
    list = next;
  }
}

int ResolveName(const NameService* names, const sockaddr* address, socklen_t length, char* host,
                socklen_t host_size, char* service, socklen_t service_size, int flags) {
  Address value;
  uint16_t port = 0;
  uint32_t scope = 0;
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(address);
    value = Address::V4(ntohl(v4->sin_addr.s_addr));
    port = ntohs(v4->sin_port);
  } else if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(address);
    uint64_t hi = 0, lo = 0;
    for (int i = 0; i < 8; ++i) {
      hi = hi << 8 | v6->sin6_addr.s6_addr[i];
      lo = lo << 8 | v6->sin6_addr.s6_addr[8 + i];
    }
    value = Address::V6(hi, lo);
    port = ntohs(v6->sin6_port);
    scope = v6->sin6_scope_id;
  } else {
    return EAI_FAMILY;
  }
  if ((host == nullptr || host_size == 0) && (service == nullptr || service_size == 0)) {
    return EAI_NONAME;
  }
  std::string name;
  if ((flags & NI_NUMERICHOST) == 0 && names != nullptr) name = names->ReverseLookup(value);
  if (name.empty()) {
    if ((flags & NI_NAMEREQD) != 0) return EAI_NONAME;
    name = value.ToString();
    if (scope != 0) absl::StrAppend(&name, "%", scope);
  }
  std::string port_text = absl::StrCat(port);
  if ((flags & NI_NUMERICSERV) == 0) {
    for (const Service& known : kServices) {
      if (known.port == port) port_text = std::string(known.name);
    }
  }
  if (!CopyOut(name, host, host_size)) return EAI_OVERFLOW;
  if (!CopyOut(port_text, service, service_size)) return EAI_OVERFLOW;
  return 0;
}

}  // namespace drywire
