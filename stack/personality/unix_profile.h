// The UNIX-domain part of a system's profile.
//
// The defaults are Linux's; FreeBsdProfile() changes what differs. Sources: unix(7) and
// net/unix/af_unix.c as observed on Linux 6.18; unix(4), uipc_usrreq.c and uipc_socket.c of FreeBSD
// 14 and facts observed on 13.0.
#ifndef DRYWIRE_STACK_PERSONALITY_UNIX_PROFILE_H_
#define DRYWIRE_STACK_PERSONALITY_UNIX_PROFILE_H_

#include <cstdint>

namespace drywire {

// What limits a sender.
enum class UnixFlowRule : uint8_t {
  // Linux: the memory of what it sent and nobody has read yet, against its SO_SNDBUF; and, for
  // datagrams to a socket that is not connected back, the messages in the receiver's queue.
  kSenderMemory,
  // FreeBSD: the bytes in the receiver's queue, against the sender's SO_SNDBUF for streams and the
  // receiver's SO_RCVBUF for datagrams.
  kReceiverBytes,
};

struct UnixProfile {
  // socket() takes the family as a protocol, and SOCK_RAW for SOCK_DGRAM.
  bool protocol_may_be_family = true;

  // --- Addresses ---
  int64_t max_address = 110;  // sizeof(struct sockaddr_un); FreeBSD's is shorter
  bool abstract_names = true;
  // bind() to an address that is a family only chooses an abstract name.
  bool autobind = true;
  // The family is judged after the length and is an invalid argument; otherwise it is judged first
  // and is a family that is not supported.
  bool wrong_family_is_invalid = true;
  // A name is reported with its NUL, whether or not bind() was given one.
  bool names_end_in_nul = true;
  // Length of the address of a socket without a name: the family; FreeBSD: struct sockaddr.
  int64_t unnamed_length = 2;
  // getpeername() of a connected socket whose peer is gone still tells the peer's name.
  bool closed_peer_has_name = true;
  // recvfrom() and recvmsg() of streams tell the sender's name.
  bool streams_tell_source = true;
  // Messages of unnamed senders have an address of no bytes rather than an unnamed one.
  bool unnamed_source_is_empty = true;
  // bind() looks at whether the socket has a name after it has made the inode, and removes that
  // again.
  bool bind_makes_inode_first = true;

  // --- connect ---
  // Whether the socket may be connected is judged after its destination was found.
  bool destination_first = true;
  // A connect() to a listener whose queue is full waits; otherwise it is refused.
  bool full_backlog_waits = true;
  // A queue of n admits connections while it holds at most n * numerator / 2.
  int64_t backlog_halves = 2;
  // A datagram socket that is connected takes messages from its peer only.
  bool connected_refuses_others = true;
  // connect() to AF_UNSPEC dissolves and succeeds; otherwise it dissolves and fails.
  bool dissolve_succeeds = true;

  // --- Queues ---
  UnixFlowRule flow_rule = UnixFlowRule::kSenderMemory;
  int64_t max_dgram_qlen = 10;  // net.unix.max_dgram_qlen
  // net.local.*: buffers in bytes; 0: those of the socket layer
  int64_t stream_send_space = 0;
  int64_t stream_receive_space = 0;
  int64_t datagram_max = 0;
  int64_t datagram_receive_space = 0;
  int64_t seqpacket_max = 0;
  int64_t seqpacket_receive_space = 0;
  // A full receiver of datagrams is an error at once, however long one would wait.
  bool full_receiver_is_error = false;

  // --- Ends ---
  // Closing with data unread, or with connections in the queue, is an error to the peer.
  bool unread_data_resets = true;
  // A datagram socket whose peer was closed learns of it by an error at its next call, rather than
  // when it sends.
  bool peer_close_is_told = false;
  // shutdown() needs a connection.
  bool shutdown_needs_connection = false;
  // recv() of messages tells a pending error before what is queued.
  bool message_error_before_data = true;
  bool eof_polls_rdhup = true;
  bool error_polls_as_error = true;  // POLLERR; otherwise it can be read and written
  // A stream that is not connected polls HUP (and is writable).
  bool unconnected_polls_hup = true;

  // --- Ancillary data ---
  bool linux_credentials = true;  // SCM_CREDENTIALS, SO_PASSCRED, SO_PEERCRED, SO_PEERGROUPS
  bool bsd_credentials = false;   // SCM_CREDS, LOCAL_PEERCRED, LOCAL_CREDS
  int64_t max_rights = 253;       // SCM_MAX_FD: descriptors in one message
  bool limits_in_flight = true;   // a user's descriptors under way: RLIMIT_NOFILE
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_UNIX_PROFILE_H_
