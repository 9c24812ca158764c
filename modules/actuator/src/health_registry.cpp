#include "flotilla/actuator/health_registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "flotilla/base/units.hpp"
#include "flotilla/runtime/task_scope.hpp"

namespace flotilla::actuator {

namespace {

Health from_exception(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        return Health::down(error.what());
    } catch (...) {
        return Health::down("unknown exception");
    }
}

Health call(const std::function<Health()>& check) {
    try {
        return check();
    } catch (...) {
        return from_exception(std::current_exception());
    }
}

void note_elapsed(Health& health, Duration elapsed) {
    if (health.composite) return;
    health.details.set("elapsedMs", std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count());
}

}  // namespace

/// One call of `check`, on one loop.
struct HealthRegistry::Round {
    std::vector<std::optional<Health>> answers;
    std::size_t open = 0;
    runtime::Signal changed;
};

HealthRegistry::HealthRegistry(runtime::Runtime& runtime, Settings settings, log::Logger logger)
    : runtime_(runtime), settings_(settings), logger_(logger) {}

HealthRegistry::~HealthRegistry() = default;

void HealthRegistry::add_contributor(std::string name, std::variant<Immediate, Blocking, Coroutine> check) {
    remove(name);
    auto contributor = std::make_shared<Contributor>();
    contributor->name = std::move(name);
    contributor->check = std::move(check);
    contributors_.push_back(std::move(contributor));
    std::ranges::sort(contributors_, {}, [](const auto& c) -> const std::string& { return c->name; });
}

void HealthRegistry::add(std::string name, Immediate check) {
    add_contributor(std::move(name), std::move(check));
}

void HealthRegistry::add_blocking(std::string name, Immediate check) {
    add_contributor(std::move(name), Blocking{std::move(check)});
}

void HealthRegistry::add_coroutine(std::string name, Coroutine check) {
    add_contributor(std::move(name), std::move(check));
}

bool HealthRegistry::remove(std::string_view name) {
    return std::erase_if(contributors_, [&](const auto& c) { return c->name == name; }) > 0;
}

std::vector<std::string> HealthRegistry::names() const {
    std::vector<std::string> names;
    for (const auto& contributor : contributors_) names.push_back(contributor->name);
    return names;
}

std::vector<std::shared_ptr<HealthRegistry::Contributor>> HealthRegistry::chosen(const Filter& wanted) const {
    std::vector<std::shared_ptr<Contributor>> chosen;
    for (const auto& contributor : contributors_)
        if (!wanted || wanted(contributor->name)) chosen.push_back(contributor);
    return chosen;
}

bool HealthRegistry::immediate(const Filter& wanted) const {
    return std::ranges::all_of(contributors_, [&](const auto& contributor) {
        return std::holds_alternative<Immediate>(contributor->check) ||
               (wanted && !wanted(contributor->name));
    });
}

Health HealthRegistry::check_immediate(const Filter& wanted, const StatusRules& rules) const {
    Health all = Health::of({});
    for (const auto& contributor : contributors_) {
        if (wanted && !wanted(contributor->name)) continue;
        const TimePoint start = runtime_.clock().now();
        Health health = call(std::get<Immediate>(contributor->check));
        note_elapsed(health, runtime_.clock().now() - start);
        all.components.push_back({contributor->name, std::move(health)});
    }
    aggregate_tree(all, rules);
    return all;
}

bool HealthRegistry::hangs(const Contributor& contributor) const {
    const std::int64_t since = contributor.running_since.load();
    return since != 0 && runtime_.clock().now().time_since_epoch() - Duration(since) > settings_.timeout;
}

Health HealthRegistry::late(const Contributor& contributor) const {
    Json details =
        Json::object({{"error", fmt::format("timed out after {}", format_duration(settings_.timeout))}});
    Health health = Health::unknown(std::move(details));
    note_elapsed(health, settings_.timeout);
    const std::scoped_lock lock(contributor.mutex);
    if (!contributor.last.is_null()) health.details.set("last", contributor.last);
    return health;
}

void HealthRegistry::report_slow(const Contributor& contributor, Duration taken) const {
    if (taken < settings_.slow_threshold) return;
    logger_.warn("Health contributor {} took {} to respond", contributor.name, format_duration(taken));
}

Task<Health> HealthRegistry::answer_of(runtime::Runtime& runtime, std::shared_ptr<Contributor> contributor) {
    if (const auto* immediate = std::get_if<Immediate>(&contributor->check)) co_return call(*immediate);
    if (const auto* coroutine = std::get_if<Coroutine>(&contributor->check))
        co_return co_await (*coroutine)();
    // The pool's job owns the contributor: it may come to its end after everybody has left.
    auto job = [contributor, now = runtime.clock().now().time_since_epoch().count()] {
        std::int64_t none = 0;
        const bool first = contributor->running_since.compare_exchange_strong(none, now);
        Health health = call(std::get<Blocking>(contributor->check).check);
        if (first) contributor->running_since.store(0);
        return health;
    };
    Result<Health> answer = co_await runtime.blocking(std::move(job));
    co_return answer ? std::move(*answer)
                     : Health::unknown(Json::object({{"error", answer.error().message()}}));
}

Task<> HealthRegistry::ask(
    const HealthRegistry* registry,
    std::shared_ptr<Contributor> contributor,
    std::shared_ptr<Round> round,
    std::size_t index
) {
    const auto end = [&round](std::optional<Health> health, std::size_t at) {
        round->answers[at] = std::move(health);
        --round->open;
        round->changed.notify_all();
    };
    if (registry->hangs(*contributor)) {
        end(std::nullopt, index);
        co_return;
    }
    const TimePoint start = registry->runtime_.clock().now();
    Health health;
    try {
        health = co_await answer_of(registry->runtime_, contributor);
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
        health = Health::down(error.what());
    } catch (...) {
        health = from_exception(std::current_exception());
    }
    const Duration elapsed = registry->runtime_.clock().now() - start;
    registry->report_slow(*contributor, elapsed);
    note_elapsed(health, elapsed);
    {
        const std::scoped_lock lock(contributor->mutex);
        contributor->last = health_json(health, {.components = true, .details = true});
    }
    end(std::move(health), index);
}

Task<Health> HealthRegistry::check(Filter wanted, StatusRules rules) const {
    const auto contributors = chosen(wanted);
    const auto round = std::make_shared<Round>();
    round->answers.resize(contributors.size());
    round->open = contributors.size();

    runtime::TaskScope scope(runtime::EventLoop::current());
    const TimePoint start = runtime_.clock().now();
    const Deadline deadline = Deadline::after(start, settings_.timeout);
    for (std::size_t i = 0; i < contributors.size(); ++i)
        scope.spawn("health " + contributors[i]->name, ask(this, contributors[i], round, i));

    std::exception_ptr cancelled;
    try {
        while (round->open > 0)
            if (const auto wake = co_await round->changed.wait(deadline); wake == runtime::Wake::timed_out)
                break;
    } catch (...) {
        cancelled = std::current_exception();
    }
    // The scope must end here, also when the caller has been cancelled.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await scope.stop();
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (cancelled) std::rethrow_exception(cancelled);

    Health all = Health::of({});
    for (std::size_t i = 0; i < contributors.size(); ++i) {
        Health health = round->answers[i] ? std::move(*round->answers[i]) : late(*contributors[i]);
        all.components.push_back({contributors[i]->name, std::move(health)});
    }
    aggregate_tree(all, rules);
    co_return all;
}

}  // namespace flotilla::actuator
