#include "logs.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

namespace flotilla::shop {

Result<LogFindings> scan_logs(const std::string& folder, const driver::LogScan& scan) {
    LogFindings findings;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        if (!entry->is_regular_file()) continue;
        ++findings.files;
        std::ifstream file(entry->path());
        std::string line;
        for (std::uint64_t number = 1; std::getline(file, line); ++number) {
            ++findings.lines;
            if (const auto leak = scan.leak_in(line))
                findings.violations.push_back(
                    {6, fmt::format("{}:{} holds {}", entry->path().string(), number, *leak)}
                );
        }
    }
    if (error) return fail(Error(error, fmt::format("cannot read {}: {}", folder, error.message())));
    return findings;
}

}  // namespace flotilla::shop
