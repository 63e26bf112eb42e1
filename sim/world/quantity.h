// Quantities with units as people write them, read exactly: integers only, no rounding.
//
// A value finer than what it is stored in ("0.1ns", "0.00001%") is an error, not a rounded value.
#ifndef DRYWIRE_SIM_WORLD_QUANTITY_H_
#define DRYWIRE_SIM_WORLD_QUANTITY_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sim/core/rng.h"
#include "sim/core/time.h"

namespace drywire {

// "20ms", "1.5s", "0": ns, us, ms, s, min, h. Not negative.
absl::StatusOr<Duration> ParseDuration(absl::string_view text);
// Bits per second: "10Mbit/s", "9600bit/s", "1.5Gbit/s"; bit/s, kbit/s, Mbit/s, Gbit/s, decimal.
absl::StatusOr<uint64_t> ParseRate(absl::string_view text);
// "0.1%", "250ppm", "0", "100%".
absl::StatusOr<Probability> ParseProbability(absl::string_view text);
// Bytes: "1500", "1500B", "64KiB", "1MiB", "64kB", "1MB".
absl::StatusOr<uint64_t> ParseSize(absl::string_view text);

}  // namespace drywire

#endif  // DRYWIRE_SIM_WORLD_QUANTITY_H_
