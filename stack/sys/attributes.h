// What several calls need of the attributes of files.
#ifndef DRYWIRE_STACK_SYS_ATTRIBUTES_H_
#define DRYWIRE_STACK_SYS_ATTRIBUTES_H_

#include <sys/stat.h>

#include "stack/sys/sys_environment.h"
#include "stack/vfs/node.h"

namespace drywire {

mode_t TypeBits(FileType type);
struct stat ToStat(const SysContext& context, const Attributes& attributes);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_ATTRIBUTES_H_
