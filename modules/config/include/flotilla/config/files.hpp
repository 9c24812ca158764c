#pragma once
/// Where configuration files are read from: the disk, or a map in tests.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"

namespace flotilla::config {

class Files {
public:
    virtual ~Files() = default;

    /// The content; `Errc::not_found` when there is no such file.
    [[nodiscard]] virtual Result<std::string> read(const std::string& path) const = 0;
    /// Names in a folder, sorted; folders end with a slash. Empty when there is no such folder.
    [[nodiscard]] virtual std::vector<std::string> list(const std::string& folder) const = 0;

    static std::shared_ptr<const Files> disk();

protected:
    Files() = default;
    Files(const Files&) = default;
    Files& operator=(const Files&) = default;
};

/// Files in memory, by path. Not for concurrent change.
class MemoryFiles final : public Files {
public:
    MemoryFiles() = default;

    explicit MemoryFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}

    void put(const std::string& path, std::string content) { files_[path] = std::move(content); }

    void erase(const std::string& path) { files_.erase(path); }

    [[nodiscard]] Result<std::string> read(const std::string& path) const override;
    [[nodiscard]] std::vector<std::string> list(const std::string& folder) const override;

private:
    std::map<std::string, std::string> files_;
};

}  // namespace flotilla::config
