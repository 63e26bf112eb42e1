// The library door's calls on users and groups.
#include <grp.h>
#include <unistd.h>

#include "stack/sys/syscalls.h"
#include "tools/posix/invoke.h"
#include "tools/posix/posix.h"

namespace drywire::posix {

DRYWIRE_FORWARD(uid_t, getuid, SysGetuid, (void), context)
DRYWIRE_FORWARD(uid_t, geteuid, SysGeteuid, (void), context)
DRYWIRE_FORWARD(gid_t, getgid, SysGetgid, (void), context)
DRYWIRE_FORWARD(gid_t, getegid, SysGetegid, (void), context)
DRYWIRE_FORWARD(int, getresuid, SysGetresuid, (uid_t * real, uid_t* effective, uid_t* saved),
                context, real, effective, saved)
DRYWIRE_FORWARD(int, getresgid, SysGetresgid, (gid_t * real, gid_t* effective, gid_t* saved),
                context, real, effective, saved)
DRYWIRE_FORWARD(int, getgroups, SysGetgroups, (int size, gid_t* list), context, size, list)
DRYWIRE_FORWARD(int, setuid, SysSetuid, (uid_t uid), context, uid)
DRYWIRE_FORWARD(int, seteuid, SysSeteuid, (uid_t uid), context, uid)
DRYWIRE_FORWARD(int, setreuid, SysSetreuid, (uid_t real, uid_t effective), context, real, effective)
DRYWIRE_FORWARD(int, setresuid, SysSetresuid, (uid_t real, uid_t effective, uid_t saved), context,
                real, effective, saved)
DRYWIRE_FORWARD(int, setgid, SysSetgid, (gid_t gid), context, gid)
DRYWIRE_FORWARD(int, setegid, SysSetegid, (gid_t gid), context, gid)
DRYWIRE_FORWARD(int, setregid, SysSetregid, (gid_t real, gid_t effective), context, real, effective)
DRYWIRE_FORWARD(int, setresgid, SysSetresgid, (gid_t real, gid_t effective, gid_t saved), context,
                real, effective, saved)
DRYWIRE_FORWARD(int, setgroups, SysSetgroups, (size_t size, const gid_t* list), context, size, list)

}  // namespace drywire::posix
