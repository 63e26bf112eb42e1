// What %{ }% sees of a connection: the fields of TCP_INFO, and the names for their values; or those
// of SO_MEMINFO.
#ifndef DRYWIRE_TOOLS_PKT_TCP_INFO_VARIABLES_H_
#define DRYWIRE_TOOLS_PKT_TCP_INFO_VARIABLES_H_

#include "stack/sys/sys_environment.h"
#include "tools/pkt/python.h"

namespace drywire::pkt {

// Of the socket with that descriptor of the process; the names alone when it has no TCP_INFO.
// Fields that the stack does not fill in are left out, so that a script that asks for one is told
// so.
Python::Variables TcpInfoVariables(SysContext& context, int fd);
// SK_MEMINFO_RCVBUF and SK_MEMINFO_SNDBUF: what packets take up in a kernel has no meaning here.
Python::Variables MeminfoVariables(SysContext& context, int fd);

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_TCP_INFO_VARIABLES_H_
