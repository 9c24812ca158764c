#include "flotilla/tracing/propagation.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"
#include "id_texts.hpp"
#include "w3c.hpp"

namespace flotilla::tracing {

namespace {

constexpr char hex_upper[] = "0123456789ABCDEF";

/// A header value must not be able to start a new line.
bool fits_a_header(std::string_view value) noexcept {
    return std::ranges::none_of(value, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

std::string percent_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7f && !std::string_view("\",;\\%").contains(c)) {
            out += c;
        } else {
            out += '%';
            out += hex_upper[byte >> 4];
            out += hex_upper[byte & 15];
        }
    }
    return out;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            if (const auto byte = from_hex(text.substr(i + 1, 2))) {
                out += *byte;
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

std::size_t total_bytes(const TaskFields& set) noexcept {
    std::size_t total = 0;
    for (const auto& field : set.fields) total += field.name.size() + field.value.size();
    return total;
}

/// More than any of them has.
constexpr std::size_t lines_of_a_format = 192;

template <std::size_t Size>
char* put(char* to, const char (&text)[Size]) noexcept {
    std::memcpy(to, text, Size - 1);
    return to + Size - 1;
}

char* put_lines(Format format, const TraceContext& context, const detail::IdTexts& ids, char* to) noexcept {
    switch (format) {
        case Format::b3:
            to = ids.put_b3_single(put(to, "b3: "), true);
            break;
        case Format::b3_multi:
            to = ids.put_trace(put(to, "X-B3-TraceId: "));
            to = ids.put_span(put(to, "\r\nX-B3-SpanId: "));
            if (context.parent_id != 0) to = ids.put_parent(put(to, "\r\nX-B3-ParentSpanId: "));
            if (context.debug)
                to = put(to, "\r\nX-B3-Flags: 1");
            else
                to = context.sampled ? put(to, "\r\nX-B3-Sampled: 1") : put(to, "\r\nX-B3-Sampled: 0");
            break;
        case Format::w3c:
            to = ids.put_traceparent(put(to, "traceparent: "));
            to = ids.put_b3_single(put(to, "\r\ntracestate: b3="), true);
            break;
    }
    return put(to, "\r\n");
}

bool contains(const std::vector<Format>& formats, Format format) noexcept {
    return std::ranges::find(formats, format) != formats.end();
}

}  // namespace

Result<Format> parse_format(std::string_view text) {
    const std::string name = to_lower(trim(text));
    if (name == "b3" || name == "b3-single") return Format::b3;
    if (name == "b3-multi" || name == "b3_multi") return Format::b3_multi;
    if (name == "w3c") return Format::w3c;
    return fail(
        Errc::invalid_argument, "unknown trace format '" + std::string(text) + "': b3, b3-multi or w3c"
    );
}

Propagator::Propagator(PropagationConfig config)
    : config_(std::move(config)), consumes_w3c_(contains(config_.consume, Format::w3c)) {
    const auto entry = [this](const std::string& name) -> Name& {
        const auto found = std::ranges::find_if(names_, [&](const Name& n) { return iequals(n.name, name); });
        if (found != names_.end()) return *found;
        return names_.emplace_back(Name{.name = name});
    };
    for (const auto& name : config_.baggage.remote_fields) {
        entry(name).remote = true;
        remote_names_.push_back(name);
    }
    for (const auto& name : config_.baggage.local_fields) entry(name);
    for (const auto& name : config_.baggage.tag_fields) entry(name);
    for (const auto& name : config_.baggage.correlation_fields) entry(name).in_log = true;
}

const Propagator::Name* Propagator::find_name(std::string_view name) const noexcept {
    for (const Name& known : names_)
        if (iequals(known.name, name)) return &known;
    return nullptr;
}

bool Propagator::offer_field(IncomingHeaders& headers, std::string_view name, std::string_view value) const {
    const bool known =
        std::ranges::any_of(remote_names_, [&](const std::string& n) { return iequals(n, name); });
    if (known) headers.fields.push_back({name, value});
    return known;
}

bool Propagator::put(TaskFields& set, const Name& name, std::string_view value) const {
    const auto found =
        std::ranges::find_if(set.fields, [&](const auto& field) { return iequals(field.name, name.name); });
    const bool known = found != set.fields.end();
    const std::size_t freed = known ? found->name.size() + found->value.size() : 0;
    if (value.size() > BaggageLimits::value_bytes || !fits_a_header(value) ||
        (!known && set.fields.size() == BaggageLimits::fields) ||
        total_bytes(set) - freed + name.name.size() + value.size() > BaggageLimits::total_bytes) {
        drop_baggage();
        return false;
    }
    if (known)
        found->value = value;
    else
        set.fields.push_back(
            {.name = name.name, .value = std::string(value), .remote = name.remote, .in_log = name.in_log}
        );
    return true;
}

std::shared_ptr<const TaskFields> Propagator::with_field(
    std::shared_ptr<const TaskFields> fields, std::string_view name, std::string_view value
) const {
    const Name* known = find_name(name);
    if (!known) return fields;
    TaskFields changed = fields ? *fields : TaskFields{};
    if (value.empty())
        std::erase_if(changed.fields, [&](const auto& field) { return iequals(field.name, name); });
    else if (!put(changed, *known, value))
        return fields;
    return std::make_shared<const TaskFields>(std::move(changed));
}

std::shared_ptr<const TaskFields> Propagator::extract_fields(
    const IncomingHeaders& headers, std::string&& trace_state
) const {
    TaskFields set;
    set.trace_state = std::move(trace_state);
    const auto take = [&](std::string_view name, std::string_view value) {
        const Name* known = find_name(name);
        if (known && known->remote && !value.empty() && !find_field(&set, name)) put(set, *known, value);
    };
    for (const auto& [name, value] : headers.fields) take(name, value);
    if (consumes_w3c_ && !headers.baggage.empty() && !remote_names_.empty()) {
        for (std::string_view member : split_list(headers.baggage)) {
            member = member.substr(0, member.find(';'));
            const std::size_t equals = member.find('=');
            if (equals == std::string_view::npos) continue;
            take(trim(member.substr(0, equals)), percent_decode(trim(member.substr(equals + 1))));
        }
    }
    if (set.fields.empty() && set.trace_state.empty()) return nullptr;
    return std::make_shared<const TaskFields>(std::move(set));
}

Extracted Propagator::extract(const IncomingHeaders& headers) const {
    Extracted out;
    for (const Format format : config_.consume) {
        std::optional<Extracted> found;
        switch (format) {
            case Format::b3:
                if (headers.b3.data() != nullptr) found = parse_b3_single(headers.b3);
                break;
            case Format::b3_multi:
                found = parse_b3_multi(headers);
                break;
            case Format::w3c:
                if (headers.traceparent.data() != nullptr) found = parse_traceparent(headers.traceparent);
                break;
        }
        if (found) {
            out = *std::move(found);
            break;
        }
    }

    std::string trace_state;
    if (consumes_w3c_ && !headers.tracestate.empty()) {
        // The state belongs to the traceparent: without one, or with one of another trace, it is not looked
        // at.
        const auto parent = parse_traceparent(headers.traceparent);
        if (parent && parent->context.trace_low == out.context.trace_low &&
            parent->context.trace_high == out.context.trace_high) {
            auto parts = detail::read_tracestate(headers.tracestate);
            if (out.source == Format::w3c) {
                const auto ours = parse_b3_single(parts.b3);
                if (ours && ours->decision == Decision::debug &&
                    ours->context.trace_low == out.context.trace_low) {
                    out.decision = Decision::debug;
                    out.context.debug = out.context.sampled = true;
                }
            }
            trace_state = std::move(parts.others);
        }
    }
    if (!trace_state.empty() || !headers.fields.empty() || !headers.baggage.empty())
        out.fields = extract_fields(headers, std::move(trace_state));
    return out;
}

void Propagator::inject(const TraceContext& context, const TaskFields* fields, OutgoingHeaders& out) const {
    inject_formats(config_.produce, Purpose::http, context, fields, out);
}

void Propagator::append_lines(const TraceContext& context, const TaskFields* fields, std::string& out) const {
    if (!context.valid()) return;
    if (fields) {
        // Baggage, or what others have said in tracestate: of any length, and rare.
        OutgoingHeaders headers;
        inject(context, fields, headers);
        for (const auto& [name, value] : headers) out.append(name).append(": ").append(value).append("\r\n");
        return;
    }
    const detail::IdTexts ids(context);
    for (const Format format : config_.produce) {
        const std::size_t before = out.size();
        out.resize_and_overwrite(before + lines_of_a_format, [&](char* text, std::size_t) {
            return static_cast<std::size_t>(put_lines(format, context, ids, text + before) - text);
        });
    }
}

void Propagator::inject_messaging(const TraceContext& context, const TaskFields* fields, OutgoingHeaders& out)
    const {
    inject_formats(config_.produce_messaging, Purpose::messaging, context, fields, out);
}

void Propagator::inject_formats(
    const std::vector<Format>& formats,
    Purpose purpose,
    const TraceContext& context,
    const TaskFields* fields,
    OutgoingHeaders& out
) const {
    if (!context.valid()) return;
    const bool http = purpose == Purpose::http;
    const auto add_id = [&out](std::string_view name, std::uint64_t high, std::uint64_t low) {
        char* text = out.reserve(high != 0 ? 32 : 16);
        if (high != 0) write_hex64(high, text);
        write_hex64(low, high != 0 ? text + 16 : text);
        out.add(name, {text, high != 0 ? 32U : 16U});
    };
    bool w3c = false;
    for (const Format format : formats) {
        switch (format) {
            case Format::b3: {
                char* text = out.reserve(b3_single_max);
                out.add("b3", {text, write_b3_single(context, http, text)});
                break;
            }
            case Format::b3_multi:  // record headers on a queue are lower case
                add_id(http ? "X-B3-TraceId" : "x-b3-traceid", context.trace_high, context.trace_low);
                add_id(http ? "X-B3-SpanId" : "x-b3-spanid", 0, context.span_id);
                if (context.parent_id != 0)
                    add_id(http ? "X-B3-ParentSpanId" : "x-b3-parentspanid", 0, context.parent_id);
                if (context.debug)
                    out.add(http ? "X-B3-Flags" : "x-b3-flags", "1");
                else
                    out.add(http ? "X-B3-Sampled" : "x-b3-sampled", context.sampled ? "1" : "0");
                break;
            case Format::w3c: {
                w3c = true;
                char* parent = out.reserve(traceparent_size);
                write_traceparent(context, parent);
                out.add("traceparent", {parent, traceparent_size});
                char* state = out.reserve(3 + b3_single_max);
                std::memcpy(state, "b3=", 3);
                const std::string_view ours(state, 3 + write_b3_single(context, http, state + 3));
                if (!fields || fields->trace_state.empty())
                    out.add("tracestate", ours);
                else
                    out.add_copy("tracestate", std::string(ours).append(",").append(fields->trace_state));
                break;
            }
        }
    }
    if (fields && !fields->fields.empty()) inject_fields(*fields, w3c, out);
}

void Propagator::inject_fields(const TaskFields& fields, bool w3c, OutgoingHeaders& out) const {
    std::string list;
    for (const auto& field : fields.fields) {
        if (!field.remote) continue;
        out.add(field.name, field.value);
        if (!w3c) continue;
        if (!list.empty()) list += ',';
        list.append(field.name).append("=").append(percent_encode(field.value));
    }
    if (!list.empty()) out.add_copy("baggage", std::move(list));
}

std::optional<std::string_view> find_field(const TaskFields* fields, std::string_view name) noexcept {
    if (!fields) return std::nullopt;
    for (const auto& field : fields->fields)
        if (iequals(field.name, name)) return field.value;
    return std::nullopt;
}

}  // namespace flotilla::tracing
