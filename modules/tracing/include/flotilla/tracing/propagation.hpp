#pragma once
/// Carries a trace from one process to the next: B3 in both encodings, W3C trace context, and baggage.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/base/task_context.hpp"
#include "flotilla/tracing/headers.hpp"

namespace flotilla::tracing {

enum class Format : std::uint8_t { b3, b3_multi, w3c };

/// `b3`, `b3-multi` or `w3c`, as configuration has it.
Result<Format> parse_format(std::string_view text);

/// What the caller has decided about recording.
enum class Decision : std::uint8_t { none, deny, accept, debug };

/// What the incoming headers say. Ids are set or all zero; each of ids and decision may be missing.
struct Extracted {
    TraceContext context;
    Decision decision = Decision::none;
    std::optional<Format> source;  ///< the format that the ids or the decision came in
    std::shared_ptr<const TaskFields> fields;

    [[nodiscard]] bool has_ids() const noexcept { return context.valid(); }
};

/// Which names are baggage. Unknown headers never are.
struct BaggageConfig {
    std::vector<std::string> remote_fields = {};       ///< header names, sent and received
    std::vector<std::string> local_fields = {};        ///< never leave the process
    std::vector<std::string> tag_fields = {};          ///< become tags of the server span
    std::vector<std::string> correlation_fields = {};  ///< members of JSON log lines
};

struct PropagationConfig {
    std::vector<Format> consume = {Format::b3, Format::b3_multi, Format::w3c};  ///< first success wins
    std::vector<Format> produce = {Format::b3_multi, Format::w3c};
    std::vector<Format> produce_messaging = {Format::b3};
    BaggageConfig baggage = {};
};

/// Hard limits of baggage; what exceeds them is left out and counted.
struct BaggageLimits {
    static constexpr std::size_t fields = 16;
    static constexpr std::size_t value_bytes = 256;
    static constexpr std::size_t total_bytes = 1024;
};

/// Reads and writes trace headers. Immutable but for a counter; one is shared by all threads.
class Propagator {
public:
    explicit Propagator(PropagationConfig config = {});

    /// True for a header that this configuration takes as baggage; then `headers` has noted it.
    bool offer_field(IncomingHeaders& headers, std::string_view name, std::string_view value) const;

    /// Offers one header of a message, trace header or baggage.
    void offer(IncomingHeaders& headers, std::string_view name, std::string_view value) const {
        if (!headers.offer(name, value) && !remote_names_.empty()) offer_field(headers, name, value);
    }

    /// Never fails: malformed headers count as absent.
    [[nodiscard]] Extracted extract(const IncomingHeaders& headers) const;

    /// Adds the headers of an outgoing HTTP call that is made within `context`.
    void inject(const TraceContext& context, const TaskFields* fields, OutgoingHeaders& out) const;
    /// The same as lines of the head that is being written: `Name: value`, each with its line end.
    void append_lines(const TraceContext& context, const TaskFields* fields, std::string& out) const;
    /// The same for a message on a queue: without the parent id.
    void inject_messaging(const TraceContext& context, const TaskFields* fields, OutgoingHeaders& out) const;

    /// `fields` with one value set (or removed, when empty). The old set itself when the name is no baggage
    /// or a limit is reached.
    [[nodiscard]] std::shared_ptr<const TaskFields> with_field(
        std::shared_ptr<const TaskFields> fields, std::string_view name, std::string_view value
    ) const;

    /// Baggage left out because of a limit: `flotilla_trace_baggage_dropped_total`.
    [[nodiscard]] std::uint64_t baggage_dropped() const noexcept {
        return baggage_dropped_.load(std::memory_order_relaxed);
    }

    [[nodiscard]] const PropagationConfig& config() const noexcept { return config_; }

private:
    struct Name {
        std::string name;
        bool remote = false;
        bool in_log = false;
    };

    [[nodiscard]] const Name* find_name(std::string_view name) const noexcept;
    enum class Purpose : std::uint8_t { http, messaging };

    [[nodiscard]] std::shared_ptr<const TaskFields> extract_fields(
        const IncomingHeaders& headers, std::string&& trace_state
    ) const;
    bool put(TaskFields& set, const Name& name, std::string_view value) const;
    void inject_formats(
        const std::vector<Format>& formats,
        Purpose purpose,
        const TraceContext& context,
        const TaskFields* fields,
        OutgoingHeaders& out
    ) const;
    void inject_fields(const TaskFields& fields, bool w3c, OutgoingHeaders& out) const;

    void drop_baggage() const noexcept { baggage_dropped_.fetch_add(1, std::memory_order_relaxed); }

    PropagationConfig config_;
    std::vector<Name> names_;
    std::vector<std::string> remote_names_;
    bool consumes_w3c_ = false;
    mutable std::atomic<std::uint64_t> baggage_dropped_{0};
};

/// The value of a baggage field, if it is set.
std::optional<std::string_view> find_field(const TaskFields* fields, std::string_view name) noexcept;

// The encodings themselves.

/// Nothing when malformed.
std::optional<Extracted> parse_b3_single(std::string_view text) noexcept;
/// Nothing when malformed or absent altogether.
std::optional<Extracted> parse_b3_multi(const IncomingHeaders& headers) noexcept;
std::optional<Extracted> parse_traceparent(std::string_view text) noexcept;

/// The longest b3 value: 32-16-1-16.
inline constexpr std::size_t b3_single_max = 68;
inline constexpr std::size_t traceparent_size = 55;
/// Returns the length written, at most `b3_single_max`.
std::size_t write_b3_single(const TraceContext& context, bool with_parent, char* out) noexcept;
/// Writes exactly `traceparent_size` characters.
void write_traceparent(const TraceContext& context, char* out) noexcept;
/// `tracestate` for the next hop: `b3={single}` first, then the caller's members within the limits of W3C.
std::string write_tracestate(const TraceContext& context, std::string_view incoming);

}  // namespace flotilla::tracing
