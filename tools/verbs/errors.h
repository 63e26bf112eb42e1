// `drywire errors`: every errno of connect(2), produced and observed.

#ifndef DRYWIRE_TOOLS_VERBS_ERRORS_H_
#define DRYWIRE_TOOLS_VERBS_ERRORS_H_

#include "tools/verb.h"

namespace drywire {

extern const Verb kErrorsVerb;

}  // namespace drywire

#endif  // DRYWIRE_TOOLS_VERBS_ERRORS_H_
