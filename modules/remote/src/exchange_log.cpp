#include "exchange_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/reflect/print.hpp"

namespace flotilla::remote {

namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view hidden = "***";

std::int64_t in_ms(Duration span) {
    return std::chrono::duration_cast<Milliseconds>(span).count();
}

/// In the order of names in any case; lines of one name stay in their order.
void add_sorted(Lines& lines, std::string name, std::string_view value) {
    const auto before = [](const std::string& one, const auto& other) {
        return std::ranges::lexicographical_compare(one, other.first, {}, ascii_lower, ascii_lower);
    };
    const auto at = std::upper_bound(lines.begin(), lines.end(), name, before);
    lines.emplace(at, std::move(name), value);
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
    reflect::print::string(out, name);
    out.push_back(':');
    reflect::print::string(out, text);
    out.push_back(',');
}

void append_members(std::string& out, std::string_view name, const Lines& lines) {
    reflect::print::string(out, name);
    out += ":{";
    for (const auto& [key, value] : lines) append_member(out, key, value);
    if (out.back() == ',') out.pop_back();
    out += "},";
}

}  // namespace

ExchangeLog::ExchangeLog(log::Logger logger, std::string_view tag, LoggerLevel level, LogSettings settings)
    : logger_(logger), tag_(fmt::format("[{}] ", tag)), level_(level), settings_(std::move(settings)) {}

bool ExchangeLog::redacted(std::string_view header) const noexcept {
    return std::ranges::any_of(settings_.redact, [&](const auto& name) { return iequals(name, header); });
}

void ExchangeLog::line(std::string_view text) const {
    logger_.debug("{}{}", tag_, text);
}

std::string ExchangeLog::body_text(std::string_view text) const {
    if (!is_valid_utf8(text)) return "Binary data";
    const std::size_t most = settings_.max_body.count;
    if (text.size() <= most) return std::string(text);
    return fmt::format("{}... ({} bytes)", utf8_prefix(text, most), text.size());
}

void ExchangeLog::body(std::string_view text) const {
    line(body_text(text));
}

void ExchangeLog::request(const LoggedRequest& request) const {
    if (settings_.format == LogFormat::json) return;  // the exchange is one record, at its end
    line(fmt::format("---> {} {} HTTP/1.1", request.method, request.url));
    if (level_ < LoggerLevel::headers) return;
    Lines lines;
    request.headers->for_each([&](std::string_view name, std::string_view value) {
        add_sorted(lines, std::string(name), redacted(name) ? hidden : value);
    });
    for (const auto& [name, value] : lines) line(fmt::format("{}: {}", name, value));
    if (level_ == LoggerLevel::full && request.has_body) {
        line({});
        body(request.body);
    }
    line(fmt::format("---> END HTTP ({}-byte body)", request.body.size()));
}

void ExchangeLog::retrying() const {
    if (settings_.format == LogFormat::feign) line("---> RETRYING");
}

void ExchangeLog::response(const LoggedRequest& request, const LoggedResponse& response) const {
    if (settings_.format == LogFormat::json) return json(request, &response, nullptr);
    line(fmt::format(
        "<--- HTTP/1.1 {}{}{} ({}ms)",
        response.status,
        response.reason.empty() ? "" : " ",
        response.reason,
        in_ms(response.taken)
    ));
    if (level_ < LoggerLevel::headers) return;
    Lines lines;
    for (const auto& field : *response.fields)
        add_sorted(lines, to_lower(field.name), redacted(field.name) ? hidden : field.value);
    for (const auto& [name, value] : lines) line(fmt::format("{}: {}", name, value));
    if (level_ == LoggerLevel::full && response.status != 204 && response.status != 205) {
        line({});
        if (!response.body.empty()) body(response.body);
    }
    line(fmt::format("<--- END HTTP ({}-byte body)", response.body.size()));
}

void ExchangeLog::failure(const LoggedRequest& request, const LoggedFailure& failure) const {
    if (settings_.format == LogFormat::json) return json(request, nullptr, &failure);
    line(fmt::format("<--- ERROR {}: {} ({}ms)", failure.exception, failure.message, in_ms(failure.taken)));
    if (level_ < LoggerLevel::full) return;
    line(failure.details);
    line("<--- END ERROR");
}

void ExchangeLog::json(
    const LoggedRequest& request, const LoggedResponse* response, const LoggedFailure* failure
) const {
    std::string out = "{";
    append_member(out, "method", request.method);
    append_member(out, "url", request.url);
    if (level_ >= LoggerLevel::headers) {
        Lines lines;
        request.headers->for_each([&](std::string_view name, std::string_view value) {
            add_sorted(lines, std::string(name), redacted(name) ? hidden : value);
        });
        append_members(out, "requestHeaders", lines);
    }
    if (level_ == LoggerLevel::full && request.has_body)
        append_member(out, "requestBody", body_text(request.body));
    if (response) {
        fmt::format_to(
            std::back_inserter(out), "\"status\":{},\"bytes\":{},", response->status, response->body.size()
        );
        if (level_ >= LoggerLevel::headers) {
            Lines lines;
            for (const auto& field : *response->fields)
                add_sorted(lines, to_lower(field.name), redacted(field.name) ? hidden : field.value);
            append_members(out, "responseHeaders", lines);
        }
        if (level_ == LoggerLevel::full) append_member(out, "responseBody", body_text(response->body));
    }
    if (failure) append_member(out, "error", fmt::format("{}: {}", failure->exception, failure->message));
    const Duration taken = response ? response->taken : failure->taken;
    fmt::format_to(std::back_inserter(out), "\"ms\":{}}}", in_ms(taken));
    line(out);
}

}  // namespace flotilla::remote
