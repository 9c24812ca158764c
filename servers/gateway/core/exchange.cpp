#include "flotilla/gateway/exchange.hpp"

#include <algorithm>

namespace flotilla::gateway {

namespace {

constexpr std::size_t most_rewrites = 8;
constexpr std::size_t most_draws = 8;

}  // namespace

Exchange::Exchange(const Inbound& inbound, http::HeaderBlock& outgoing, http::Response& response)
    : inbound_(inbound),
      path_(inbound.path),
      query_(inbound.head.query),
      has_query_(inbound.head.has_query),
      headers_(outgoing),
      variables_(arena_),
      answer_(response),
      former_paths_(arena_, most_rewrites),
      drawn_(arena_, most_draws) {
    request_path_.emplace(path_, arena_);
}

bool fits_request_line(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return octet > 0x20 && octet < 0x7f &&
               std::string_view("\"#<>\\^`{|}").find(c) == std::string_view::npos;
    });
}

bool Exchange::set_path(std::string_view path) {
    if (!path.starts_with('/') || path.find('?') != std::string_view::npos || !fits_request_line(path))
        return false;
    path_ = arena_.keep(path);
    return true;
}

bool Exchange::rewrite_path(std::string_view path) {
    const std::string_view former = path_;
    if (!set_path(path)) return false;
    former_paths_.add(former);
    return true;
}

std::string Exchange::cut_prefixes() const {
    const auto without_slash = [](std::string_view path) {
        return path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
    };
    const std::string_view now = without_slash(path_);
    std::string cut;
    for (const std::string_view path : former_paths_.all()) {
        const std::string_view former = without_slash(path);
        if (former.size() <= now.size() || !former.ends_with(now)) continue;
        if (!cut.empty()) cut += ',';
        cut += former.substr(0, former.size() - now.size());
    }
    return cut;
}

bool Exchange::set_query(std::string_view query, bool present) {
    if (!fits_request_line(query)) return false;
    query_ = arena_.keep(query);
    has_query_ = present;
    return true;
}

Next Exchange::respond(int status, std::string_view body) {
    answer_.early = true;
    answer_.set_status(status);
    if (!body.empty()) answer_.set_body("text/plain;charset=UTF-8", body);
    return Next::answered;
}

double Exchange::drawn(std::uint32_t group) {
    for (const auto& [known, number] : drawn_.all())
        if (known == group) return number;
    Random& random = inbound_.random ? *inbound_.random : Random::of_thread();
    const double number = random.unit();
    drawn_.add({group, number});
    return number;
}

void Exchange::forward_to(std::string_view path) {
    path_ = arena_.keep(path);
    request_path_.emplace(path_, arena_);
    route_ = nullptr;
    target.reset();
    prefix_added = false;
    ++forwards_;
}

}  // namespace flotilla::gateway
