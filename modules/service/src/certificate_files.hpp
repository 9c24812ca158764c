#pragma once
// The files that TLS reads: where they are, and whether they have changed.

#include <cstdint>
#include <optional>
#include <vector>

#include "flotilla/runtime/tls.hpp"

namespace flotilla::service {

/// Which files, and when they were written: of one that is not there nothing is known.
struct FilePrint {
    struct File {
        std::uint64_t number = 0;
        std::int64_t written = 0;
        std::int64_t size = -1;

        bool operator==(const File&) const = default;
    };

    std::vector<File> files;

    bool operator==(const FilePrint&) const = default;
};

/// Asks the disk.
FilePrint print_of(const runtime::TlsConfig& config);

bool follows_files(const std::optional<runtime::TlsConfig>& config) noexcept;

}  // namespace flotilla::service
