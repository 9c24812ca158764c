#include "peer_urls.hpp"

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/http/url.hpp"

namespace flotilla::registry {

namespace {

std::string with_slash(std::string_view url) {
    std::string text(url);
    if (!text.ends_with('/')) text += '/';
    return text;
}

bool is_own(const std::string& text, const OwnAddress& own) {
    if (!own.url.empty()) return iequals(text, with_slash(own.url));
    const auto url = http::Url::parse(text);
    if (!url || url->port_or_default() != own.port) return false;
    return std::ranges::any_of(own.hosts, [&](const std::string& host) { return iequals(host, url->host); });
}

}  // namespace

std::vector<std::string> peer_urls(
    const std::map<std::string, std::string>& service_url, const OwnAddress& own
) {
    std::vector<std::string> peers;
    for (const auto& [zone, list] : service_url) {
        for (const std::string_view url : split_list(list)) {
            std::string text = with_slash(url);
            if (is_own(text, own) || std::ranges::find(peers, text) != peers.end()) continue;
            peers.push_back(std::move(text));
        }
    }
    return peers;
}

}  // namespace flotilla::registry
