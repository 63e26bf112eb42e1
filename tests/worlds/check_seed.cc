#include "tests/worlds/check_seed.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sim/core/choice.h"
#include "sim/core/rng.h"
#include "tests/worlds/random_world.h"

namespace drywire::worlds {
namespace {

constexpr size_t kPacketsDescribed = 5000;

// The choices of a seed: explored and recorded, or first come, first served.
class Explored {
 public:
  explicit Explored(uint64_t seed) {
    RandomPolicy policy;
    if (!PolicyOf(seed, &policy)) return;
    random_ = std::make_unique<RandomChoice>(seed, policy);
    recording_ = std::make_unique<RecordingChoice>(random_.get());
  }
  Choice* choice() { return recording_.get(); }
  std::unique_ptr<ReplayChoice> Replay() const {
    return recording_ == nullptr ? nullptr
                                 : std::make_unique<ReplayChoice>(recording_->recording());
  }

 private:
  std::unique_ptr<RandomChoice> random_;
  std::unique_ptr<RecordingChoice> recording_;
};

RandomWorldOptions Options(uint64_t seed, Choice* choice, size_t keep = 0) {
  RandomWorldOptions options;
  options.seed = seed;
  options.choice = choice;
  options.keep_records = keep;
  return options;
}

std::string Difference(uint64_t seed) {
  Explored explored(seed);
  RandomWorld first(Options(seed, explored.choice(), Trace::kKeepAll));
  first.Run();
  const std::unique_ptr<ReplayChoice> replay = explored.Replay();
  RandomWorld second(Options(seed, replay.get(), Trace::kKeepAll));
  second.Run();
  const std::optional<TraceDifference> difference =
      FirstDifference(first.world().trace(), second.world().trace());
  return difference.has_value() ? difference->text
                                : "two more runs, with all records kept, did not differ\n";
}

}  // namespace

SeedResult CheckSeed(uint64_t seed) {
  SeedResult result;
  Explored explored(seed);
  {
    RandomWorld first(Options(seed, explored.choice()));
    first.Run();
    result.digest = first.digest();
    result.records = first.world().trace().count();
    result.calls = first.calls();
    if (!first.violations().empty()) {
      result.failure =
          absl::StrCat("seed ", seed, ":\n  ", absl::StrJoin(first.violations(), "\n  "), "\n");
    }
  }
  const std::unique_ptr<ReplayChoice> replay = explored.Replay();
  RandomWorld second(Options(seed, replay.get()));
  second.Run();
  if (replay != nullptr && !replay->Finish().ok()) {
    absl::StrAppend(&result.failure, "seed ", seed,
                    ": the replay is not the recorded run: ", replay->Finish().message(), "\n");
  }
  if (second.digest() == result.digest) return result;
  absl::StrAppend(&result.failure, "seed ", seed, ": two runs differ: ", result.digest.ToString(),
                  " and ", second.digest().ToString(), "\n", Difference(seed));
  return result;
}

SeedResult RunSeed(uint64_t seed) {
  Explored explored(seed);
  RandomWorld world(Options(seed, explored.choice()));
  world.Run();
  SeedResult result;
  result.digest = world.digest();
  result.records = world.world().trace().count();
  result.calls = world.calls();
  result.failure = absl::StrJoin(world.violations(), "\n");
  return result;
}

std::string DescribeSeed(uint64_t seed) {
  Explored explored(seed);
  RandomWorldOptions options = Options(seed, explored.choice(), Trace::kKeepAll);
  options.keep_packets = kPacketsDescribed;
  RandomWorld world(options);
  std::string text = world.Describe();
  world.Run();
  const Trace& trace = world.world().trace();
  absl::StrAppend(&text, trace.FormatLast(trace.kept()), "packets:\n",
                  FormatTimeline(world.world().capture()), "tasks:\n",
                  world.world().DescribeTasks(), "violations:\n",
                  absl::StrJoin(world.violations(), "\n"), "\n");
  return text;
}

void CombinedDigest::Add(const Digest& digest) {
  digest_.high = MixBits(digest_.high * 31 + digest.high);
  digest_.low = MixBits(digest_.low * 37 + digest.low);
}

std::string CombinedDigest::ToString() const { return digest_.ToString(); }

}  // namespace drywire::worlds
