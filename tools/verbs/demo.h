// `drywire demo`: a connect() that nobody answers, 131 seconds of it at once.

#ifndef DRYWIRE_TOOLS_VERBS_DEMO_H_
#define DRYWIRE_TOOLS_VERBS_DEMO_H_

#include "tools/verb.h"

namespace drywire {

extern const Verb kDemoVerb;

}  // namespace drywire

#endif  // DRYWIRE_TOOLS_VERBS_DEMO_H_
