#include "tools/errors/atlas.h"

#include <algorithm>
#include <utility>

namespace drywire {

std::vector<AtlasRow> Atlas() {
  std::vector<AtlasRow> rows;
  for (absl::Span<const AtlasRow> some :
       {DescriptorRows(), AddressRows(), PortRows(), RouteRows(), FirewallRows(), HandshakeRows(),
        StreamRows(), UdpRows(), UnixRows()}) {
    rows.insert(rows.end(), some.begin(), some.end());
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const AtlasRow& a, const AtlasRow& b) { return a.page < b.page; });
  return rows;
}

AtlasResult RunRow(const AtlasRow& row, System system, uint64_t seed,
                   std::unique_ptr<Scene>* scene) {
  const AtlasColumn& column = row.On(system);
  SceneOptions options = column.options;
  options.seed = seed;
  *scene = std::make_unique<Scene>(system, options);
  column.play(**scene);
  (*scene)->Run();
  AtlasResult result = {.row = row,
                        .system = system,
                        .observed = (*scene)->observation().text,
                        .when = (*scene)->observation().when,
                        .problem = (*scene)->Problem()};
  if (result.problem.empty() && !(*scene)->observation().any) {
    result.problem = "the scene ended before the call it is about";
  }
  return result;
}

AtlasResult RunRow(const AtlasRow& row, System system, uint64_t seed) {
  std::unique_ptr<Scene> scene;
  return RunRow(row, system, seed, &scene);
}

}  // namespace drywire
