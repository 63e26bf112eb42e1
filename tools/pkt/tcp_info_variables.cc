#include "tools/pkt/tcp_info_variables.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "stack/sys/syscalls.h"

namespace drywire::pkt {
namespace {

struct Field {
  absl::string_view name;
  uint64_t (*get)(const tcp_info& info);
};

#define FIELD(name)                                                              \
  {                                                                              \
#name, [](const tcp_info& info) { return static_cast<uint64_t>(info.name); } \
  }
constexpr Field kFields[] = {
    FIELD(tcpi_state),   FIELD(tcpi_retransmits),  FIELD(tcpi_probes),     FIELD(tcpi_backoff),
    FIELD(tcpi_options), FIELD(tcpi_snd_wscale),   FIELD(tcpi_rcv_wscale), FIELD(tcpi_rto),
    FIELD(tcpi_snd_mss), FIELD(tcpi_rcv_mss),      FIELD(tcpi_unacked),    FIELD(tcpi_rtt),
    FIELD(tcpi_rttvar),  FIELD(tcpi_snd_ssthresh), FIELD(tcpi_snd_cwnd),   FIELD(tcpi_advmss),
};
#undef FIELD

struct Name {
  absl::string_view name;
  int64_t value;
};
constexpr Name kNames[] = {
    {"TCP_ESTABLISHED", TCP_ESTABLISHED},
    {"TCP_SYN_SENT", TCP_SYN_SENT},
    {"TCP_SYN_RECV", TCP_SYN_RECV},
    {"TCP_FIN_WAIT1", TCP_FIN_WAIT1},
    {"TCP_FIN_WAIT2", TCP_FIN_WAIT2},
    {"TCP_TIME_WAIT", TCP_TIME_WAIT},
    {"TCP_CLOSE", TCP_CLOSE},
    {"TCP_CLOSE_WAIT", TCP_CLOSE_WAIT},
    {"TCP_LAST_ACK", TCP_LAST_ACK},
    {"TCP_LISTEN", TCP_LISTEN},
    {"TCP_CLOSING", TCP_CLOSING},
    {"TCPI_CLOSED", TCP_CLOSE},
    {"TCPI_LISTEN", TCP_LISTEN},
    {"TCPI_SYN_SENT", TCP_SYN_SENT},
    {"TCPI_SYN_RECEIVED", TCP_SYN_RECV},
    {"TCPI_ESTABLISHED", TCP_ESTABLISHED},
    {"TCPI_CLOSE_WAIT", TCP_CLOSE_WAIT},
    {"TCPI_FIN_WAIT_1", TCP_FIN_WAIT1},
    {"TCPI_CLOSING", TCP_CLOSING},
    {"TCPI_LAST_ACK", TCP_LAST_ACK},
    {"TCPI_FIN_WAIT_2", TCP_FIN_WAIT2},
    {"TCPI_TIME_WAIT", TCP_TIME_WAIT},
    {"TCP_CA_Open", 0},
    {"TCP_CA_Disorder", 1},
    {"TCP_CA_CWR", 2},
    {"TCP_CA_Recovery", 3},
    {"TCP_CA_Loss", 4},
    {"TCPI_OPT_TIMESTAMPS", TCPI_OPT_TIMESTAMPS},
    {"TCPI_OPT_SACK", TCPI_OPT_SACK},
    {"TCPI_OPT_WSCALE", TCPI_OPT_WSCALE},
    {"TCPI_OPT_ECN", TCPI_OPT_ECN},
    {"TCPI_OPT_ECN_SEEN", TCPI_OPT_ECN_SEEN},
    {"TCPI_OPT_SYN_DATA", TCPI_OPT_SYN_DATA},
};

}  // namespace

Python::Variables TcpInfoVariables(SysContext& context, int fd) {
  Python::Variables variables;
  for (const Name& name : kNames) {
    variables.emplace_back(std::string(name.name), absl::StrCat(name.value));
  }
  tcp_info info = {};
  socklen_t length = sizeof info;
  if (fd < 0 || !SysGetsockopt(context, fd, IPPROTO_TCP, TCP_INFO, &info, &length).ok()) {
    return variables;
  }
  for (const Field& field : kFields) {
    variables.emplace_back(std::string(field.name), absl::StrCat(field.get(info)));
  }
  return variables;
}

}  // namespace drywire::pkt
