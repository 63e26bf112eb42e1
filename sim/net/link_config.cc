#include "sim/net/link_config.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace drywire {

absl::Status LinkConfig::Validate() const {
  const struct {
    const char* name;
    Duration value;
  } durations[] = {{"latency", latency}, {"jitter", jitter}, {"reorder_delay", reorder_delay}};
  for (const auto& duration : durations) {
    if (duration.value < Duration::Zero() || duration.value > Duration::Seconds(86'400)) {
      return absl::InvalidArgumentError(absl::StrCat(
          duration.name, " is ", FormatDuration(duration.value), ": must be from 0s to 86400s"));
    }
  }
  // The smallest MTU an IPv4 link may have (RFC 791).
  if (mtu < 68 || mtu > 65'536) {
    return absl::InvalidArgumentError(absl::StrCat("mtu is ", mtu, ": must be from 68 to 65536"));
  }
  return absl::OkStatus();
}

std::string LinkConfig::ToString() const {
  const LinkConfig defaults;
  std::string text;
  const auto item = [&text](auto&&... parts) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", parts...);
  };
  if (latency != defaults.latency) item("latency ", FormatDuration(latency));
  if (jitter != defaults.jitter) item("jitter ", FormatDuration(jitter));
  if (jitter_reorders) item("jitter reorders");
  if (bandwidth != 0) item("bandwidth ", bandwidth, " bit/s");
  if (queue_packets != 0) item("queue ", queue_packets, " packets");
  if (queue_bytes != 0) item("queue ", queue_bytes, " bytes");
  if (mtu != defaults.mtu) item("mtu ", mtu);
  if (!loss.is_never()) item("loss ", loss.ppm(), " ppm");
  if (!duplicate.is_never()) item("duplicate ", duplicate.ppm(), " ppm");
  if (!corrupt.is_never()) item("corrupt ", corrupt.ppm(), " ppm");
  if (!reorder.is_never()) item("reorder ", reorder.ppm(), " ppm");
  if (reorder_delay != defaults.reorder_delay) {
    item("reorder delay ", FormatDuration(reorder_delay));
  }
  if (reorder_gap != 0) item("reorder gap ", reorder_gap);
  return text.empty() ? "plain" : text;
}

LinkConfig LoopbackConfig() {
  LinkConfig config;
  config.mtu = 65'536;
  return config;
}

}  // namespace drywire
