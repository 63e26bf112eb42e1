#include "sim/testing/explore.h"

#include <cstdio>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"
#include "sim/testing/flags.h"

namespace drywire {
namespace {

// The world's seed stands before the recording: "2a.TOKEN".
std::string MakeToken(uint64_t seed, const Recording& recording) {
  return absl::StrCat(absl::Hex(seed), ".", recording.ToToken());
}

struct ParsedToken {
  uint64_t seed = 0;
  Recording recording;
};

absl::StatusOr<ParsedToken> ParseToken(absl::string_view token) {
  const size_t dot = token.find('.');
  ParsedToken parsed;
  if (dot == absl::string_view::npos || !absl::SimpleHexAtoi(token.substr(0, dot), &parsed.seed)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "replay token \"", token, "\": expected SEED.DECISIONS with a hexadecimal seed"));
  }
  absl::StatusOr<Recording> recording = Recording::FromToken(token.substr(dot + 1));
  if (!recording.ok()) return recording.status();
  parsed.recording = *std::move(recording);
  return parsed;
}

// Runs the scenario in one world with gtest's failures diverted into `failures`.
std::string FailuresOf(const Scenario& scenario, World::Options options) {
  ::testing::TestPartResultArray results;
  std::string description;
  {
    ::testing::ScopedFakeTestPartResultReporter divert(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    World world(std::move(options));
    scenario(world);
    ExpectHealthy(world);
    if (results.size() > 0) description = DescribeForFailure(world);
  }
  std::string text;
  for (int i = 0; i < results.size(); ++i) {
    const ::testing::TestPartResult& part = results.GetTestPartResult(i);
    if (!part.failed()) continue;
    absl::StrAppend(&text, part.file_name() == nullptr ? "" : part.file_name(), ":",
                    part.line_number(), ": ", part.message(), "\n");
  }
  return text.empty() ? text : absl::StrCat(text, description);
}

}  // namespace

ExploreResult Explore(uint64_t n, const Scenario& scenario, const ExploreOptions& options) {
  ExploreResult result;
  for (uint64_t i = 0; i < n && !result.failed; ++i) {
    const uint64_t seed = options.first_seed + i;
    RandomChoice random(seed, options.policy);
    RecordingChoice recording(&random);
    World::Options world = options.world;
    world.seed = seed;
    world.choice = &recording;
    result.message = FailuresOf(scenario, world);
    ++result.runs;
    if (result.message.empty()) continue;
    result.failed = true;
    result.failing_seed = seed;
    result.token = MakeToken(seed, recording.recording());
  }
  return result;
}

void ExploreSeeds(uint64_t n, const Scenario& scenario, const ExploreOptions& options) {
  if (!GetTestFlags().replay.empty()) return Replay(GetTestFlags().replay, scenario, options);
  const ExploreResult result = Explore(n, scenario, options);
  if (!result.failed) return;
  ADD_FAILURE() << "seed " << result.failing_seed << " fails (run " << result.runs << " of " << n
                << "):\n"
                << result.message << "to replay this run: "
                << RerunCommand(absl::StrCat("--drywire_replay=", result.token));
}

void Replay(const std::string& token, const Scenario& scenario, const ExploreOptions& options) {
  absl::StatusOr<ParsedToken> parsed = ParseToken(token);
  if (!parsed.ok()) {
    ADD_FAILURE() << parsed.status().message();
    return;
  }
  ReplayChoice choice(parsed->recording);
  World::Options world_options = options.world;
  world_options.seed = parsed->seed;
  world_options.choice = &choice;
  World world(std::move(world_options));
  scenario(world);
  ExpectHealthy(world);
  const absl::Status finish = choice.Finish();
  if (!finish.ok()) {
    ADD_FAILURE() << "this is not the run that was recorded: " << finish.message();
  }
  std::fprintf(stderr, "--- timeline of the replayed run\n%s%s",
               FormatTimeline(world.capture()).c_str(), DescribeForFailure(world).c_str());
}

}  // namespace drywire
