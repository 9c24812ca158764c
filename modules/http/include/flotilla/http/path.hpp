#pragma once
/// The path of a request as something to route by: checked (rule S12), without dot segments, decoded by
/// segment.
///
/// A path that RequestHead calls plain needs none of this.

#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/http/parsing.hpp"

namespace flotilla::http {

/// Without dot segments, but with all other octets as received: what a gateway forwards. Empty segments stay.
/// An error for what rule S12 refuses.
Result<std::string> resolve_path(std::string_view raw, EncodedSlash policy = EncodedSlash::reject);

/// The same with the escapes decoded, except those of slash and backslash, which are kept as `%2F` and `%5C`
/// so that they separate nothing: what a router compares with its patterns.
Result<std::string> decode_path(std::string_view raw, EncodedSlash policy = EncodedSlash::reject);

/// One segment without its `;matrix` parameters and with all escapes decoded: the text of a path variable. A
/// malformed escape stands for itself.
std::string decode_segment(std::string_view raw);

/// Calls `use(segment)` for each part between slashes: `/a//b/` has `a`, ``, `b` and ``; `/` has one, empty.
template <class Use>
void for_each_segment(std::string_view path, Use&& use) {
    if (path.starts_with('/')) path.remove_prefix(1);
    while (true) {
        const std::size_t slash = path.find('/');
        use(path.substr(0, slash));
        if (slash == std::string_view::npos) return;
        path.remove_prefix(slash + 1);
    }
}

}  // namespace flotilla::http
