#include "naming.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "flotilla/base/text.hpp"

namespace flotilla::metrics::detail {

namespace {

std::string sanitized(std::string_view text, bool colon_allowed) {
    std::string out(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const char c = out[i];
        const bool legal =
            is_ascii_alpha(c) || c == '_' || (colon_allowed && c == ':') || (i > 0 && is_ascii_digit(c));
        if (!legal) out[i] = '_';
    }
    return out.empty() ? "_" : out;
}

/// OpenMetrics gives these endings a meaning of their own.
void strip_reserved(std::string& name) {
    static constexpr std::array<std::string_view, 4> endings{"_total", "_created", "_bucket", "_info"};
    for (bool again = true; again;) {
        again = false;
        for (const std::string_view ending : endings) {
            if (!name.ends_with(ending) || name.size() == ending.size()) continue;
            name.resize(name.size() - ending.size());
            again = true;
        }
    }
}

void ensure_ending(std::string& name, std::string_view ending) {
    if (!name.ends_with(ending)) name += ending;
}

bool counts_time(Kind kind) {
    return kind == Kind::timer || kind == Kind::function_timer || kind == Kind::long_task_timer;
}

bool is_counter(Kind kind) {
    return kind == Kind::counter || kind == Kind::function_counter;
}

}  // namespace

std::string metric_name(std::string_view name) {
    return sanitized(name, true);
}

std::string label_name(std::string_view key) {
    std::string label = sanitized(key, false);
    while (label.starts_with("__")) label.erase(0, 1);
    return label;
}

namespace {

/// Of a value: its end, and what is escaped.
constexpr auto ends_plain_text = [] {
    std::array<bool, 256> table{};
    for (const char c : {'\0', '\\', '"', '\n'}) table[static_cast<unsigned char>(c)] = true;
    return table;
}();

/// Copies a value with its escapes to where there is room for twice its length; `from` moves to its NUL.
char* put_value(char* to, const char*& from) noexcept {
    for (;; ++from) {
        const char c = *from;
        if (!ends_plain_text[static_cast<unsigned char>(c)]) {
            *to++ = c;
        } else if (c == '\0') {
            return to;
        } else {
            *to++ = '\\';
            *to++ = c == '\n' ? 'n' : c;
        }
    }
}

char* put(char* to, std::string_view text) noexcept {
    std::memcpy(to, text.data(), text.size());
    return to + text.size();
}

}  // namespace

void LabelText::render(const Tags& tags) {
    const std::string_view packed = tags.bytes();
    // A label is never longer than its key, and there are four characters in place of two zeros.
    const std::size_t longest = 4 * packed.size();
    text_.resize_and_overwrite(longest, [&](char* const begin, std::size_t) {
        char* to = begin;
        std::size_t place = 0;
        for (const char* from = packed.data(); from != packed.data() + packed.size(); ++from) {
            const std::string_view rest(from, packed.data() + packed.size());
            const std::string& label = label_of(rest, place);
            from += names_[place++].key.size();
            if (to != begin) *to++ = ',';
            to = put(to, label);
            to = put_value(to, from);
            *to++ = '"';
        }
        return static_cast<std::size_t>(to - begin);
    });
}

const std::string& LabelText::label_of(std::string_view rest, std::size_t place) {
    if (place == names_.size()) names_.emplace_back();
    Name& name = names_[place];
    if (name.key.empty() || !rest.starts_with(name.key)) {
        const std::string_view key = rest.substr(0, rest.find('\0'));
        name = {std::string(key) + '\0', label_name(key) + "=\""};
    }
    return name.label;
}

void append_help_escaped(std::string& out, std::string_view text, bool quotes_too) {
    for (const char c : text) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '"' && quotes_too) {
            out += "\\\"";
        } else {
            out += c;
        }
    }
}

std::vector<FamilyPlan> plan_families(
    std::string_view name, std::string_view unit, Kind kind, bool histogram, Flavor flavor
) {
    std::string base = metric_name(name);
    const bool is_info =
        kind == Kind::gauge || kind == Kind::function_gauge ? base.ends_with("_info") : false;
    if (counts_time(kind)) {
        ensure_ending(base, "_seconds");
    } else if (!unit.empty()) {
        ensure_ending(base, "_" + metric_name(unit));
    }
    if (flavor == Flavor::legacy) {
        if (is_counter(kind)) ensure_ending(base, "_total");
        if (!is_ascii_alpha(base.front())) base.insert(0, "m_");
    } else {
        strip_reserved(base);
    }

    std::vector<FamilyPlan> plans;
    if (is_counter(kind)) {
        std::string full = base;
        if (flavor == Flavor::legacy) {
            base.resize(base.size() - std::string_view("_total").size());
        } else {
            full += "_total";
        }
        plans.push_back({base, full, FamilyType::counter, Part::main});
    } else if (is_info && flavor == Flavor::current) {
        plans.push_back({base, base + "_info", FamilyType::info, Part::main});
    } else if (kind == Kind::gauge || kind == Kind::function_gauge || kind == Kind::multi_gauge) {
        plans.push_back({base, base, FamilyType::gauge, Part::main});
    } else if (kind == Kind::long_task_timer && histogram && flavor == Flavor::current) {
        plans.push_back({base, base, FamilyType::gauge_histogram, Part::main});
        plans.push_back({base + "_gcount", base + "_gcount", FamilyType::gauge, Part::active_count});
        plans.push_back({base + "_gsum", base + "_gsum", FamilyType::gauge, Part::active_sum});
        plans.push_back({base + "_max", base + "_max", FamilyType::gauge, Part::max});
    } else {
        plans.push_back({base, base, histogram ? FamilyType::histogram : FamilyType::summary, Part::main});
        if (kind != Kind::function_timer)
            plans.push_back({base + "_max", base + "_max", FamilyType::gauge, Part::max});
    }
    return plans;
}

}  // namespace flotilla::metrics::detail
