#include "tests/oracle/sniffer.h"

namespace drywire::oracle {
std::unique_ptr<Sniffer> Sniffer::Start(const std::string&, const std::string&) { return nullptr; }
Sniffer::~Sniffer() = default;
std::string Sniffer::Finish() { return ""; }
}  // namespace drywire::oracle
