#include "tools/pkt/tcp_info_variables.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "stack/socket/tcp_info.h"
#include "stack/sys/syscalls.h"

namespace drywire::pkt {
namespace {

struct Field {
  absl::string_view name;
  uint64_t (*get)(const LinuxTcpInfo& info);
};

#define FIELD(name)                                                                        \
  {                                                                                        \
#name, [](const LinuxTcpInfo& info) { return static_cast<uint64_t>(info.known.name); } \
  }
#define LATER_FIELD(name)                                                            \
  {                                                                                  \
#name, [](const LinuxTcpInfo& info) { return static_cast<uint64_t>(info.name); } \
  }
constexpr Field kFields[] = {
    FIELD(tcpi_state),
    FIELD(tcpi_retransmits),
    FIELD(tcpi_probes),
    FIELD(tcpi_backoff),
    FIELD(tcpi_options),
    FIELD(tcpi_snd_wscale),
    FIELD(tcpi_rcv_wscale),
    FIELD(tcpi_rto),
    FIELD(tcpi_snd_mss),
    FIELD(tcpi_rcv_mss),
    FIELD(tcpi_unacked),
    FIELD(tcpi_rtt),
    FIELD(tcpi_rttvar),
    FIELD(tcpi_snd_ssthresh),
    FIELD(tcpi_snd_cwnd),
    FIELD(tcpi_advmss),
    FIELD(tcpi_ato),
    FIELD(tcpi_pmtu),
    FIELD(tcpi_reordering),
    FIELD(tcpi_last_data_sent),
    FIELD(tcpi_last_data_recv),
    FIELD(tcpi_last_ack_recv),
    LATER_FIELD(tcpi_bytes_received),
    LATER_FIELD(tcpi_notsent_bytes),
    LATER_FIELD(tcpi_snd_wnd),
    LATER_FIELD(tcpi_rcv_wnd),
};
#undef FIELD
#undef LATER_FIELD

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

Python::Variables MeminfoVariables(SysContext& context, int fd) {
  Python::Variables variables;
  for (const auto& [name, option] :
       {std::pair{"SK_MEMINFO_RCVBUF", SO_RCVBUF}, {"SK_MEMINFO_SNDBUF", SO_SNDBUF}}) {
    int value = 0;
    socklen_t length = sizeof value;
    if (fd < 0 || !SysGetsockopt(context, fd, SOL_SOCKET, option, &value, &length).ok()) continue;
    variables.emplace_back(name, absl::StrCat(value));
  }
  return variables;
}

Python::Variables TcpInfoVariables(SysContext& context, int fd) {
  Python::Variables variables;
  for (const Name& name : kNames) {
    variables.emplace_back(std::string(name.name), absl::StrCat(name.value));
  }
  LinuxTcpInfo info;
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
