#include "verification.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/shop/driver/journal.hpp"
#include "logs.hpp"
#include "witnesses.hpp"

namespace flotilla::shop {

using namespace std::chrono_literals;
using driver::JournalKind;

namespace {

http::ClientConfig client_config(const VerifyOptions& options) {
    http::ClientConfig config;
    config.name = "verify";
    config.user_agent = "shop-verify";
    config.max_response_size = Bytes::mega(64);
    config.timeouts.response = options.timeout;
    config.timeouts.total = options.timeout;
    return config;
}

Result<driver::StockByProduct> parse_initial(std::string_view text) {
    driver::StockByProduct initial;
    for (const std::string_view word : split_list(text)) {
        const std::size_t equals = word.find('=');
        const auto count =
            equals == word.npos ? std::nullopt : parse_integer<std::int64_t>(word.substr(equals + 1));
        if (!count)
            return fail(Errc::invalid_argument, fmt::format("--initial {}: PRODUCT=NUMBER is wanted", word));
        initial.emplace(word.substr(0, equals), *count);
    }
    return initial;
}

bool all_final(const std::vector<driver::OrderRow>& orders) {
    return std::ranges::all_of(orders, [](const driver::OrderRow& order) {
        return driver::is_final(order.status);
    });
}

}  // namespace

Verification::Verification(runtime::Runtime& runtime, VerifyOptions options)
    : runtime_(runtime), options_(std::move(options)), client_(runtime, client_config(options_)) {}

Task<Result<VerifyReport>> Verification::run() {
    FLT_CO_TRY(initial_, parse_initial(options_.initial));
    FLT_CO_TRY(journal_, driver::read_journals(split_list(options_.journal)));
    for (const auto& line : journal_) {
        report_.acknowledged += line.kind == JournalKind::order ? 1 : 0;
        report_.unknown += line.kind == JournalKind::lost ? 1 : 0;
    }
    FLT_CO_TRY(tables_, co_await Tables::open(runtime_, options_));
    FLT_CO_CHECK(co_await settle());
    FLT_CO_CHECK(co_await read_lists());
    FLT_CO_CHECK(read_logs());
    judge();
    co_return std::move(report_);
}

/// Waits until no order is under way, and leaves the rows as they are then.
Task<Result<void>> Verification::settle() {
    const TimePoint began = runtime_.clock().now();
    const Deadline deadline = Deadline::after(began, options_.settle);
    while (true) {
        FLT_CO_CHECK(co_await read_tables());
        const TimePoint now = runtime_.clock().now();
        report_.settled_after_seconds = std::chrono::duration<double>(now - began).count();
        if (all_final(orders_) || deadline.passed(now)) co_return Result<void>();
        co_await runtime::sleep_for(200ms);
    }
}

Task<Result<void>> Verification::read_tables() {
    if (!tables_) co_return co_await rows_from_lists();
    FLT_CO_TRY(orders_, co_await tables_->orders());
    FLT_CO_TRY(keys_, co_await tables_->keys());
    FLT_CO_TRY(reservations_, co_await tables_->reservations());
    FLT_CO_TRY(products_, co_await tables_->products());
    co_return Result<void>();
}

/// Without tables: what the gateway lists of the users of the journal.
Task<Result<void>> Verification::rows_from_lists() {
    lists_.clear();
    orders_.clear();
    FLT_CO_CHECK(co_await ask_all(options_.gateway));
    for (const driver::OrderList& list : lists_)
        for (const driver::OrderView& order : list.orders)
            orders_.push_back(
                {.order_id = order.order_id,
                 .user_id = list.user_id,
                 .product_id = order.product_id,
                 .qty = order.qty,
                 .unit_price = order.qty > 0 ? order.total_price / order.qty : 0,
                 .total_price = order.total_price,
                 .status = order.status}
            );
    FLT_CO_TRY(products_, co_await products_of(client_, options_.gateway));
    co_return Result<void>();
}

Task<Result<void>> Verification::read_lists() {
    lists_.clear();
    FLT_CO_CHECK(co_await ask_all(options_.gateway));
    if (options_.registry.empty()) {
        report_.skipped.emplace_back("5: no registry, so that instances were not asked one by one");
        co_return Result<void>();
    }
    FLT_CO_TRY(const auto instances, co_await order_instances(client_, options_.registry));
    for (const std::string& base : instances) FLT_CO_CHECK(co_await ask_all(base));
    co_return Result<void>();
}

Task<Result<void>> Verification::ask_all(std::string base) {
    for (const driver::JournalLine& line : journal_) {
        if (line.kind != JournalKind::user) continue;
        FLT_CO_TRY(auto list, co_await orders_of(client_, base, line));
        lists_.push_back(std::move(list));
    }
    co_return Result<void>();
}

Result<void> Verification::read_logs() {
    const std::string folder =
        options_.logs.empty() && !options_.data.empty() ? options_.data + "/log" : options_.logs;
    if (folder.empty()) {
        report_.skipped.emplace_back("6: neither --data nor --logs");
        return {};
    }
    std::vector<std::string> secrets;
    const char* more = std::getenv("SHOP_SECRETS");
    for (const std::string_view list :
         {std::string_view(options_.secrets), std::string_view(more ? more : "")})
        for (const std::string_view secret : split_list(list)) secrets.emplace_back(secret);
    FLT_TRY(auto findings, scan_logs(folder, driver::LogScan(std::move(secrets))));
    report_.log_lines = findings.lines;
    add(std::move(findings.violations));
    return {};
}

void Verification::judge() {
    report_.orders = orders_.size();
    report_.reservations = reservations_.size();
    report_.lists = lists_.size();
    add(driver::check_created(journal_, orders_));
    add(driver::check_final(orders_));
    add(driver::check_lists(journal_, lists_));
    if (tables_) {
        add(driver::check_keys(journal_, keys_));
        add(driver::check_stock(initial_, products_, reservations_));
        add(driver::check_reservations(orders_, reservations_));
    } else {
        add(driver::check_stock({}, products_, {}));
        report_.skipped.emplace_back("2: no tables, so that the stock was only seen not to be negative");
    }
    report_.skipped.emplace_back("4: no Kafka in this shop");
    report_.ok = report_.violation_count == 0;
}

void Verification::add(driver::Violations violations) {
    constexpr std::size_t most = 100;
    report_.violation_count += violations.size();
    for (driver::Violation& violation : violations) {
        if (report_.violations.size() == most) return;
        report_.violations.push_back(std::move(violation));
    }
}

std::string to_text(const VerifyReport& report) {
    std::string text;
    for (const driver::Violation& violation : report.violations)
        text += fmt::format("VIOLATION of {}: {}\n", violation.invariant, violation.what);
    if (report.violation_count > report.violations.size())
        text += fmt::format("... and {} more\n", report.violation_count - report.violations.size());
    for (const std::string& what : report.skipped) text += fmt::format("not checked, {}\n", what);
    return text +
           fmt::format(
               "{} acknowledged orders ({} unknown), {} orders, {} reservations, {} lists, {} log lines; "
               "settled after {:.1f} s\n{}\n",
               report.acknowledged,
               report.unknown,
               report.orders,
               report.reservations,
               report.lists,
               report.log_lines,
               report.settled_after_seconds,
               report.ok ? "All invariants hold." : fmt::format("{} violations.", report.violation_count)
           );
}

}  // namespace flotilla::shop
