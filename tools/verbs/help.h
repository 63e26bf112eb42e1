// `drywire help [VERB]`: the list of verbs, or one of them in detail.

#ifndef DRYWIRE_TOOLS_VERBS_HELP_H_
#define DRYWIRE_TOOLS_VERBS_HELP_H_

#include "tools/verb.h"

namespace drywire {

extern const Verb kHelpVerb;

}  // namespace drywire

#endif  // DRYWIRE_TOOLS_VERBS_HELP_H_
