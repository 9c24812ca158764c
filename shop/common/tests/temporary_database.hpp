#pragma once
// A data source on an SQLite file of its own, gone with the test.

#include <string>

#include "flotilla/shop/data_source.hpp"
#include "temporary_folder.hpp"

namespace flotilla::shop {

class DatabaseFolder : public test_support::TemporaryFolder {
public:
    [[nodiscard]] std::string url(const std::string& name) const {
        return "sqlite:" + (path() / "data" / (name + ".sqlite")).string();
    }
};

inline sql::DataSourceConfig source_of(std::string url) {
    sql::DataSourceConfig config;
    config.url = std::move(url);
    return config;
}

}  // namespace flotilla::shop
