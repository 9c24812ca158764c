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
    if (note.attempts == 0) {
        log.info(
            {{"client", facts.client},
             {"status", facts.status},
             {"received", facts.received},
             {"sent", facts.sent},
             {"micros", micros(facts.taken)},
             {"flags", or_none(note.flags)}},
            "{} {} {}",
            facts.method,
            facts.target,
            facts.protocol
        );
        return;
    }
    log.info(
        {{"client", facts.client},
         {"status", facts.status},
         {"received", facts.received},
         {"sent", facts.sent},
         {"micros", micros(facts.taken)},
         {"upstream", note.upstream},
         note.upstream_time ? log::Field("upstreamMicros", micros(*note.upstream_time))
                            : log::Field("upstreamMicros", "-"),
         {"attempts", note.attempts},
         {"flags", or_none(note.flags)}},
        "{} {} {}",
        facts.method,
        facts.target,
        facts.protocol
    );
}

void log_refusal(const log::Logger& log, const AccessFacts& facts, const Reject& reject) {
    log.info(
        {{"client", facts.client},
         {"status", facts.status},
         {"received", facts.received},
         {"sent", facts.sent},
         {"micros", micros(facts.taken)},
         {"flags", or_none(flag_of(reject))}},
        "refused by {}: {}",
        reject.rule,
        reject.why
    );
}

std::string_view flag_of(const Reject& reject) noexcept {
    if (reject.status == 408) return "DT";
    return reject.status == 413 ? std::string_view() : std::string_view("DPE");
}

}  // namespace flotilla::http
