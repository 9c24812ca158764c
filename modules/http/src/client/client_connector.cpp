#include "client_connector.hpp"

#include <algorithm>
#include <optional>

#include "flotilla/runtime/task_scope.hpp"

namespace flotilla::http {

namespace {

using runtime::Endpoint;
using runtime::Stream;
using runtime::TaskScope;
using runtime::Wake;

struct Race {
    std::vector<Endpoint> addresses;
    Duration stagger;
    Deadline deadline;
    runtime::Signal changed{};
    std::size_t running = 0;
    std::optional<Stream> winner{};
    std::optional<Error> first_error{};
};

Task<> run_one(Race& race, Endpoint to) {
    auto stream = co_await Stream::connect(runtime::EventLoop::current(), to, race.deadline);
    --race.running;
    if (!stream) {
        if (!race.first_error) race.first_error = stream.error();
    } else if (!race.winner) {
        race.winner.emplace(std::move(*stream));
    }
    race.changed.notify_all();
}

Task<Result<Stream>> run_race(Race& race, TaskScope& scope) {
    const Clock& clock = scope.loop().clock();
    std::size_t next = 0;
    Deadline next_start;
    while (!race.winner) {
        const bool more = next < race.addresses.size();
        if (more && (race.running == 0 || next_start.passed(clock.now()))) {
            ++race.running;
            next_start = Deadline::after(clock.now(), race.stagger);
            scope.spawn("connect", run_one(race, race.addresses[next++]));
            continue;
        }
        if (race.running == 0) co_return fail(*race.first_error);
        co_await race.changed.wait(more ? next_start : Deadline());
    }
    co_return std::move(*race.winner);
}

}  // namespace

std::vector<Endpoint> in_turns(std::vector<Endpoint> addresses) {
    for (std::size_t i = 1; i < addresses.size(); ++i) {
        const bool wanted = !addresses[i - 1].is_v6();
        const auto here = addresses.begin() + static_cast<std::ptrdiff_t>(i);
        const auto found =
            std::find_if(here, addresses.end(), [&](const Endpoint& e) { return e.is_v6() == wanted; });
        if (found == addresses.end()) break;
        std::rotate(here, found, found + 1);
    }
    return addresses;
}

Task<Result<Stream>> connect_to_any(
    runtime::EventLoop& loop, std::vector<Endpoint> addresses, Duration stagger, Deadline deadline
) {
    if (addresses.size() == 1) co_return co_await Stream::connect(loop, addresses.front(), deadline);
    Race race{.addresses = in_turns(std::move(addresses)), .stagger = stagger, .deadline = deadline};
    const std::function<Task<Result<Stream>>(TaskScope&)> body = [&race](TaskScope& scope) {
        return run_race(race, scope);
    };
    co_return co_await runtime::in_scope(loop, body);
}

}  // namespace flotilla::http
