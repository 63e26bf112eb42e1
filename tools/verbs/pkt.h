// `drywire pkt`: runs packetdrill scripts in virtual time. See docs/pkt.md.
#ifndef DRYWIRE_TOOLS_VERBS_PKT_H_
#define DRYWIRE_TOOLS_VERBS_PKT_H_

#include "tools/verb.h"

namespace drywire {

extern const Verb kPktVerb;

}  // namespace drywire

#endif  // DRYWIRE_TOOLS_VERBS_PKT_H_
