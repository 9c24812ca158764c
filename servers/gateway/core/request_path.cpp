#include "flotilla/gateway/request_path.hpp"

#include <algorithm>

#include "flotilla/http/path.hpp"

namespace flotilla::gateway {

RequestPath::RequestPath(std::string_view raw, Arena& arena)
    : raw_(raw), segments_(arena, static_cast<std::size_t>(std::ranges::count(raw, '/')) + 1) {
    const bool plain = raw.find_first_of("%;") == std::string_view::npos;
    http::for_each_segment(raw, [&](std::string_view segment) {
        if (plain || segment.find_first_of("%;") == std::string_view::npos) {
            segments_.add(segment);
        } else {
            segments_.add(arena.keep(http::decode_segment(segment)));
        }
    });
}

}  // namespace flotilla::gateway
