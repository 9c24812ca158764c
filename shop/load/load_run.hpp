#pragma once
/// One run: users that come, order and go, or arrivals on a schedule.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/base/random.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/shop/driver/journal.hpp"
#include "flotilla/shop/driver/load_report.hpp"
#include "flotilla/shop/driver/mix.hpp"
#include "flotilla/shop/driver/order_retry.hpp"
#include "flotilla/shop/driver/shop_requests.hpp"
#include "flotilla/shop/driver/tally.hpp"
#include "load_options.hpp"

namespace flotilla::shop {

/// Lives on the first loop of its runtime, which is all that it needs.
class LoadRun {
public:
    /// `journal` may be null.
    LoadRun(runtime::Runtime& runtime, LoadOptions options, driver::Mix mix, driver::JournalWriter* journal);

    /// To the end of the duration or the first SIGINT, which lets what runs finish; a second one does not.
    Task<Result<driver::LoadReport>> run();

private:
    struct User {
        std::size_t index = 0;
        std::string email;
        driver::Login login;
        Random random;
        bool entered = false;
    };

    // load_run.cpp
    Task<Result<void>> learn_products();
    Task<Result<void>> restock(std::string base);
    Task<> closed_user(User& user);
    Task<> open_loop(runtime::TaskScope& work);
    Task<> open_entrance(std::size_t first, std::size_t step);
    Task<> arrival(User& user, driver::Operation operation, TimePoint due);
    Task<> watch_signals();
    Task<> show_progress();
    Task<> pause_until(TimePoint at);
    void end();
    driver::LoadReport report(double seconds, double cpu_seconds) const;

    // load_user.cpp
    Task<> enter(User& user);
    Task<bool> enroll(User& user);
    Task<bool> log_in(User& user, TimePoint since);
    Task<> act(User& user, driver::Operation operation, TimePoint since);
    Task<> order(User& user, TimePoint since);
    Task<> look(User& user, driver::Operation operation, http::ClientRequest request, TimePoint since);
    void record(
        driver::Operation operation,
        TimePoint since,
        const Result<http::ClientResponse>& answer,
        driver::Ending ending
    );
    driver::OrderWish wish(User& user) const;
    std::string next_key(User& user);
    void settle(const std::string& key, driver::JournalLine line, driver::Ending ending);
    [[nodiscard]] const std::string& gateway(const User& user, std::uint32_t attempt = 0) const;

    [[nodiscard]] TimePoint now() const { return runtime_.clock().now(); }

    runtime::Runtime& runtime_;
    LoadOptions options_;
    driver::Mix mix_;
    driver::JournalWriter* journal_;
    std::vector<std::string> gateways_;
    http::Client client_;
    Random random_;
    std::vector<driver::Product> products_;
    std::vector<std::unique_ptr<User>> users_;
    std::vector<User*> inside_;  // users that have a token
    driver::LoadTally tally_;
    /// Orders under way. What is left here in the end nobody knows about.
    std::map<std::string, driver::JournalLine> open_orders_;
    std::uint64_t keys_ = 0;
    std::uint64_t in_flight_ = 0;
    TimePoint began_;
    bool over_ = false;
    bool hurry_ = false;
    runtime::Signal ended_;
};

}  // namespace flotilla::shop
