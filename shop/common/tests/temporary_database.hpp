#pragma once
// A data source on an SQLite file of its own, gone with the test.

#include <filesystem>
#include <string>

#include "flotilla/base/encoding.hpp"
#include "flotilla/crypto/digest.hpp"
#include "flotilla/shop/data_source.hpp"

namespace flotilla::shop {

/// A folder that is removed with all that is in it.
class TemporaryFolder {
public:
    TemporaryFolder()
        : path_(std::filesystem::temp_directory_path() / ("shop-" + to_hex(crypto::random_bytes(8)))) {
        std::filesystem::create_directories(path_);
    }

    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] std::string url(const std::string& name) const {
        return "sqlite:" + (path_ / "data" / (name + ".sqlite")).string();
    }

private:
    std::filesystem::path path_;
};

inline sql::DataSourceConfig source_of(std::string url) {
    sql::DataSourceConfig config;
    config.url = std::move(url);
    return config;
}

}  // namespace flotilla::shop
