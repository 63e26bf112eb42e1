// `drywire version`: the release this program was built from.

#ifndef DRYWIRE_TOOLS_VERBS_VERSION_H_
#define DRYWIRE_TOOLS_VERBS_VERSION_H_

#include "tools/verb.h"

namespace drywire {

extern const Verb kVersionVerb;

}  // namespace drywire

#endif  // DRYWIRE_TOOLS_VERBS_VERSION_H_
