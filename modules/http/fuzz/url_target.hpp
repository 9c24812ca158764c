#pragma once
/// Any text as a URL, path, query: what is accepted is the same after it was written and read again.

#include <cstdlib>

#include "flotilla/http/path.hpp"
#include "flotilla/http/percent.hpp"
#include "flotilla/http/url.hpp"

namespace flotilla::http::testing {

inline void read_url(std::string_view input) {
    const auto url = Url::parse(input);
    if (url) {
        const auto again = Url::parse(url->to_string());
        if (!again || again->to_string() != url->to_string()) std::abort();
    }
    const Url base = *Url::parse("http://a/b/c?d");
    if (const auto resolved = base.resolve(input); resolved && !Url::parse(resolved->to_string()))
        std::abort();

    for (const EncodedSlash policy : {EncodedSlash::reject, EncodedSlash::keep}) {
        const auto path = resolve_path(input, policy);
        if (!path) continue;
        if (resolve_path(*path, policy) != *path) std::abort();
        const auto decoded = decode_path(input, policy);
        if (!decoded || decoded->find('\0') != std::string::npos) std::abort();
        for_each_segment(*decoded, [](std::string_view segment) {
            if (segment == "." || segment == "..") std::abort();
        });
    }

    std::string query;
    for (const auto& pair : UrlEncoded(input)) append_urlencoded(query, pair.name(), pair.value());
    std::string again;
    for (const auto& pair : UrlEncoded(query)) append_urlencoded(again, pair.name(), pair.value());
    if (again != query) std::abort();
    if (percent_decode(percent_encode(input)) != input) std::abort();
    static_cast<void>(percent_decode(input));
    static_cast<void>(decode_segment(input));
}

}  // namespace flotilla::http::testing
