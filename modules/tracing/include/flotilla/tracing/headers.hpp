#pragma once
/// The header fields that carry a trace, coming in and going out, without maps and mostly without copies.

#include <cstddef>
#include <forward_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flotilla::tracing {

struct HeaderView {
    std::string_view name;
    std::string_view value;
};

/// The trace headers of one incoming message. A view with a null `data()` is an absent header, an empty one
/// with data a present but empty one. Parsers offer every header, or fill the fields themselves.
struct IncomingHeaders {
    std::string_view b3;
    std::string_view b3_trace_id;
    std::string_view b3_span_id;
    std::string_view b3_parent_span_id;
    std::string_view b3_sampled;
    std::string_view b3_flags;
    std::string_view traceparent;
    std::string_view tracestate;
    std::string_view baggage;

    /// Headers that are baggage by their own name, as `Propagator::offer` finds them.
    std::vector<HeaderView> fields;

    /// Takes the header if it is one of the fixed nine; names in any case. The first value wins, except that
    /// further `tracestate` and `baggage` values are joined with commas. The text must outlive this object.
    bool offer(std::string_view name, std::string_view value);

private:
    static void join(std::string& joined, std::string_view& list, std::string_view more);

    std::string joined_state_;
    std::string joined_baggage_;
};

/// The headers to send with one outgoing call. Views point into this object, which therefore stays in place.
class OutgoingHeaders {
public:
    OutgoingHeaders() noexcept {}  // NOLINT(modernize-use-equals-default): leaves its room uninitialised

    ~OutgoingHeaders() = default;
    OutgoingHeaders(const OutgoingHeaders&) = delete;
    OutgoingHeaders& operator=(const OutgoingHeaders&) = delete;

    [[nodiscard]] std::span<const HeaderView> all() const noexcept { return {headers_, count_}; }

    [[nodiscard]] auto begin() const noexcept { return all().begin(); }

    [[nodiscard]] auto end() const noexcept { return all().end(); }

    /// The value under that exact name, or a view without data.
    [[nodiscard]] std::string_view find(std::string_view name) const noexcept;

    void clear() noexcept;

    /// Room for a value of known length; what one set of trace headers needs is there without an allocation.
    [[nodiscard]] char* reserve(std::size_t length);
    /// Adds a header whose value lies in reserved room or outlives this object.
    void add(std::string_view name, std::string_view value) noexcept;
    /// Adds a header and keeps the text.
    void add_copy(std::string_view name, std::string value);

private:
    // Both encodings of B3, W3C's two, baggage and its sixteen fields; and some of the caller's own.
    static constexpr std::size_t max_headers = 32;
    static constexpr std::size_t fixed_room = 320;

    std::size_t count_ = 0;
    std::size_t used_ = 0;
    std::forward_list<std::string> kept_;

    union {
        HeaderView headers_[max_headers];  // the first `count_` exist
    };

    char fixed_[fixed_room];
};

}  // namespace flotilla::tracing
