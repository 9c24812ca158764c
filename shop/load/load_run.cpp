#include "load_run.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/shop/driver/schedule.hpp"

namespace flotilla::shop {

using namespace std::chrono_literals;
using driver::Operation;

namespace {

http::ClientConfig client_config(const LoadOptions& options) {
    http::ClientConfig config;
    config.name = "load";
    config.user_agent = "shop-load";
    config.send_deadline = false;
    config.pool.max_connections = options.rate > 0 ? options.connections : options.users + 16;
    config.pool.max_connections_per_host = config.pool.max_connections;
    config.pool.max_pending_per_host = options.max_in_flight;
    config.timeouts.pool = options.timeout;
    config.timeouts.response = options.timeout;
    config.timeouts.total = options.timeout;
    return config;
}

std::uint64_t seed_of(const LoadOptions& options) {
    return options.seed != 0 ? options.seed : Random::from_system()() >> 16;
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::vector<std::string> base_urls(std::string_view list) {
    std::vector<std::string> urls;
    for (std::string_view url : split_list(list)) {
        while (url.ends_with('/')) url.remove_suffix(1);
        urls.emplace_back(url);
    }
    return urls;
}

}  // namespace

LoadRun::LoadRun(
    runtime::Runtime& runtime, LoadOptions options, driver::Mix mix, driver::JournalWriter* journal
)
    : runtime_(runtime),
      options_(std::move(options)),
      mix_(mix),
      journal_(journal),
      gateways_(base_urls(options_.gateway)),
      client_(runtime, client_config(options_)),
      random_(0) {
    options_.seed = seed_of(options_);
    random_ = Random(options_.seed);
    for (std::size_t i = 0; i < options_.users; ++i) {
        auto user =
            std::make_unique<User>(User{.index = i, .email = {}, .login = {}, .random = Random(random_())});
        user->email = fmt::format("load-{:x}-{}@example.org", options_.seed, i);
        users_.push_back(std::move(user));
    }
}

Task<Result<driver::LoadReport>> LoadRun::run() {
    if (gateways_.empty()) co_return fail(Errc::invalid_argument, "--gateway wants a URL");
    FLT_CO_CHECK(co_await learn_products());
    const double cpu_before = cpu_seconds();
    began_ = now();
    runtime::TaskScope watchers(runtime_.loop(0));
    runtime::TaskScope work(runtime_.loop(0));
    watchers.spawn("signals", watch_signals());
    if (!options_.quiet && isatty(STDERR_FILENO) != 0) watchers.spawn("progress", show_progress());
    if (options_.rate > 0) {
        work.spawn("arrivals", open_loop(work));
        // The measured time begins when all are inside.
        while (!over_) co_await ended_.wait();
    } else {
        for (const auto& user : users_) work.spawn("user", closed_user(*user));
        co_await pause_until(began_ + options_.duration);
    }
    end();
    const double seconds = std::chrono::duration<double>(now() - began_).count();
    // What is under way may take as long as one request may.
    const Deadline grace = Deadline::after(now(), options_.timeout);
    while (work.active() > 0 && !hurry_ && !grace.passed(now())) co_await runtime::sleep_for(10ms);
    co_await work.stop();
    co_await watchers.stop();
    for (auto& [key, line] : open_orders_) {
        line.kind = driver::JournalKind::lost;
        if (journal_ != nullptr) journal_->write(line);
    }
    co_return report(seconds, cpu_seconds() - cpu_before);
}

Task<Result<void>> LoadRun::learn_products() {
    auto request = driver::products_request(gateways_.front());
    auto answer = co_await client_.send(std::move(request));
    if (!answer) co_return fail(std::move(answer).error());
    if (!answer->ok())
        co_return fail(
            Errc::unavailable, fmt::format("{}: the catalog answers {}", gateways_.front(), answer->status())
        );
    FLT_CO_TRY(products_, answer->json<std::vector<driver::Product>>());
    if (products_.empty()) co_return fail(Errc::not_found, "the catalog is empty");
    if (options_.restock > 0) co_return co_await restock(gateways_.front());
    co_return Result<void>();
}

Task<Result<void>> LoadRun::restock(std::string base) {
    FLT_CO_TRY(const auto token, driver::admin_token(options_.token_secret, runtime_.clock().wall_now()));
    for (driver::Product& product : products_) {
        auto look = driver::product_request(base, product.product_id);
        const auto seen = co_await client_.send(std::move(look));
        if (!seen) co_return fail(seen.error());
        auto request =
            driver::restock_request(base, product.product_id, options_.restock, seen->header("ETag"), token);
        const auto answer = co_await client_.send(std::move(request));
        if (!answer) co_return fail(answer.error());
        if (!answer->ok())
            co_return fail(
                Errc::refused,
                fmt::format("restocking {}: {} {}", product.product_id, answer->status(), answer->body())
            );
        product.stock = options_.restock;
    }
    co_return Result<void>();
}

Task<> LoadRun::closed_user(User& user) {
    const Duration offset = driver::start_of_user(user.index, options_.users, options_.ramp);
    co_await pause_until(began_ + offset);
    co_await enter(user);
    while (!over_) {
        co_await pause_until(now() + driver::think_time(options_.think, user.random));
        if (over_) break;
        const Operation operation = mix_.pick(user.random);
        co_await act(user, operation, now());
    }
}

/// So many users enter at a time before an open loop begins: a password costs the shop tens of milliseconds.
constexpr std::size_t entrances = 8;

Task<> LoadRun::open_loop(runtime::TaskScope& work) {
    runtime::TaskScope doors(runtime_.loop(0));
    for (std::size_t door = 0; door < entrances; ++door)
        doors.spawn("entrance", open_entrance(door, entrances));
    while (doors.active() > 0 && !over_) co_await runtime::sleep_for(10ms);
    co_await doors.stop();
    if (inside_.empty()) end();
    began_ = now();
    const driver::Arrivals arrivals(options_.rate, options_.ramp);
    for (std::uint64_t index = 0; !over_; ++index) {
        const Duration offset = arrivals.at(index);
        if (offset >= options_.duration) break;
        const TimePoint due = began_ + offset;
        if (due > now()) co_await pause_until(due);
        const Operation operation = mix_.pick(random_);
        User& user = *inside_[random_.below(inside_.size())];
        if (in_flight_ >= options_.max_in_flight) {
            tally_.record(
                operation, now() - due, driver::Ending::failed, "overrun", "too many unanswered requests"
            );
            continue;
        }
        work.spawn("arrival", arrival(user, operation, due));
    }
    if (!over_) co_await pause_until(began_ + options_.duration);
    end();
}

Task<> LoadRun::open_entrance(std::size_t first, std::size_t step) {
    for (std::size_t i = first; i < users_.size() && !over_; i += step) co_await enter(*users_[i]);
}

Task<> LoadRun::arrival(User& user, Operation operation, TimePoint due) {
    struct InFlight {
        explicit InFlight(std::uint64_t& count) : count_(count) { ++count_; }

        ~InFlight() { --count_; }

        std::uint64_t& count_;
    };

    const InFlight counted(in_flight_);
    co_await act(user, operation, due);
}

Task<> LoadRun::watch_signals() {
    while (true) {
        co_await runtime_.next_signal();
        if (over_) hurry_ = true;
        end();
    }
}

Task<> LoadRun::show_progress() {
    TimePoint last = now();
    while (true) {
        co_await runtime::sleep_for(1s);
        const TimePoint here = now();
        const auto seconds = [](Duration span) { return std::chrono::duration<double>(span).count(); };
        const std::string line = driver::progress_line(
            seconds(here - began_),
            inside_.size(),
            tally_.take_since(),
            seconds(here - std::exchange(last, here))
        );
        fmt::print(stderr, "\r{}\033[K", line);
    }
}

Task<> LoadRun::pause_until(TimePoint at) {
    while (!over_ && now() < at) co_await ended_.wait(Deadline(at));
}

void LoadRun::end() {
    over_ = true;
    ended_.notify_all();
}

driver::LoadReport LoadRun::report(double seconds, double cpu) const {
    driver::LoadReport report = driver::report_of(tally_, seconds, cpu);
    report.mode = options_.rate > 0 ? "open" : "closed";
    report.seed = options_.seed;
    report.users = inside_.size();
    report.orders_unknown = open_orders_.size();
    return report;
}

}  // namespace flotilla::shop
