#include "access_log.hpp"

#include "flotilla/base/text.hpp"

namespace flotilla::http {

namespace {

std::string_view or_none(std::string_view text) {
    return text.empty() ? std::string_view("-") : text;
}

std::int64_t micros(Duration span) {
    return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

/// Calls `write` with the fields of a line; `more` are those of a request that was passed on.
template <class Write, class... More>
void with_fields(const AccessFacts& facts, std::string_view flags, const Write& write, const More&... more) {
    write({
        {"client", facts.client},
        {"status", facts.status},
        {"received", facts.received},
        {"sent", facts.sent},
        {"micros", micros(facts.taken)},
        more...,
        {"flags", or_none(flags)},
    });
}

}  // namespace

void AccessNote::flag(std::string_view word) {
    for (const std::string_view there : split(flags, ','))
        if (there == word) return;
    if (!flags.empty()) flags += ',';
    flags += word;
}

void AccessNote::clear() noexcept {
    upstream.clear();
    upstream_time.reset();
    attempts = 0;
    flags.clear();
}

void log_access(const log::Logger& log, const AccessFacts& facts, const AccessNote& note) {
    const auto write = [&](log::Fields fields) {
        log.info(fields, "{} {} {}", facts.method, facts.target, facts.protocol);
    };
    if (note.attempts == 0) {
        with_fields(facts, note.flags, write);
        return;
    }
    const log::Field upstream_micros = note.upstream_time
                                           ? log::Field("upstreamMicros", micros(*note.upstream_time))
                                           : log::Field("upstreamMicros", "-");
    with_fields(
        facts,
        note.flags,
        write,
        log::Field("upstream", note.upstream),
        upstream_micros,
        log::Field("attempts", note.attempts)
    );
}

void log_refusal(const log::Logger& log, const AccessFacts& facts, const Reject& reject) {
    with_fields(facts, flag_of(reject), [&](log::Fields fields) {
        log.info(fields, "refused by {}: {}", reject.rule, reject.why);
    });
}

std::string_view flag_of(const Reject& reject) noexcept {
    if (reject.status == 408) return "DT";
    return reject.status == 413 ? std::string_view() : std::string_view("DPE");
}

}  // namespace flotilla::http
