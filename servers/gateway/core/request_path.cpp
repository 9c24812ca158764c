#include "flotilla/gateway/request_path.hpp"

#include "flotilla/http/path.hpp"

namespace flotilla::gateway {

RequestPath::RequestPath(std::string_view raw, Arena& arena) : raw_(raw) {
    const bool plain = raw.find_first_of("%;") == std::string_view::npos;
    http::for_each_segment(raw, [&](std::string_view segment) {
        if (plain || segment.find_first_of("%;") == std::string_view::npos) {
            add(segment);
        } else {
            add(arena.keep(http::decode_segment(segment)));
        }
    });
}

void RequestPath::add(std::string_view segment) {
    if (size_ < inline_size) {
        first_[size_++] = segment;
        return;
    }
    if (more_.empty()) more_.assign(first_.begin(), first_.end());
    more_.push_back(segment);
    ++size_;
}

}  // namespace flotilla::gateway
