#include "stack/socket/file.h"

namespace drywire {

Result<size_t> File::Read(absl::Span<const Buffer>) { return Cause::kNotSupported; }
Result<size_t> File::Write(absl::Span<const Buffer>) { return Cause::kNotSupported; }

void File::Delete() { delete this; }

}  // namespace drywire
