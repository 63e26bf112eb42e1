// The table is grouped as cause.def is. Sources, in short form:
//   connect(2), socket(7), ...   the manual page of the system whose column differs, or of both
//   observed                     Linux 6.18, by a test program in a network namespace
//   observed 13.0                FreeBSD's network stack run in user space
//   fbsd <file>                  FreeBSD's sources, sys/kern, sys/ufs or sys/netinet*
// A cause that one system never produces carries the errno nearest in meaning there, and says so:
// a host of that system cannot reach the row, but a personality built from it may.
#include "stack/personality/errno_rules.h"

#include <cerrno>

#include "sim/core/check.h"

namespace drywire {
namespace {

constexpr Operation kAny = Operation::kAny;
constexpr Operation kConnect = Operation::kConnect;
constexpr Operation kSend = Operation::kSend;
constexpr Operation kRecv = Operation::kRecv;

// clang-format off
constexpr ErrnoRule kRules[] = {
    // no failure
    {kAny, Cause::kNone, 0, 0, "no error"},

    // descriptors and arguments
    {kAny, Cause::kBadDescriptor, EBADF, EBADF, "connect(2)"},
    {kAny, Cause::kNotSocket, ENOTSOCK, ENOTSOCK, "connect(2)"},
    {kAny, Cause::kBadAddressPointer, EFAULT, EFAULT, "connect(2)"},
    {kAny, Cause::kInvalidArgument, EINVAL, EINVAL, "listen(2), poll(2), ..."},
    {kAny, Cause::kProcessDescriptorLimit, EMFILE, EMFILE, "socket(2)"},
    {Operation::kFcntl, Cause::kInvalidArgument, EINVAL, EINVAL, "fcntl(2)"},
    {kAny, Cause::kSystemDescriptorLimit, ENFILE, ENFILE, "socket(2)"},
    {kAny, Cause::kInterruptedRestartable, EINTR, EINTR, "signal(7), sigaction(2): calls that are never restarted"},
    {kAny, Cause::kInterrupted, EINTR, EINTR, "signal(7), sigaction(2)"},
    {kAny, Cause::kNotSupported, EOPNOTSUPP, EOPNOTSUPP, "accept(2), listen(2)"},
    {kRecv, Cause::kNotSupported, EINVAL, EINVAL, "read(2); observed: read of an epoll descriptor"},
    {kSend, Cause::kNotSupported, EINVAL, EINVAL, "write(2); observed: write to an epoll descriptor"},
    {Operation::kIoctl, Cause::kNotSupported, ENOTTY, ENOTTY, "ioctl(2)"},
    {Operation::kEpollCtl, Cause::kNotSupported, EPERM, EPERM, "epoll_ctl(2): the file does not support epoll"},
    {kAny, Cause::kNoSuchCall, ENOSYS, ENOSYS, "syscall(2)"},
    {kAny, Cause::kEpollRegistered, EEXIST, EEXIST, "epoll_ctl(2); no epoll on FreeBSD"},
    {kAny, Cause::kEpollNotRegistered, ENOENT, ENOENT, "epoll_ctl(2); no epoll on FreeBSD"},
    {kAny, Cause::kEpollLoop, ELOOP, ELOOP, "epoll_ctl(2); no epoll on FreeBSD"},
    {kAny, Cause::kNoPermission, EPERM, EPERM, "kill(2), setrlimit(2)"},

    // sockets in general
    {kAny, Cause::kWouldBlock, EAGAIN, EAGAIN, "recv(2), accept(2)"},
    {kAny, Cause::kTimedOutWaiting, EAGAIN, EAGAIN, "socket(7), getsockopt(2) SO_RCVTIMEO"},
    {kConnect, Cause::kTimedOutWaiting, EINPROGRESS, EINPROGRESS, "socket(7) SO_SNDTIMEO; observed; fbsd: does not limit connect"},
    {kAny, Cause::kFamilyUnsupported, EAFNOSUPPORT, EAFNOSUPPORT, "socket(2); fbsd uipc_socket.c socreate"},
    {kAny, Cause::kProtocolUnsupported, EPROTONOSUPPORT, EPROTONOSUPPORT, "socket(2)"},
    {kAny, Cause::kTypeUnsupported, ESOCKTNOSUPPORT, EPROTOTYPE, "observed; fbsd uipc_socket.c socreate"},
    {kAny, Cause::kAddressLengthInvalid, EINVAL, EINVAL, "connect(2)"},
    {kAny, Cause::kAddressTooLong, EINVAL, ENAMETOOLONG, "observed; observed 13.0: over 255 bytes"},
    {kAny, Cause::kAddressFamilyMismatch, EAFNOSUPPORT, EAFNOSUPPORT, "connect(2)"},
    {kAny, Cause::kV6OnlyMapped, ENETUNREACH, EINVAL, "observed; observed 13.0"},
    {Operation::kBind, Cause::kV6OnlyMapped, EINVAL, EADDRNOTAVAIL, "observed; observed 13.0"},
    {kAny, Cause::kAddressNotLocal, EADDRNOTAVAIL, EADDRNOTAVAIL, "bind(2)"},
    {kAny, Cause::kAddressInUse, EADDRINUSE, EADDRINUSE, "bind(2)"},
    {kAny, Cause::kTupleInUse, EADDRNOTAVAIL, EADDRINUSE, "observed; observed 13.0"},
    {kAny, Cause::kPortsExhaustedOnConnect, EADDRNOTAVAIL, EADDRNOTAVAIL, "observed (TCP); observed 13.0"},
    {kAny, Cause::kPortsExhaustedOnBind, EADDRINUSE, EADDRNOTAVAIL, "observed; observed 13.0"},
    {kAny, Cause::kPortsExhaustedOnDatagram, EAGAIN, EADDRNOTAVAIL, "observed; observed 13.0"},
    {kAny, Cause::kPortsExhaustedTryAgain, EAGAIN, EAGAIN, "connect(2); in_pcb.c of FreeBSD 3 (1998), no more in that of 2006"},
    {kAny, Cause::kPortPrivileged, EACCES, EACCES, "bind(2)"},
    {kAny, Cause::kAlreadyBound, EINVAL, EINVAL, "bind(2)"},
    {kAny, Cause::kDestinationPortZero, EINVAL, EADDRNOTAVAIL, "udp(7); observed 13.0"},
    {kAny, Cause::kOptionUnknown, ENOPROTOOPT, ENOPROTOOPT, "getsockopt(2)"},
    {kAny, Cause::kOptionValueInvalid, EINVAL, EINVAL, "setsockopt(2)"},
    {kAny, Cause::kOptionLengthInvalid, EINVAL, EINVAL, "setsockopt(2)"},
    {kAny, Cause::kControlUnsupported, EINVAL, EINVAL, "sendmsg(2): unknown control messages"},
    {kAny, Cause::kOutOfBandUnsupported, EOPNOTSUPP, EOPNOTSUPP, "observed; fbsd uipc_socket.c"},
    {kAny, Cause::kNoUrgentData, EINVAL, EINVAL, "recv(2): MSG_OOB; observed; fbsd tcp_usrreq.c"},
    {kAny, Cause::kUrgentDataUnderWay, EAGAIN, EAGAIN, "recv(2): MSG_OOB; observed; fbsd tcp_usrreq.c"},
    {kAny, Cause::kTimeValueInvalid, EDOM, EDOM, "socket(7); fbsd uipc_socket.c"},
    {kAny, Cause::kMessageTooLong, EMSGSIZE, EMSGSIZE, "send(2)"},
    {kAny, Cause::kNoBufferSpace, ENOBUFS, ENOBUFS, "send(2)"},

    // states of a socket that make a call wrong
    {kAny, Cause::kNotConnected, ENOTCONN, ENOTCONN, "recv(2), shutdown(2), getpeername(2)"},
    {kSend, Cause::kNotConnected, EPIPE, ENOTCONN, "observed: TCP; observed 13.0"},
    {kAny, Cause::kAlreadyConnected, EISCONN, EISCONN, "connect(2)"},
    {kAny, Cause::kConnectInProgress, EINPROGRESS, EINPROGRESS, "connect(2)"},
    {kAny, Cause::kConnectAlreadyPending, EALREADY, EALREADY, "connect(2)"},
    {kAny, Cause::kSocketListening, EINVAL, EINVAL, "bind(2); observed 13.0"},
    {kConnect, Cause::kSocketListening, EISCONN, EOPNOTSUPP, "observed; observed 13.0"},
    {kSend, Cause::kSocketListening, EPIPE, ENOTCONN, "observed; observed 13.0"},
    {kRecv, Cause::kSocketListening, ENOTCONN, ENOTCONN, "observed; observed 13.0"},
    {Operation::kShutdown, Cause::kSocketListening, ENOTCONN, ENOTCONN, "observed 13.0; Linux allows it"},
    {Operation::kGetpeername, Cause::kSocketListening, ENOTCONN, ENOTCONN, "observed; getpeername(2)"},
    {kAny, Cause::kNotListening, EINVAL, EINVAL, "accept(2)"},
    {kAny, Cause::kSendShutDown, EPIPE, EPIPE, "send(2)"},
    {kAny, Cause::kDestinationRequired, EDESTADDRREQ, EDESTADDRREQ, "send(2)"},
    {kAny, Cause::kSocketDead, EINVAL, EINVAL, "observed 13.0: bind, listen; no such state on Linux"},
    {kConnect, Cause::kSocketDead, ECONNREFUSED, ECONNREFUSED, "observed 13.0; no such state on Linux"},
    {kSend, Cause::kSocketDead, EPIPE, EPIPE, "observed 13.0; no such state on Linux"},
    {kRecv, Cause::kSocketDead, ECONNRESET, ECONNRESET, "fbsd tcp_usrreq.c: MSG_OOB; no such state on Linux"},
    {Operation::kShutdown, Cause::kSocketDead, ENOTCONN, ENOTCONN, "observed 13.0; no such state on Linux"},
    {Operation::kGetpeername, Cause::kSocketDead, ENOTCONN, ENOTCONN, "observed 13.0; no such state on Linux"},
    {Operation::kGetsockopt, Cause::kSocketDead, ECONNRESET, ECONNRESET, "observed 13.0: TCP options; no such state on Linux"},
    {Operation::kSetsockopt, Cause::kSocketDead, ECONNRESET, ECONNRESET, "observed 13.0: TCP options; no such state on Linux"},

    // routing, neighbours, firewall
    {kAny, Cause::kNoRoute, ENETUNREACH, ENETUNREACH, "observed; observed 13.0: IPv4"},
    {kAny, Cause::kNoRouteFromSource, ENETUNREACH, EHOSTUNREACH, "Linux routes by destination; observed 13.0"},
    {kAny, Cause::kRouteUnreachable, EHOSTUNREACH, ENETUNREACH, "ip-route(8); observed 13.0: reject, unbound"},
    {kAny, Cause::kRouteProhibit, EACCES, EACCES, "ip-route(8); no such route type on FreeBSD"},
    {kAny, Cause::kRouteBlackhole, EINVAL, ENETUNREACH, "ip-route(8); observed 13.0: unbound"},
    {kAny, Cause::kSourceNotUsable, EINVAL, EADDRNOTAVAIL, "observed; observed 13.0"},
    {kAny, Cause::kInterfaceDown, ENETUNREACH, ENETDOWN, "its routes are gone; observed 13.0"},
    {kAny, Cause::kNeighbourUnreachable, EHOSTUNREACH, EHOSTDOWN, "arp(7); observed 13.0"},
    {kAny, Cause::kGatewayUnreachable, EHOSTUNREACH, EHOSTUNREACH, "arp(7); observed 13.0"},
    {kAny, Cause::kFirewallDenied, EPERM, EACCES, "connect(2), send(2); fbsd ip_output.c"},
    {kAny, Cause::kQueueFull, ENOBUFS, ENOBUFS, "send(2)"},
    {kAny, Cause::kPolicyDeniedEperm, EPERM, EPERM, "connect(2)"},
    {kAny, Cause::kPolicyDeniedEacces, EACCES, EACCES, "connect(2)"},
    {kAny, Cause::kBroadcastNotPermitted, EACCES, EACCES, "connect(2)"},
    {kAny, Cause::kBroadcastDestination, ENETUNREACH, EACCES, "observed; observed 13.0"},
    {kAny, Cause::kMulticastDestination, ENETUNREACH, EAFNOSUPPORT, "observed; observed 13.0"},
    {kAny, Cause::kScopeMissing, EINVAL, EHOSTUNREACH, "ipv6(7); observed 13.0"},
    {kAny, Cause::kNoSuchInterface, ENODEV, ENXIO, "observed: bind; fbsd in6_setscope"},
    {kAny, Cause::kRoutingCacheFull, EAGAIN, EAGAIN, "connect(2): kernels before 3.6; no such cache on FreeBSD"},

    // ICMP
    {kAny, Cause::kIcmpNetUnreachable, ENETUNREACH, EHOSTUNREACH, "RFC 1122 3.2.2.1; fbsd icmp_errmap"},
    {kAny, Cause::kIcmpHostUnreachable, EHOSTUNREACH, EHOSTUNREACH, "RFC 1122 3.2.2.1; fbsd icmp_errmap"},
    {kAny, Cause::kIcmpProtocolUnreachable, ENOPROTOOPT, ECONNREFUSED, "observed; fbsd icmp_errmap"},
    {kAny, Cause::kIcmpPortUnreachable, ECONNREFUSED, ECONNREFUSED, "RFC 1122 3.2.2.1; fbsd icmp_errmap"},
    {kAny, Cause::kIcmpFragmentationNeeded, EMSGSIZE, EMSGSIZE, "ip(7); fbsd icmp_errmap"},
    {kAny, Cause::kIcmpSourceRouteFailed, EOPNOTSUPP, EHOSTUNREACH, "observed; fbsd icmp_errmap"},
    {kAny, Cause::kIcmpNetUnknown, ENETUNREACH, EHOSTUNREACH, "observed; fbsd icmp_errmap"},
    {kAny, Cause::kIcmpHostUnknown, EHOSTDOWN, EHOSTUNREACH, "observed; fbsd icmp_errmap"},
    {kAny, Cause::kIcmpHostIsolated, ENONET, EHOSTUNREACH, "observed; fbsd icmp_errmap"},
    {kAny, Cause::kIcmpNetProhibited, ENETUNREACH, ECONNREFUSED, "observed; fbsd icmp_errmap"},
    {kAny, Cause::kIcmpHostProhibited, EHOSTUNREACH, ECONNREFUSED, "observed; fbsd icmp_errmap"},
    {kAny, Cause::kIcmpAdminProhibited, EHOSTUNREACH, ECONNREFUSED, "observed; fbsd icmp_errmap"},
    {kAny, Cause::kIcmpTimeExceeded, EHOSTUNREACH, EHOSTUNREACH, "ip(7); observed 13.0"},
    {kAny, Cause::kIcmpParameterProblem, EPROTO, ENOPROTOOPT, "ip(7); observed 13.0"},
    {kAny, Cause::kIcmp6NoRoute, ENETUNREACH, EHOSTUNREACH, "observed; fbsd icmp6.c"},
    {kAny, Cause::kIcmp6AdminProhibited, EACCES, ECONNREFUSED, "observed; fbsd icmp6.c"},
    {kAny, Cause::kIcmp6BeyondScope, EHOSTUNREACH, ENOPROTOOPT, "observed; fbsd icmp6.c"},
    {kAny, Cause::kIcmp6AddressUnreachable, EHOSTUNREACH, EHOSTDOWN, "observed; fbsd icmp6.c"},
    {kAny, Cause::kIcmp6PortUnreachable, ECONNREFUSED, ECONNREFUSED, "observed; fbsd icmp6.c"},
    {kAny, Cause::kIcmp6PolicyFail, EACCES, ECONNREFUSED, "observed; FreeBSD ignores the code"},
    {kAny, Cause::kIcmp6RejectRoute, EACCES, ECONNREFUSED, "observed; FreeBSD ignores the code"},
    {kAny, Cause::kIcmp6TimeExceeded, EHOSTUNREACH, EHOSTUNREACH, "observed; fbsd icmp6.c"},
    {kAny, Cause::kIcmp6ParameterProblem, EPROTO, ENOPROTOOPT, "observed; fbsd icmp6.c"},

    // TCP
    {kAny, Cause::kRstInSynSent, ECONNREFUSED, ECONNREFUSED, "RFC 9293 3.10.7.3, connect(2)"},
    {kAny, Cause::kRstInSynReceived, ECONNRESET, ECONNREFUSED, "Linux tcp_reset; fbsd tcp_input.c"},
    {kAny, Cause::kRstInEstablished, ECONNRESET, ECONNRESET, "RFC 9293 3.10.7.4, recv(2)"},
    {kAny, Cause::kRstInCloseWait, EPIPE, ECONNRESET, "observed; fbsd tcp_input.c"},
    {kAny, Cause::kRstWhileClosing, ECONNRESET, ECONNRESET, "RFC 9293 3.10.7.4"},
    {kAny, Cause::kSynTimeout, ETIMEDOUT, ETIMEDOUT, "connect(2)"},
    {kAny, Cause::kRetransmissionTimeout, ETIMEDOUT, ETIMEDOUT, "tcp(7)"},
    {kAny, Cause::kUserTimeout, ETIMEDOUT, ETIMEDOUT, "tcp(7) TCP_USER_TIMEOUT"},
    {kAny, Cause::kKeepaliveTimeout, ETIMEDOUT, ETIMEDOUT, "tcp(7) TCP_KEEPCNT, tcp(4)"},
    {kAny, Cause::kShutDownWhileConnecting, ECONNRESET, ECONNRESET, "observed"},
    {kAny, Cause::kConnectAborted, ECONNABORTED, ECONNABORTED, "observed: connect() after SO_ERROR took the error; no such state on FreeBSD"},
    {kAny, Cause::kDissolvedWhileConnected, ECONNRESET, ECONNRESET, "observed; FreeBSD does not dissolve streams"},
    {kAny, Cause::kAbortedBeforeAccept, ECONNABORTED, ECONNABORTED, "accept(2); Linux hands the dead connection out"},

    // files and paths
    {kAny, Cause::kPathEmpty, ENOENT, ENOENT, "path_resolution(7); fbsd vfs_lookup.c namei"},
    {kAny, Cause::kPathTooLong, ENAMETOOLONG, ENAMETOOLONG, "path_resolution(7); fbsd vfs_lookup.c namei"},
    {kAny, Cause::kComponentTooLong, ENAMETOOLONG, ENAMETOOLONG, "path_resolution(7); fbsd vfs_lookup.c lookup"},
    {kAny, Cause::kNoSuchEntry, ENOENT, ENOENT, "path_resolution(7)"},
    {kAny, Cause::kDirectoryRemoved, ENOENT, ENOENT, "observed; fbsd ufs_lookup.c"},
    {kAny, Cause::kNotDirectory, ENOTDIR, ENOTDIR, "path_resolution(7)"},
    {kAny, Cause::kIsDirectory, EISDIR, EISDIR, "open(2), rename(2), truncate(2)"},
    {kAny, Cause::kUnlinkDirectory, EISDIR, EPERM, "unlink(2) of each system"},
    {kAny, Cause::kLinkDirectory, EPERM, EPERM, "link(2)"},
    {kAny, Cause::kTooManySymlinks, ELOOP, ELOOP, "path_resolution(7); fbsd vfs_lookup.c namei"},
    {kAny, Cause::kSymlinkNotFollowed, ELOOP, EMLINK, "open(2) of each system"},
    {kAny, Cause::kNotSymlink, EINVAL, EINVAL, "readlink(2)"},
    {kAny, Cause::kSlashAfterNewName, ENOENT, ENOENT, "observed; fbsd vfs_lookup.c lookup"},
    {Operation::kOpen, Cause::kSlashAfterNewName, EISDIR, ENOENT, "observed; fbsd vfs_lookup.c lookup"},
    {kAny, Cause::kDotEntry, EINVAL, EINVAL, "rmdir(2); fbsd vfs_lookup.c lookup"},
    {Operation::kRename, Cause::kDotEntry, EBUSY, EINVAL, "observed; rename(2) of FreeBSD"},
    {Operation::kUnlink, Cause::kDotEntry, EISDIR, EPERM, "observed; fbsd vfs_syscalls.c kern_funlinkat"},
    {kAny, Cause::kDotDotEntry, ENOTEMPTY, EINVAL, "observed: rmdir; fbsd vfs_lookup.c lookup"},
    {Operation::kRename, Cause::kDotDotEntry, EBUSY, EINVAL, "observed; rename(2) of FreeBSD"},
    {Operation::kUnlink, Cause::kDotDotEntry, EISDIR, EPERM, "observed; fbsd vfs_syscalls.c kern_funlinkat"},
    {kAny, Cause::kEntryExists, EEXIST, EEXIST, "mkdir(2), link(2), open(2)"},
    {Operation::kBind, Cause::kEntryExists, EADDRINUSE, EADDRINUSE, "unix(7); fbsd uipc_usrreq.c uipc_bindat"},
    {kAny, Cause::kDirectoryNotEmpty, ENOTEMPTY, ENOTEMPTY, "rmdir(2), rename(2)"},
    {kAny, Cause::kDirectoryBusy, EBUSY, EBUSY, "rmdir(2)"},
    {kAny, Cause::kMoveIntoItself, EINVAL, EINVAL, "rename(2)"},
    {kAny, Cause::kCrossMount, EXDEV, EXDEV, "rename(2), link(2)"},
    {kAny, Cause::kReadOnlyMount, EROFS, EROFS, "open(2), mkdir(2), ..."},
    {kAny, Cause::kSearchDenied, EACCES, EACCES, "path_resolution(7), connect(2)"},
    {kAny, Cause::kAccessDenied, EACCES, EACCES, "path_resolution(7), open(2), connect(2)"},
    {kAny, Cause::kStickyDenied, EPERM, EPERM, "unlink(2); fbsd ufs_lookup.c ufs_delete_denied"},
    {kAny, Cause::kNotOwner, EPERM, EPERM, "chmod(2), chown(2)"},
    {kAny, Cause::kNotGroupMember, EPERM, EPERM, "chmod(2) of FreeBSD; Linux clears the bit in silence"},
    {kAny, Cause::kStickyOnFile, EINVAL, EINVAL, "chmod(2) of FreeBSD: EFTYPE, which this machine has no number for; Linux allows it"},
    {kAny, Cause::kProtectedSymlink, EACCES, EACCES, "proc_sys_fs(5) protected_symlinks; no such setting on FreeBSD"},
    {kAny, Cause::kProtectedHardlink, EPERM, EPERM, "observed: protected_hardlinks; fbsd vfs_syscalls.c can_hardlink"},
    {kAny, Cause::kTooManyLinks, EMLINK, EMLINK, "link(2), mkdir(2)"},
    {kAny, Cause::kNotRegularFile, EINVAL, EINVAL, "truncate(2)"},
    {kAny, Cause::kSocketOpened, ENXIO, EOPNOTSUPP, "observed; fbsd vfs_vnops.c vn_open_vnode"},
    {kAny, Cause::kNotSocketFile, ECONNREFUSED, ENOTSOCK, "observed; fbsd uipc_usrreq.c unp_connectat"},
    {kAny, Cause::kNoReader, ENXIO, ENXIO, "open(2)"},
    {kAny, Cause::kFileTooBig, EFBIG, EFBIG, "write(2), truncate(2)"},
    {kAny, Cause::kNoDataThere, ENXIO, ENXIO, "lseek(2) SEEK_DATA, SEEK_HOLE"},
    {kAny, Cause::kNotSeekable, ESPIPE, ESPIPE, "lseek(2)"},
    {kAny, Cause::kBufferTooSmall, ERANGE, ERANGE, "getcwd(3)"},

    // UNIX sockets
    {kAny, Cause::kUnixFamilyMismatch, EINVAL, EAFNOSUPPORT, "observed; fbsd uipc_usrreq.c uipc_bindat"},
    {kAny, Cause::kUnixNotConnected, ENOTCONN, ENOTCONN, "unix(7), send(2); fbsd uipc_usrreq.c uipc_send"},
    {kRecv, Cause::kUnixNotConnected, EINVAL, ENOTCONN, "observed: streams; fbsd uipc_socket.c soreceive_generic"},
    {kAny, Cause::kNoListener, ECONNREFUSED, ECONNREFUSED, "unix(7); fbsd uipc_usrreq.c unp_connectat"},
    {kAny, Cause::kPeerWrongType, EPROTOTYPE, EPROTOTYPE, "unix(7); fbsd uipc_usrreq.c unp_connectat"},
    {kAny, Cause::kPeerConnectedElsewhere, EPERM, EPERM, "unix(7); FreeBSD's sockets take messages from everybody"},
    {kAny, Cause::kPeerClosedUnread, ECONNRESET, ECONNRESET, "unix(7); fbsd uipc_usrreq.c unp_drop"},
    {kAny, Cause::kDatagramPeerGone, ECONNREFUSED, ECONNRESET, "unix(7); fbsd uipc_usrreq.c unp_drop"},
    {kAny, Cause::kReceiverFull, EAGAIN, ENOBUFS, "unix(7): such a send waits; fbsd uipc_usrreq.c uipc_sosend_dgram"},
    {kAny, Cause::kBacklogFull, EAGAIN, ECONNREFUSED, "connect(2); fbsd uipc_usrreq.c unp_connectat"},
    {kAny, Cause::kListenUnbound, EINVAL, EDESTADDRREQ, "observed; fbsd uipc_usrreq.c uipc_listen"},
    {kAny, Cause::kUnixListenerConnects, EINVAL, EOPNOTSUPP, "observed; fbsd uipc_socket.c soconnectat"},
    {kAny, Cause::kAddressOnStream, EOPNOTSUPP, ENOTCONN, "unix(7); fbsd uipc_socket.c sosend_generic"},
    {kAny, Cause::kNoPeerGroups, ENODATA, EINVAL, "observed; no such option on FreeBSD"},
    {kAny, Cause::kTooManyInFlight, ETOOMANYREFS, ETOOMANYREFS, "unix(7); FreeBSD has no such limit"},

    // processes and tasks
    {kAny, Cause::kNoSuchProcess, ESRCH, ESRCH, "kill(2)"},
    {kAny, Cause::kPipeHoldsMore, EBUSY, EBUSY, "fcntl(2) F_SETPIPE_SZ; no such command on FreeBSD"},
    {kAny, Cause::kNoChild, ECHILD, ECHILD, "wait(2)"},
    {kAny, Cause::kNotAProgram, ENOEXEC, ENOEXEC, "execve(2)"},
    {kAny, Cause::kArgumentsTooLong, E2BIG, E2BIG, "execve(2)"},
    {kAny, Cause::kTooManyInterpreters, ELOOP, ENOEXEC, "execve(2); fbsd imgact_shell.c: one"},
    {kAny, Cause::kChildHasExecuted, EACCES, EACCES, "setpgid(2)"},
    {kAny, Cause::kNotMountPoint, EINVAL, EINVAL, "umount(2), unmount(2)"},
    {kAny, Cause::kMountBusy, EBUSY, EBUSY, "umount(2), unmount(2)"},
};
// clang-format on

constexpr int IndexOf(Cause cause) { return static_cast<int>(cause); }
constexpr int IndexOf(Operation operation) { return static_cast<int>(operation); }

// Which (operation, cause) pairs the table names.
struct Coverage {
  bool covered[kCauseCount] = {};
  int duplicates = 0;
};

constexpr Coverage ComputeCoverage() {
  bool seen[kOperationCount][kCauseCount] = {};
  Coverage coverage;
  for (const ErrnoRule& rule : kRules) {
    bool& pair = seen[IndexOf(rule.operation)][IndexOf(rule.cause)];
    if (pair) ++coverage.duplicates;
    pair = true;
    if (rule.operation == kAny) coverage.covered[IndexOf(rule.cause)] = true;
  }
  return coverage;
}

constexpr Coverage kCoverage = ComputeCoverage();
static_assert(kCoverage.duplicates == 0, "a pair of operation and cause has two rows");

// One assertion for each cause, so that the compiler names the one that is missing.
#define DRYWIRE_CAUSE(name, description) \
  static_assert(kCoverage.covered[IndexOf(Cause::name)], "no kAny row for " #name);
#include "stack/personality/cause.def"
#undef DRYWIRE_CAUSE

}  // namespace

absl::Span<const ErrnoRule> ErrnoRules() { return kRules; }

ErrnoColumn::ErrnoColumn(int (*choose)(const ErrnoRule& rule)) {
  for (const ErrnoRule& rule : kRules) {
    if (rule.operation != kAny) continue;
    for (auto& row : errno_) row[IndexOf(rule.cause)] = static_cast<int16_t>(choose(rule));
  }
  for (const ErrnoRule& rule : kRules) {
    if (rule.operation != kAny) Override(rule.operation, rule.cause, choose(rule));
  }
}

int ErrnoColumn::Errno(Operation operation, Cause cause) const {
  DRYWIRE_CHECK(IndexOf(operation) < kOperationCount && IndexOf(cause) < kCauseCount)
      << "operation " << IndexOf(operation) << ", cause " << IndexOf(cause);
  return errno_[IndexOf(operation)][IndexOf(cause)];
}

void ErrnoColumn::Override(Operation operation, Cause cause, int error) {
  errno_[IndexOf(operation)][IndexOf(cause)] = static_cast<int16_t>(error);
}

void ErrnoColumn::OverrideAll(Cause cause, int error) {
  for (auto& row : errno_) row[IndexOf(cause)] = static_cast<int16_t>(error);
}

const ErrnoColumn& LinuxErrnos() {
  static const ErrnoColumn column(+[](const ErrnoRule& rule) { return rule.linux_errno; });
  return column;
}

const ErrnoColumn& FreeBsdErrnos() {
  static const ErrnoColumn column(+[](const ErrnoRule& rule) { return rule.freebsd_errno; });
  return column;
}

}  // namespace drywire
