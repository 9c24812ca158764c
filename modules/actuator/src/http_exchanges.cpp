#include "flotilla/actuator/http_exchanges.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/base/units.hpp"

namespace flotilla::actuator {

using reflect::Json;

/// Everything textual in one string, whose memory the next exchange in this place uses again: method, URI,
/// principal, remote address and the fields, a line each.
struct HttpExchangeRepository::Entry {
    WallTime received{};
    Duration taken{};
    int status = 0;
    std::size_t request_fields = 0;  ///< how many lines
    std::string lines;
};

struct HttpExchangeRepository::Shard {
    std::mutex mutex;
    std::vector<Entry> ring;
    std::size_t next = 0;
};

namespace {

std::size_t thread_number() noexcept {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t own = next.fetch_add(1, std::memory_order_relaxed);
    return own;
}

void append_line(std::string& lines, std::string_view text) {
    lines += text;
    lines += '\n';
}

class Lines {
public:
    explicit Lines(std::string_view rest) noexcept : rest_(rest) {}

    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }

    std::string_view next() {
        const std::size_t end = rest_.find('\n');
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        return line;
    }

private:
    std::string_view rest_;
};

void add_header(Json& headers, std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    headers[line.substr(0, colon)].push_back(trim(line.substr(colon + 1)));
}

}  // namespace

HttpExchangeRepository::HttpExchangeRepository(std::size_t capacity, RecordedParts parts)
    : capacity_(std::max<std::size_t>(capacity, 1)), parts_(parts) {
    for (auto& shard : shards_) shard = std::make_unique<Shard>();
}

HttpExchangeRepository::~HttpExchangeRepository() = default;

void HttpExchangeRepository::record(const Exchange& exchange) {
    const auto wanted = [this](std::string_view name) {
        if (iequals(name, "Cookie") || iequals(name, "Set-Cookie")) return parts_.cookie_headers;
        if (iequals(name, "Authorization") || iequals(name, "Proxy-Authorization"))
            return parts_.authorization_header;
        return true;
    };
    Shard& shard = *shards_[thread_number() % shard_count];
    const std::scoped_lock lock(shard.mutex);
    if (shard.ring.size() < capacity_) {
        shard.next = shard.ring.size();
        shard.ring.emplace_back();
    }
    Entry& entry = shard.ring[shard.next];
    shard.next = (shard.next + 1) % capacity_;

    entry.received = exchange.received;
    entry.taken = exchange.taken;
    entry.status = exchange.status;
    entry.request_fields = 0;
    std::string& lines = entry.lines;
    lines.clear();
    append_line(lines, exchange.method);
    lines += exchange.base_url;
    lines += exchange.path;
    if (!exchange.query.empty()) (lines += '?') += exchange.query;
    lines += '\n';
    append_line(lines, parts_.principal ? exchange.principal : std::string_view());
    append_line(lines, parts_.remote_address ? exchange.remote_address : std::string_view());
    if (exchange.request_fields) {
        for (const auto& field : *exchange.request_fields) {
            if (!wanted(field.name)) continue;
            ((lines += field.name) += ':') += field.value;
            lines += '\n';
            ++entry.request_fields;
        }
    }
    Lines response(exchange.response_fields);
    while (!response.empty()) {
        const std::string_view line = response.next();
        if (wanted(line.substr(0, line.find(':')))) append_line(lines, trim(line));
    }
}

std::vector<HttpExchangeRepository::Entry> HttpExchangeRepository::newest() const {
    std::vector<Entry> entries;
    for (const auto& shard : shards_) {
        const std::scoped_lock lock(shard->mutex);
        entries.insert(entries.end(), shard->ring.begin(), shard->ring.end());
    }
    std::ranges::sort(entries, std::ranges::greater(), &Entry::received);
    if (entries.size() > capacity_) entries.resize(capacity_);
    return entries;
}

Json HttpExchangeRepository::json() const {
    Json exchanges = Json::array();
    for (const auto& entry : newest()) {
        Lines lines(entry.lines);
        Json request = Json::object({{"method", lines.next()}, {"uri", lines.next()}});
        const std::string_view principal = lines.next();
        const std::string_view remote = lines.next();
        Json request_headers = Json::object();
        for (std::size_t i = 0; i < entry.request_fields; ++i) add_header(request_headers, lines.next());
        request.set("headers", std::move(request_headers));
        if (!remote.empty()) request.set("remoteAddress", remote);
        Json response_headers = Json::object();
        while (!lines.empty()) add_header(response_headers, lines.next());
        Json exchange = Json::object({
            {"timestamp", format_iso_time(entry.received)},
            {"request", std::move(request)},
            {"response", Json::object({{"status", entry.status}, {"headers", std::move(response_headers)}})},
            {"timeTaken", format_iso_duration(entry.taken)},
        });
        if (!principal.empty()) exchange.set("principal", Json::object({{"name", principal}}));
        exchanges.push_back(std::move(exchange));
    }
    return Json::object({{"exchanges", std::move(exchanges)}});
}

Json HttpExchangeRepository::traces_json() const {
    Json document = json();
    Json traces = Json::array();
    for (auto& exchange : document["exchanges"].elements()) {
        Json request = exchange["request"];
        if (!request.contains("remoteAddress")) request.set("remoteAddress", nullptr);
        const auto taken = parse_duration(exchange["timeTaken"].string_or("PT0S"));
        using Milliseconds = std::chrono::milliseconds;
        traces.push_back(Json::object({
            {"timestamp", exchange["timestamp"]},
            {"principal", exchange.contains("principal") ? exchange["principal"] : Json()},
            {"session", nullptr},
            {"request", std::move(request)},
            {"response", exchange["response"]},
            {"timeTaken", taken ? std::chrono::duration_cast<Milliseconds>(*taken).count() : 0},
        }));
    }
    return Json::object({{"traces", std::move(traces)}});
}

}  // namespace flotilla::actuator
