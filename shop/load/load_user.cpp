// What one user does.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "load_run.hpp"

namespace flotilla::shop {

using namespace std::chrono_literals;
using driver::Ending;
using driver::JournalKind;
using driver::JournalLine;
using driver::Operation;
using driver::OrderVerdict;

const std::string& LoadRun::gateway(const User& user, std::uint32_t attempt) const {
    return gateways_[(user.index + attempt) % gateways_.size()];
}

/// Registers and logs in, however long that takes: without it there is nothing that the user could do.
Task<> LoadRun::enter(User& user) {
    Duration pause = 200ms;
    bool enrolled = false;
    while (!over_ && !user.entered) {
        if (!enrolled) enrolled = co_await enroll(user);
        if (enrolled) user.entered = co_await log_in(user, now());
        if (user.entered) break;
        co_await pause_until(now() + pause);
        pause = std::min<Duration>(pause * 2, 5s);
    }
    if (!user.entered) co_return;
    inside_.push_back(&user);
    if (journal_ != nullptr)
        journal_->write(
            {.kind = JournalKind::user,
             .user_id = user.login.user_id,
             .email = user.email,
             .token = user.login.token}
        );
}

Task<bool> LoadRun::enroll(User& user) {
    const TimePoint since = now();
    auto request = driver::register_request(gateway(user), user.email, options_.password);
    const auto answer = co_await client_.send(std::move(request));
    // 409: an earlier try did arrive.
    const bool done = answer && (answer->status() == 201 || answer->status() == 409);
    record(Operation::enroll, since, answer, done ? Ending::succeeded : Ending::failed);
    co_return done;
}

Task<bool> LoadRun::log_in(User& user, TimePoint since) {
    auto request = driver::login_request(gateway(user), user.email, options_.password);
    const auto answer = co_await client_.send(std::move(request));
    auto login = answer && answer->status() == 200 ? driver::login_of(*answer) : std::nullopt;
    record(Operation::login, since, answer, login ? Ending::succeeded : Ending::failed);
    if (login) user.login = *std::move(login);
    co_return login.has_value();
}

Task<> LoadRun::act(User& user, Operation operation, TimePoint since) {
    switch (operation) {
        case Operation::enroll:
        case Operation::login:
            co_await log_in(user, since);
            break;
        case Operation::order:
            co_await order(user, since);
            break;
        case Operation::detail: {
            auto request = driver::detail_request(gateway(user), user.login);
            co_await look(user, operation, std::move(request), since);
            break;
        }
        case Operation::browse: {
            // Three look at the list, the fourth at one product.
            const auto& product = products_[user.random.below(products_.size())];
            auto request = user.random.below(4) == 0
                               ? driver::product_request(gateway(user), product.product_id)
                               : driver::products_request(gateway(user));
            co_await look(user, operation, std::move(request), since);
            break;
        }
    }
}

Task<> LoadRun::look(User& user, Operation operation, http::ClientRequest request, TimePoint since) {
    const auto answer = co_await client_.send(std::move(request));
    const bool done = answer && answer->status() == 200;
    if (done && !answer->header("X-Degraded").empty()) tally_.degraded(operation);
    record(operation, since, answer, done ? Ending::succeeded : Ending::failed);
}

/// Sends an order until somebody says what became of it.
Task<> LoadRun::order(User& user, TimePoint since) {
    const driver::OrderRetry rule{.retries = options_.retries};
    const driver::OrderWish wanted = wish(user);
    const std::string key = next_key(user);
    JournalLine line{
        .user_id = user.login.user_id, .product_id = wanted.product_id, .qty = wanted.qty, .key = key
    };
    open_orders_.emplace(key, line);
    for (std::uint32_t attempt = 0;; ++attempt) {
        auto request = driver::order_request(gateway(user, attempt), user.login, wanted, key);
        const auto answer = co_await client_.send(std::move(request));
        const auto retry_after = answer ? driver::retry_after_of(*answer) : std::nullopt;
        const auto status = answer ? std::optional(answer->status()) : std::nullopt;
        const OrderVerdict verdict = driver::verdict_of(status, retry_after.has_value());
        if (verdict == OrderVerdict::created) {
            const auto made = answer->json<driver::OrderView>();
            if (made) line.order_id = made->order_id;
            const Ending ending = made && !made->order_id.empty() ? Ending::succeeded : Ending::failed;
            settle(key, std::move(line), ending);
            record(Operation::order, since, answer, ending);
            co_return;
        }
        if (verdict == OrderVerdict::refused) {
            // Out of stock is an answer; any other no is one that a well-behaved client should not get.
            open_orders_.erase(key);
            record(Operation::order, since, answer, status == 409 ? Ending::refused : Ending::failed);
            co_return;
        }
        const auto pause = rule.pause(attempt + 1, retry_after, user.random);
        if (!pause) {
            record(Operation::order, since, answer, Ending::failed);
            co_return;
        }
        tally_.retried(Operation::order);
        co_await runtime::sleep_for(*pause);
    }
}

driver::OrderWish LoadRun::wish(User& user) const {
    const driver::Product& product = products_[user.random.below(products_.size())];
    return {
        .product_id = product.product_id,
        .qty = static_cast<std::int64_t>(1 + user.random.below(options_.max_qty)),
        .unit_price = product.unit_price,
    };
}

std::string LoadRun::next_key(User& user) {
    return fmt::format("load-{:x}-{}-{}", options_.seed, user.index, ++keys_);
}

void LoadRun::settle(const std::string& key, JournalLine line, Ending ending) {
    if (ending != Ending::succeeded) return;  // an unreadable 201 stays open
    line.kind = JournalKind::order;
    open_orders_.erase(key);
    if (journal_ != nullptr) journal_->write(line);
}

void LoadRun::record(
    Operation operation, TimePoint since, const Result<http::ClientResponse>& answer, Ending ending
) {
    const Duration latency = now() - since;
    if (ending != Ending::failed) {
        tally_.record(operation, latency, ending);
    } else if (!answer) {
        tally_.record(operation, latency, ending, driver::kind_of(answer.error()), answer.error().message());
    } else {
        constexpr std::size_t longest_example = 200;
        tally_.record(
            operation,
            latency,
            ending,
            driver::kind_of(answer->status()),
            answer->body().substr(0, longest_example)
        );
    }
}

}  // namespace flotilla::shop
