#include "flotilla/config/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace flotilla::config {

namespace {

namespace fs = std::filesystem;

class DiskFiles final : public Files {
public:
    [[nodiscard]] Result<std::string> read(const std::string& path) const override {
        std::error_code error;
        if (!fs::is_regular_file(path, error)) return fail(Errc::not_found, fmt::format("no file {}", path));
        std::ifstream stream(path, std::ios::binary);
        std::ostringstream content;
        content << stream.rdbuf();
        if (!stream) return fail(Errc::io, fmt::format("cannot read {}", path));
        return std::move(content).str();
    }

    [[nodiscard]] std::vector<std::string> list(const std::string& folder) const override {
        std::vector<std::string> names;
        std::error_code error;
        for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
            std::error_code ignored;
            names.push_back(at->path().filename().string() + (at->is_directory(ignored) ? "/" : ""));
        }
        std::ranges::sort(names);
        return names;
    }
};

}  // namespace

std::shared_ptr<const Files> Files::disk() {
    return std::make_shared<const DiskFiles>();
}

Result<std::string> MemoryFiles::read(const std::string& path) const {
    const auto found = files_.find(path);
    if (found == files_.end()) return fail(Errc::not_found, fmt::format("no file {}", path));
    return found->second;
}

std::vector<std::string> MemoryFiles::list(const std::string& folder) const {
    std::vector<std::string> names;
    const std::string prefix = folder.ends_with('/') ? folder : folder + "/";
    for (auto at = files_.lower_bound(prefix); at != files_.end() && at->first.starts_with(prefix); ++at) {
        const std::string rest = at->first.substr(prefix.size());
        const std::size_t slash = rest.find('/');
        const std::string name = slash == std::string::npos ? rest : rest.substr(0, slash + 1);
        if (names.empty() || names.back() != name) names.push_back(name);
    }
    return names;
}

}  // namespace flotilla::config
