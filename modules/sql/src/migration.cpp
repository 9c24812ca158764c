#include "flotilla/sql/migration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "flotilla/base/text.hpp"
#include "flotilla/crypto/digest.hpp"
#include "flotilla/sql/driver.hpp"
#include "statement_text.hpp"

namespace flotilla::sql {

namespace {

using Version = std::vector<std::uint32_t>;

/// A migration of the program, taken apart.
struct Step {
    Version version;
    std::string name;
    std::string script;
    std::string checksum;
};

/// A row of the table.
struct Applied {
    std::string name;
    std::string checksum;
    bool finished = false;
};

std::string text_of(const Version& version) {
    return fmt::format("{}", fmt::join(version, "."));
}

/// `2`, `2_1` or `2.1`.
std::optional<Version> parse_version(std::string_view text) {
    Version version;
    const std::string uniform = replace_all(std::string(text), ".", "_");
    for (const std::string_view part : split(uniform, '_')) {
        const auto number = parse_integer<std::uint32_t>(part);
        if (!number) return std::nullopt;
        version.push_back(*number);
    }
    return version;
}

std::unexpected<Error> wrong(std::string_view name, std::string_view what) {
    return fail(SqlErrc::migration, fmt::format("migration {}: {}", name, what));
}

Result<std::vector<Step>> steps_of(std::span<const Migration> migrations, Dialect dialect) {
    std::vector<Step> steps;
    for (const Migration& migration : migrations) {
        std::string_view name = migration.name;
        if (name.ends_with(".sql")) name.remove_suffix(4);
        const std::size_t middle = name.find("__");
        if (!name.starts_with('V') || middle == std::string_view::npos || middle + 2 == name.size())
            return wrong(name, "its name is not like V1__create_users");
        auto version = parse_version(name.substr(1, middle - 1));
        if (!version) return wrong(name, "its name does not begin with a version such as V1 or V2_1");
        const bool own = dialect.product() == Product::mariadb && !migration.mariadb.empty();
        const std::string_view script = own ? migration.mariadb : migration.sql;
        steps.push_back({
            .version = *std::move(version),
            .name = std::string(name),
            .script = std::string(script),
            .checksum = crypto::hex_digest(crypto::Hash::sha256, script),
        });
    }
    std::ranges::sort(steps, {}, &Step::version);
    for (std::size_t i = 1; i < steps.size(); ++i)
        if (steps[i].version == steps[i - 1].version)
            return wrong(steps[i].name, fmt::format("{} has the same version", steps[i - 1].name));
    return steps;
}

/// Brings one database up to date, on one connection. Nobody else does at the same time.
class Migrator {
public:
    Migrator(Connection& connection, Dialect dialect, Deadline deadline)
        : connection_(connection), dialect_(dialect), deadline_(deadline) {}

    Result<void> run(const std::vector<Step>& steps, MigrationReport& report) {
        if (dialect_.product() == Product::sqlite) {
            // All or nothing: table definitions are part of the transaction, and its lock keeps others out.
            FLT_CHECK(connection_.begin(Access::read_write, deadline_));
            FLT_CHECK(apply(steps, report));
            return connection_.commit(deadline_);
        }
        FLT_CHECK(lock());
        auto done = apply(steps, report);
        (void)execute("select release_lock(concat('flotilla_migrations.', database()))");
        return done;
    }

private:
    template <class... Values>
    Result<Rows> execute(std::string_view text, const Values&... values) {
        return connection_.execute(make_statement(text, values...), deadline_);
    }

    Result<void> lock() {
        // A second at a time: a cancelled migration goes no further. Two minutes without a deadline.
        for (int waited = 0; waited < 120; ++waited) {
            FLT_TRY(
                const Rows rows, execute("select get_lock(concat('flotilla_migrations.', database()), 1)")
            );
            if (!rows.empty() && rows.at(0, 0) == Value(std::int64_t{1})) return {};
        }
        return fail(SqlErrc::busy, "another process has been migrating for two minutes");
    }

