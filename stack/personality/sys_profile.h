// The system call layer's part of a system's profile: the order of checks, what restarts, how long
// calls wait, which readiness bits select() looks at.
//
// The defaults are Linux's; FreeBsdProfile() changes what differs. Sources: signal(7), socket(7),
// select(2) and epoll(7) as observed on Linux 6.18; FreeBSD's sigaction(2), connect(2), poll(2),
// uipc_syscalls.c, sys_generic.c and the notes of a FreeBSD 13.0 stack.
#ifndef DRYWIRE_STACK_PERSONALITY_SYS_PROFILE_H_
#define DRYWIRE_STACK_PERSONALITY_SYS_PROFILE_H_

#include <cstdint>

namespace drywire {

struct SysProfile {
  // --- uname(2) ---
  const char* sysname = "Linux";
  const char* release = "6.18.0";
  const char* version = "#1 SMP PREEMPT_DYNAMIC";
  const char* machine = "x86_64";

  // --- Order of checks ---
  // Addresses and their lengths are copied in and judged before the descriptor is looked at.
  bool arguments_before_descriptor = false;
  // pread() and pwrite() judge the offset before the descriptor; FreeBSD's kern_preadv() does so
  // last.
  bool offset_before_descriptor = true;
  // There are splice(), and a sendfile() with the same parameters as Linux's.
  bool has_splice = true;
  // recvmsg() refuses a name of negative length.
  bool receive_refuses_negative_name = true;
  // sendmsg() cuts a name that is longer than any address to that length.
  bool send_cuts_long_name = true;
  // A negative poll() timeout other than -1 is an error (on Linux it means for ever).
  bool poll_rejects_negative_timeout = false;

  // --- Signals ---
  // connect() goes on waiting after a handler with SA_RESTART.
  bool connect_restarts = true;
  // SO_RCVTIMEO and SO_SNDTIMEO keep calls from being restarted.
  bool timeouts_prevent_restart = true;

  // --- Ends of processes ---
  // What a process has open ends in reverse: the file whose last descriptor has the highest number
  // first (exit_files() defers each to a stack of work).
  bool exit_closes_last_first = true;

  // --- Waiting ---
  bool connect_obeys_send_timeout = true;
  bool accept_obeys_receive_timeout = true;
  // A blocking connect() while an earlier attempt is pending waits for it; otherwise EALREADY.
  bool pending_connect_waits = true;
  // A close() whose SO_LINGER time passes reports EAGAIN instead of 0.
  bool linger_expiry_is_error = false;
  // recv() with MSG_PEEK and MSG_WAITALL waits until all that was asked for can be seen.
  bool peek_waits_for_all = true;
  // close() lingers on non-blocking sockets too.
  bool linger_when_nonblocking = true;
  // The socket that accept() (not accept4) returns has the listener's O_NONBLOCK.
  bool accept_inherits_nonblocking = false;
  // select() writes the time that is left into its argument.
  bool select_updates_timeout = true;

  // --- Programs ---
  int64_t exec_string_max = 131072;  // bytes of one argument and its NUL
  int64_t exec_total_max = 2097152;  // of all, with the environment and the pointers
  int64_t exec_interpreters = 5;     // of a script, its interpreter, and so on

  // --- Pipes and FIFOs ---
  // Both ends of a pipe read and write.
  bool pipes_are_bidirectional = false;
  // A pipe holds pages, and a write that does not fit behind what the last page holds begins
  // another; otherwise it holds bytes.
  bool pipe_holds_pages = true;
  int64_t pipe_size = 65536;          // what a new pipe holds
  int64_t pipe_grown_size = 65536;    // what it grows to when more is written
  int64_t pipe_reverse_size = 65536;  // what it holds of the other direction, if there is one
  int64_t pipe_buf = 4096;            // PIPE_BUF: as much is written at once or not at all
  // fs.pipe-max-size: what F_SETPIPE_SZ of the unprivileged gives at most; 0: no such command.
  int64_t pipe_max_size = 1048576;
  // When nobody writes any more a pipe is readable, besides being hung up; when nobody reads any
  // more it is writable and hung up (otherwise writable and in error).
  bool pipe_end_is_readable = false;

  // --- Events as files ---
  bool has_signalfd = true;
  // poll() of an eventfd or a timerfd knows POLLRDNORM and POLLWRNORM.
  bool event_files_poll_norm = false;
  // A write to an eventfd must be of 8 bytes, not only of so many at least.
  bool event_write_is_exact = true;
  // lseek() of an eventfd and its like does nothing, instead of failing.
  bool event_files_have_position = true;

  // --- Readiness ---
  bool has_epoll = true;
  // Which bits of poll() make select() report a descriptor in its three sets.
  uint32_t select_read_bits = 0x001 | 0x040 | 0x080 | 0x010 | 0x008;  // IN RDNORM RDBAND HUP ERR
  uint32_t select_write_bits = 0x004 | 0x100 | 0x200 | 0x008;         // OUT WRNORM WRBAND ERR
  uint32_t select_except_bits = 0x002;                                // PRI
  // SIOCATMARK answers on sockets that have no urgent data, too (soo_ioctl).
  bool every_socket_has_mark = false;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_SYS_PROFILE_H_
