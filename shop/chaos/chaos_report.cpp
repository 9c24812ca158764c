#include "chaos_report.hpp"

#include <fmt/format.h>

#include "flotilla/reflect/types.hpp"

namespace flotilla::shop {

std::string announce(double at_seconds, const driver::Fault& fault, std::int64_t pid) {
    std::string text =
        fmt::format("{:6.1f} s  {:<4}  {}", at_seconds, reflect::enum_text(fault.kind), fault.part);
    if (pid > 0) text += fmt::format(" (pid {})", pid);
    if (fault.kind == driver::FaultKind::flag)
        text += fmt::format(" {}={}", fault.flag.property, fault.flag.value);
    if (fault.length > Duration::zero())
        text += fmt::format(" for {:.1f} s", std::chrono::duration<double>(fault.length).count());
    return text;
}

std::string outcome(const FaultRecord& fault) {
    if (!fault.trouble.empty()) return fmt::format("{:16}{}", "", fault.trouble);
    return fmt::format("{:16}well again after {:.2f} s", "", fault.healed_seconds);
}

}  // namespace flotilla::shop
