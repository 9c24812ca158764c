#include "certificate_files.hpp"

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "flotilla/base/text.hpp"

namespace flotilla::service {

namespace {

/// A list of files with commas.
void add(const std::string& list, FilePrint& to) {
    for (const std::string_view path : split_list(list)) {
        FilePrint::File file;
        struct stat info{};
        if (stat(std::string(path).c_str(), &info) == 0)
            file = {info.st_ino, info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec, info.st_size};
        to.files.push_back(file);
    }
}

}  // namespace

FilePrint print_of(const runtime::TlsConfig& config) {
    FilePrint made;
    add(config.certificate, made);
    add(config.certificate_private_key, made);
    add(config.key_store, made);
    add(config.trust_certificate, made);
    return made;
}

bool follows_files(const std::optional<runtime::TlsConfig>& config) noexcept {
    return config && config->enabled && config->reload_on_update;
}

}  // namespace flotilla::service