    Result<std::map<Version, Applied>> applied() {
        FLT_CHECK(execute(
            dialect_.ddl("create table if not exists flotilla_migrations(version varchar(50) primary key, "
                         "name varchar(200) not null, checksum char(64) not null, finished int not null, "
                         "applied_at datetime(3) default current_timestamp(3))")
        ));
        FLT_TRY(Rows rows, execute("select version, name, checksum, finished from flotilla_migrations"));
        std::map<Version, Applied> found;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            std::string version;
            Applied row;
            const bool read = take_value(rows.values[4 * i + 0], version) &&
                              take_value(rows.values[4 * i + 1], row.name) &&
                              take_value(rows.values[4 * i + 2], row.checksum) &&
                              take_value(rows.values[4 * i + 3], row.finished);
            auto parsed = parse_version(version);
            if (!read || !parsed)
                return fail(SqlErrc::migration, "the table flotilla_migrations was changed by hand");
            found.emplace(*std::move(parsed), std::move(row));
        }
        return found;
    }

    static Result<void> compare(const std::vector<Step>& steps, const std::map<Version, Applied>& applied) {
        for (const auto& [version, row] : applied) {
            if (!row.finished)
                return wrong(
                    row.name,
                    "it failed half-way: repair the schema, then delete its row of flotilla_migrations"
                );
            const auto known = std::ranges::find(steps, version, &Step::version);
            if (known == steps.end()) {
                // A newer program was here, and this one is an instance of the former release.
                if (steps.empty() || version > steps.back().version) continue;
                return wrong(row.name, "it was applied, but this program does not have it");
            }
            if (known->checksum != row.checksum)
                return wrong(
                    known->name, "its text has changed since it was applied; add a new migration instead"
                );
        }
        for (const Step& step : steps) {
            if (!applied.contains(step.version) && !applied.empty() && step.version < applied.rbegin()->first)
                return wrong(
                    step.name,
                    fmt::format("it comes too late: version {} is applied", text_of(applied.rbegin()->first))
                );
        }
        return {};
    }

    Result<void> apply(const std::vector<Step>& steps, MigrationReport& report) {
        FLT_TRY(const auto present, applied());
        FLT_CHECK(compare(steps, present));
        if (!present.empty()) report.version = text_of(present.rbegin()->first);
        for (const Step& step : steps) {
            if (present.contains(step.version)) continue;
            FLT_CHECK(apply(step));
            ++report.applied;
            report.version = text_of(step.version);
        }
        return {};
    }

    Result<void> apply(const Step& step) {
        FLT_CHECK(execute(
            "insert into flotilla_migrations(version, name, checksum, finished) values(?, ?, ?, 0)",
            text_of(step.version),
            step.name,
            step.checksum
        ));
        std::size_t number = 0;
        for (const std::string_view text : split_statements(step.script)) {
            ++number;
            auto done = execute(dialect_.ddl(text));
            if (done) continue;
            // Nothing has happened yet, so it may be tried again without a repair.
            if (number == 1 && !is_retryable(done.error()) && done.error().code() != SqlErrc::timed_out)
                (void)execute("delete from flotilla_migrations where version = ?", text_of(step.version));
            return flotilla::fail(
                done.error().within(fmt::format("migration {}, statement {}", step.name, number))
            );
        }
        FLT_CHECK(
            execute("update flotilla_migrations set finished = 1 where version = ?", text_of(step.version))
        );
        return {};
    }

    Connection& connection_;
    const Dialect dialect_;
    const Deadline deadline_;
};

}  // namespace

Task<Result<MigrationReport>> migrate(Database& database, std::span<const Migration> migrations) {
    FLT_CO_TRY(auto steps, steps_of(migrations, database.dialect()));
    const auto report = std::make_shared<MigrationReport>();
    std::function<Result<Rows>(Connection&, Deadline)> work =
        [steps = std::move(steps),
         report,
         dialect = database.dialect()](Connection& connection, Deadline deadline) -> Result<Rows> {
        FLT_CHECK(Migrator(connection, dialect, deadline).run(steps, *report));
        return Rows();
    };
    const auto done = co_await database.with_connection(std::move(work));
    if (!done) co_return flotilla::fail(done.error());
    co_return *report;
}

}  // namespace flotilla::sql
