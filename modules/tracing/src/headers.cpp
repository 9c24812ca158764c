#include "flotilla/tracing/headers.hpp"

#include <memory>
#include <utility>

#include "flotilla/base/text.hpp"

namespace flotilla::tracing {

namespace {

/// First value wins. An empty value still counts as present.
void keep_first(std::string_view& slot, std::string_view value) noexcept {
    if (slot.data() == nullptr) slot = value.data() == nullptr ? std::string_view("") : value;
}

}  // namespace

void IncomingHeaders::join(std::string& joined, std::string_view& list, std::string_view more) {
    if (list.data() == nullptr) {
        keep_first(list, more);
        return;
    }
    if (joined.empty()) joined = list;
    joined += ',';
    joined += more;
    list = joined;
}

bool IncomingHeaders::offer(std::string_view name, std::string_view value) {
    const auto take = [&](std::string_view wanted, std::string_view& slot) {
        if (!iequals(name, wanted)) return false;
        keep_first(slot, value);
        return true;
    };
    if (name.empty()) return false;
    switch (ascii_lower(name[0])) {
        case 'x':
            if (name.size() < 10 || !istarts_with(name, "x-b3-")) return false;
            return take("x-b3-traceid", b3_trace_id) || take("x-b3-spanid", b3_span_id) ||
                   take("x-b3-parentspanid", b3_parent_span_id) || take("x-b3-sampled", b3_sampled) ||
                   take("x-b3-flags", b3_flags);
        case 't':
            if (take("traceparent", traceparent)) return true;
            if (!iequals(name, "tracestate")) return false;
            join(joined_state_, tracestate, value);
            return true;
        case 'b':
            if (take("b3", b3)) return true;
            if (!iequals(name, "baggage")) return false;
            join(joined_baggage_, baggage, value);
            return true;
        default:
            return false;
    }
}

std::string_view OutgoingHeaders::find(std::string_view name) const noexcept {
    for (const HeaderView& header : all())
        if (header.name == name) return header.value;
    return {};
}

void OutgoingHeaders::clear() noexcept {
    count_ = 0;
    used_ = 0;
    kept_.clear();
}

char* OutgoingHeaders::reserve(std::size_t length) {
    if (length > fixed_room - used_) return kept_.emplace_front(length, '\0').data();
    return fixed_ + std::exchange(used_, used_ + length);
}

void OutgoingHeaders::add(std::string_view name, std::string_view value) noexcept {
    if (count_ == max_headers) return;
    std::construct_at(headers_ + count_++, name, value);
}

void OutgoingHeaders::add_copy(std::string_view name, std::string value) {
    add(name, kept_.emplace_front(std::move(value)));
}

}  // namespace flotilla::tracing
