#pragma once
/// What is recorded about one span, in Zipkin's model: the value that tracers write and reporters read.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/task_context.hpp"

namespace flotilla::tracing {

enum class SpanKind : std::uint8_t { none, client, server, producer, consumer };

/// `CLIENT`, `SERVER`, `PRODUCER`, `CONSUMER`; empty for none.
std::string_view to_string(SpanKind kind) noexcept;

/// The other side of a span. The own side is the process's and known to whoever reports.
struct EndpointView {
    std::string_view service = {};
    std::string_view ip = {};  ///< as text, either family
    std::uint16_t port = 0;

    [[nodiscard]] bool empty() const noexcept { return service.empty() && ip.empty() && port == 0; }

    friend bool operator==(const EndpointView&, const EndpointView&) = default;
};

/// A recorded span: a plain value. All its text lies in one buffer, and it keeps its memory when cleared, so
/// that a record which is used again allocates nothing.
///
/// Limits: 64 tags and 64 annotations; further ones are counted and left out. Keys are cut at 64 bytes,
/// values at 256 (`sql.` tags at 4096), at a character's border and with an ellipsis. Nothing here is
/// thread-safe.
class SpanData {
public:
    static constexpr std::size_t max_entries = 64;

    TraceContext context;
    SpanKind kind = SpanKind::none;
    WallTime start;
    Duration duration{};  ///< zero until finished

    struct Tag {
        std::string_view key;
        std::string_view value;

        friend bool operator==(const Tag&, const Tag&) = default;
    };

    struct Annotation {
        WallTime at;
        std::string_view value;

        friend bool operator==(const Annotation&, const Annotation&) = default;
    };

    [[nodiscard]] std::string_view name() const noexcept { return view(name_); }

    /// Lower-cased (ASCII), as the model has it.
    void set_name(std::string_view name);

    /// Sets or replaces.
    void tag(std::string_view key, std::string_view value) { write_tag(key, value, true); }

    /// Leaves a value that is there, such as one that the user's code has set.
    void tag_if_absent(std::string_view key, std::string_view value) { write_tag(key, value, false); }

    void annotate(WallTime at, std::string_view value);
    void set_remote(const EndpointView& remote);

    [[nodiscard]] std::optional<std::string_view> find_tag(std::string_view key) const noexcept;

    [[nodiscard]] std::size_t tag_count() const noexcept { return tags_.size(); }

    /// In the order of their first writing.
    [[nodiscard]] Tag tag_at(std::size_t i) const noexcept {
        return {view(tags_[i].key), view(tags_[i].value)};
    }

    [[nodiscard]] std::size_t annotation_count() const noexcept { return annotations_.size(); }

    [[nodiscard]] Annotation annotation_at(std::size_t i) const noexcept {
        return {annotations_[i].at, view(annotations_[i].value)};
    }

    [[nodiscard]] EndpointView remote() const noexcept {
        return {view(remote_service_), view(remote_ip_), remote_port_};
    }

    /// Tags and annotations beyond the limits.
    [[nodiscard]] std::uint32_t dropped() const noexcept { return dropped_; }

    /// Epoch microseconds, as Zipkin has it.
    [[nodiscard]] std::chrono::microseconds timestamp() const noexcept {
        return std::chrono::floor<std::chrono::microseconds>(start.time_since_epoch());
    }

    /// At least 1 once finished.
    [[nodiscard]] std::chrono::microseconds duration_us() const noexcept {
        return std::max(
            std::chrono::floor<std::chrono::microseconds>(duration), std::chrono::microseconds(1)
        );
    }

    /// Bytes held: for queues with a limit.
    [[nodiscard]] std::size_t footprint() const noexcept;

    /// Makes room for a span of the usual size.
    void reserve_typical();

    /// Bytes of memory kept for reuse.
    [[nodiscard]] std::size_t capacity() const noexcept { return text_.capacity(); }

    void clear() noexcept;

private:
    friend class SpanQueue;

    struct Ref {
        std::uint32_t offset = 0;
        std::uint32_t length = 0;
    };

    struct TagRef {
        Ref key;
        Ref value;
    };

    struct AnnotationRef {
        WallTime at;
        Ref value;
    };

    [[nodiscard]] std::string_view view(Ref ref) const noexcept {
        return {text_.data() + ref.offset, ref.length};
    }

    Ref keep(std::string_view text);
    Ref keep_at_most(std::string_view text, std::size_t limit);
    void write_tag(std::string_view key, std::string_view value, bool replace);

    Ref name_;
    Ref remote_service_;
    Ref remote_ip_;
    std::uint16_t remote_port_ = 0;
    std::uint32_t dropped_ = 0;
    std::string text_;
    std::vector<TagRef> tags_;
    std::vector<AnnotationRef> annotations_;
    SpanData* next_ = nullptr;  // the queue's
};

/// Gives a record back to the pool that it came from.
struct RecycleSpan {
    void operator()(SpanData* span) const noexcept;
};

/// A record out of a process-wide pool. May be given back on any thread.
using SpanPtr = std::unique_ptr<SpanData, RecycleSpan>;

/// An empty record.
SpanPtr make_span();

}  // namespace flotilla::tracing
