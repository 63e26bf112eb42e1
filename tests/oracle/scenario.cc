#include "tests/oracle/scenario.h"

#include <algorithm>
#include <utility>

namespace drywire::oracle {
namespace {

std::vector<Scenario>& Registry() {
  static auto* const registry = new std::vector<Scenario>;
  return *registry;
}

}  // namespace

Scenario& Scenario::On(std::string host, std::function<void(Script&)> body) {
  processes.push_back({std::move(host), std::move(body)});
  return *this;
}

Scenario& Scenario::ExpectDifference(std::string row, std::string reason) {
  known.push_back({std::move(row), std::move(reason)});
  return *this;
}

Scenario& Scenario::Slow(int limit) {
  slow = true;
  limit_s = limit;
  return *this;
}

Scenario& Scenario::Watch(std::string host) {
  watched = std::move(host);
  return *this;
}

bool Register(Scenario scenario, void (*define)(Scenario& it)) {
  define(scenario);
  Registry().push_back(std::move(scenario));
  return true;
}

const std::vector<Scenario>& AllScenarios() {
  std::vector<Scenario>& all = Registry();
  std::sort(all.begin(), all.end(),
            [](const Scenario& a, const Scenario& b) { return a.name < b.name; });
  return all;
}

}  // namespace drywire::oracle
