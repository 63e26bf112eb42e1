// The error atlas: every errno that connect(2) is documented with, each as a scene that produces
// it.
//
// A row is a promise of the two manual pages (FreeBSD's and Linux's connect(2)), a behaviour they
// state, or one more cause of an errno. It has a column for each system, because the same
// condition may be answered differently: what is expected there, from which source, and the scene.
// The rows are in rows_*.cc, by subject.
#ifndef DRYWIRE_TOOLS_ERRORS_ATLAS_H_
#define DRYWIRE_TOOLS_ERRORS_ATLAS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "sim/core/time.h"
#include "tools/errors/scene.h"

namespace drywire {

enum class AtlasPage : uint8_t {
  kFreeBsd,    // a row of FreeBSD's connect(2)
  kLinux,      // a row of Linux's connect(2)
  kBehaviour,  // what the pages state besides errors
  kCause,      // not promised: one more way to an errno, for its explanation
};

// What one system does.
struct AtlasColumn {
  // What the scene must observe: errno names, "0" for success, joined by ", "; for a behaviour,
  // a statement.
  absl::string_view expected;
  // How the condition is produced, by which knob if no current release does it, and the source.
  absl::string_view how;
  void (*play)(Scene& scene);
  SceneOptions options = {};
};

struct AtlasRow {
  absl::string_view id;
  AtlasPage page;
  absl::string_view condition;  // in our own words
  AtlasColumn on_linux;
  AtlasColumn on_freebsd;

  const AtlasColumn& On(System system) const {
    return system == System::kLinux ? on_linux : on_freebsd;
  }
};

// All rows, page by page.
std::vector<AtlasRow> Atlas();

// What was seen of one row on one system.
struct AtlasResult {
  AtlasRow row;
  System system;
  std::string observed;
  Instant when;         // at which the last observed call returned
  std::string problem;  // what kept the scene from being right, e.g. a deadlock; else empty
  bool ok() const { return problem.empty() && observed == row.On(system).expected; }
};

// Builds and runs the scene. The second form leaves the scene for a closer look.
AtlasResult RunRow(const AtlasRow& row, System system, uint64_t seed);
AtlasResult RunRow(const AtlasRow& row, System system, uint64_t seed,
                   std::unique_ptr<Scene>* scene);

// The rows by subject.
absl::Span<const AtlasRow> DescriptorRows();
absl::Span<const AtlasRow> AddressRows();
absl::Span<const AtlasRow> PortRows();
absl::Span<const AtlasRow> RouteRows();
absl::Span<const AtlasRow> FirewallRows();
absl::Span<const AtlasRow> HandshakeRows();
absl::Span<const AtlasRow> StreamRows();
absl::Span<const AtlasRow> UdpRows();
absl::Span<const AtlasRow> UnixRows();

}  // namespace drywire

#endif  // DRYWIRE_TOOLS_ERRORS_ATLAS_H_
