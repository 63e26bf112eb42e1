/* Compile source that knows nothing of Drywire against the library door.
 *
 * Put this before everything else in the source, by the compiler's own means:
 *
 *   cc_library(
 *       name = "client",
 *       srcs = ["client.c"],
 *       copts = ["-include", "tools/posix/compat.h"],
 *       deps = ["@drywire//tools/posix:compat"],
 *   )
 *
 * The source's calls of connect(), read(), time() and the others in functions.def then go to
 * drywire_posix_connect() and so on. Only external names change: members, variables and types
 * called "connect" stay what they are, and so does the address of a function taken as a callback. C
 * and C++, gcc and clang. Code in other objects and in libraries is not touched: see :interpose for
 * that.
 *
 * The C library's checked variants (_FORTIFY_SOURCE) would go around the renaming and are switched
 * off. Do not compile with _FILE_OFFSET_BITS=64 (fcntl() would escape).
 * Paths are the simulated host's; fopen() is the C library's, and real descriptors are not known
 * here. std::chrono's clocks and std::this_thread::sleep_for() call the C library
 * from libstdc++: link :interpose too when they must show virtual time.
 */
#ifndef DRYWIRE_TOOLS_POSIX_COMPAT_H_
#define DRYWIRE_TOOLS_POSIX_COMPAT_H_

#undef _FORTIFY_SOURCE

/* Names before declarations: the compiler applies them when it sees the declaration. */
#define DRYWIRE_PRAGMA(text) _Pragma(#text)
#define DRYWIRE_RENAME(name) DRYWIRE_PRAGMA(redefine_extname name drywire_posix_##name)
#define DRYWIRE_POSIX(type, name, parameters, arguments) DRYWIRE_RENAME(name)
#include "tools/posix/file_functions.def"
#include "tools/posix/functions.def"
#undef DRYWIRE_POSIX
DRYWIRE_RENAME(open)
DRYWIRE_RENAME(creat)
DRYWIRE_RENAME(openat)
DRYWIRE_RENAME(fdopendir)
DRYWIRE_RENAME(fcntl)
DRYWIRE_RENAME(ioctl)
DRYWIRE_RENAME(fork)
DRYWIRE_RENAME(vfork)
DRYWIRE_RENAME(execl)
DRYWIRE_RENAME(execlp)
DRYWIRE_RENAME(execle)
#pragma redefine_extname open64 drywire_posix_open
#pragma redefine_extname openat64 drywire_posix_openat
#pragma redefine_extname readdir64 drywire_posix_readdir
#pragma redefine_extname lseek64 drywire_posix_lseek
#pragma redefine_extname fcntl64 drywire_posix_fcntl
#undef DRYWIRE_RENAME
#undef DRYWIRE_PRAGMA

/* Declared here as <sys/wait.h> does, for many a program without that header has a variable of this
 * name, and the first declaration must be the function's. */
#ifdef __cplusplus
extern "C" {
#endif
int wait(int*);
#ifdef __cplusplus
}
#endif

#endif /* DRYWIRE_TOOLS_POSIX_COMPAT_H_ */
