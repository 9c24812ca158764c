// Writes orders with their outbox rows, two rows a transaction, and says what came of each: for tests that
// take the database away meanwhile.
//
//     wire_sql_writer --spring.datasource.url=... [--writer=NAME] [--tasks=4]
//
// Prints "ready", then lines "ok ID" and "failed ID CODE: MESSAGE"; ends on SIGTERM.

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/config/environment.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/sql/database.hpp"
#include "flotilla/sql/migration.hpp"

namespace {

using namespace flotilla;
using namespace std::chrono_literals;

constexpr sql::Migration migrations[] = {
    {"V1__create_orders",
     "create table orders(id bigint auto_increment primary key, order_id varchar(50) not null unique);"
     "create table outbox(id bigint auto_increment primary key, event_id varchar(50) not null unique);"},
};

void say(const std::string& line) {
    std::fputs((line + "\n").c_str(), stdout);
    std::fflush(stdout);
}

Task<> write_on(sql::Database& db, std::string name) {
    const Clock& clock = runtime::EventLoop::current().clock();
    for (int i = 0;; ++i) {
        const std::string id = fmt::format("{}-{}", name, i);
        TaskContext::current().deadline = Deadline::after(clock.now(), 2s);
        std::vector<sql::Statement> statements;
        statements.push_back(sql::make_statement("insert into orders(order_id) values(?)", id));
        statements.push_back(sql::make_statement("insert into outbox(event_id) values(?)", id));
        const auto done = co_await db.run_all(std::move(statements));
        TaskContext::current().deadline = {};
        if (done) {
            say(fmt::format("ok {}", id));
        } else {
            say(fmt::format("failed {} {}: {}", id, done.error().code().message(), done.error().message()));
            co_await runtime::sleep_for(20ms);
        }
    }
}

Task<int> run(runtime::Runtime& runtime, sql::DataSourceConfig config, std::string name, int tasks) {
    auto opened = co_await sql::Database::open(runtime, std::move(config));
    if (!opened) {
        say(fmt::format("cannot start: {}", opened.error().message()));
        co_return 1;
    }
    const std::unique_ptr<sql::Database> db = std::move(*opened);
    const auto migrated = co_await sql::migrate(*db, migrations);
    if (!migrated) {
        say(fmt::format("cannot start: {}", migrated.error().message()));
        co_return 1;
    }
    say("ready");
    runtime::TaskScope scope(runtime.loop(0));
    for (int i = 0; i < tasks; ++i) scope.spawn("writer", write_on(*db, fmt::format("{}{}", name, i)));
    (void)co_await runtime.next_signal();
    co_await scope.stop();
    co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    auto environment = config::Environment::load({.arguments = arguments});
    if (!environment) return say(environment.error().message()), 2;
    auto source = environment->bind<sql::DataSourceConfig>("spring.datasource");
    if (!source) return say(source.error().message()), 2;
    const std::string name = environment->get_or("writer", "w");
    const auto tasks = environment->get<int>("tasks", 4);
    if (!tasks) return say(tasks.error().message()), 2;
    runtime::Runtime runtime({.loops = 1, .blocking = {}});
    return runtime.run(run(runtime, *source, name, *tasks));
}
