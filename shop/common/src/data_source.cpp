#include "flotilla/shop/data_source.hpp"

#include <chrono>
#include <filesystem>

#include "flotilla/base/random.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "flotilla/sql/error.hpp"

namespace flotilla::shop {

namespace {

constexpr int attempts_when_busy = 5;

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

Task<std::optional<Error>> DataSource::transact(std::function<Result<void>(Statements&)> body) const {
    tracing::Span span;
    if (telemetry_.tracer != nullptr) span = telemetry_.tracer->start_client("sql.transaction");
    std::function<Result<sql::Rows>(sql::Connection&, Deadline)> work =
        [body = std::move(body)](sql::Connection& connection, Deadline deadline) -> Result<sql::Rows> {
        FLT_CHECK(connection.begin(sql::Access::read_write, deadline));
        Statements statements(connection, deadline);
        FLT_CHECK(body(statements));
        FLT_CHECK(connection.commit(deadline));
        return sql::Rows{};
    };
    const auto done = co_await database_->with_connection(std::move(work));
    if (done) co_return std::nullopt;
    span.error(done.error().message());
    co_return done.error();
}

Task<bool> DataSource::pause_before_retry(const Error& error, int attempt) {
    if (error.code() != sql::SqlErrc::busy || attempt == attempts_when_busy) co_return false;
    const Duration longest = std::chrono::milliseconds(4) * attempt;
    const double part = 0.5 + 0.5 * Random::of_thread().unit();
    co_await runtime::sleep_for(
        Duration(static_cast<Duration::rep>(static_cast<double>(longest.count()) * part))
    );
    co_return true;
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
