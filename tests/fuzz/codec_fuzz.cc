// The packet decoders take any bytes; what they accept must survive encoding and decoding again.
#include "absl/strings/string_view.h"
#include "sim/core/check.h"
#include "stack/wire/codec.h"
#include "tests/fuzz/fuzz.h"
#include "tests/stack/wire/random_packet.h"

namespace drywire {

std::vector<std::string> FuzzSeeds() {
  Rng rng(5);
  std::vector<std::string> seeds;
  for (int i = 0; i < 64; ++i) {
    std::vector<uint8_t> bytes;
    DRYWIRE_CHECK(EncodePacket(RandomPacket(rng), &bytes).ok());
    seeds.emplace_back(bytes.begin(), bytes.end());
  }
  return seeds;
}

}  // namespace drywire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using drywire::Packet;
  drywire::DecodeArp({data, size}).IgnoreError();
  const absl::StatusOr<Packet> packet = drywire::DecodePacket({data, size});
  if (!packet.ok()) return 0;
  (void)packet->ToString();
  std::vector<uint8_t> bytes;
  const absl::Status encoded = drywire::EncodePacket(*packet, &bytes);
  DRYWIRE_CHECK(encoded.ok()) << encoded.message() << ": " << packet->ToString();
  const absl::StatusOr<Packet> again = drywire::DecodePacket(bytes);
  DRYWIRE_CHECK(again.ok()) << again.status().message() << ": " << packet->ToString();
  DRYWIRE_CHECK_EQ(again->Digest(), packet->Digest()) << packet->ToString();
  return 0;
}
