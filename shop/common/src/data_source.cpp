#include "flotilla/shop/data_source.hpp"

#include <filesystem>

#include "flotilla/sql/error.hpp"

namespace flotilla::shop {

namespace {

Result<void> make_folder_of(const sql::DataSourceConfig& config) {
    FLT_TRY(const auto url, sql::DatabaseUrl::parse(config.url));
    if (url.product != sql::Product::sqlite || url.in_memory()) return {};
    const auto folder = std::filesystem::path(url.file).parent_path();
    std::error_code failed;
    if (!folder.empty()) std::filesystem::create_directories(folder, failed);
    if (failed)
        return fail(Error(failed, "cannot make the folder " + folder.string() + ": " + failed.message()));
    return {};
}

}  // namespace

DataSource::DataSource(
    runtime::Runtime& runtime,
    sql::DataSourceConfig config,
    sql::Telemetry telemetry,
    std::span<const sql::Migration> migrations
)
    : runtime_(runtime), config_(std::move(config)), telemetry_(telemetry), migrations_(migrations) {}

Task<Result<void>> DataSource::open() {
    FLT_CO_CHECK(make_folder_of(config_));
    auto opened = co_await sql::Database::open(runtime_, config_, telemetry_);
    if (!opened) co_return fail(opened.error().within("spring.datasource"));
    database_ = *std::move(opened);
    const auto migrated = co_await sql::migrate(*database_, migrations_);
    if (!migrated) co_return fail(migrated.error());
    co_return Result<void>();
}

Task<actuator::Health> DataSource::health() const {
    if (!database_) co_return actuator::Health::down("not open");
    const sql::DatabaseHealth health = co_await database_->health();
    if (!health.up) co_return actuator::Health::down(health.error);
    co_return actuator::Health::up(reflect::Json::object({{"database", health.database}}));
}

Problem database_problem(const Error& error, const log::Logger& log) {
    log.warn("database: {}", error.message());
    return Problem::of_database(sql::general(error));
}

}  // namespace flotilla::shop
