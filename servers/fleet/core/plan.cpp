#include "flotilla/fleet/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::fleet {

namespace {

std::unexpected<Error> misuse(std::string text) {
    return fail(Errc::invalid_argument, std::move(text));
}

/// `--name value` and `--name=value`.
class Arguments {
public:
    explicit Arguments(std::span<const std::string_view> words) : words_(words) {}

    [[nodiscard]] bool done() const noexcept { return words_.empty(); }

    std::string_view next_name() {
        const std::string_view word = words_.front();
        words_ = words_.subspan(1);
        const std::size_t equals = word.find('=');
        value_ = equals == word.npos ? std::nullopt : std::optional(word.substr(equals + 1));
        whole_ = word;
        return word.substr(0, equals);
    }

    [[nodiscard]] std::string_view whole() const noexcept { return whole_; }

    Result<std::string_view> value() {
        if (!value_ && !words_.empty() && !words_.front().starts_with("--")) {
            value_ = words_.front();
            words_ = words_.subspan(1);
        }
        if (!value_ || value_->empty()) return misuse(fmt::format("{} wants a value", whole_));
        return *value_;
    }

private:
    std::span<const std::string_view> words_;
    std::string_view whole_;
    std::optional<std::string_view> value_;
};

template <class Number>
Result<std::pair<std::string, Number>> named_number(std::string_view option, std::string_view text) {
    const std::size_t equals = text.find('=');
    const auto number = equals == text.npos ? std::nullopt : parse_integer<Number>(text.substr(equals + 1));
    if (!number || equals == 0) return misuse(fmt::format("{} {}: it wants NAME=NUMBER", option, text));
    return std::pair(std::string(text.substr(0, equals)), *number);
}

Result<void> read_option(UpOptions& options, std::string_view name, Arguments& arguments) {
    if (name == "--detach" || name == "-d") {
        options.detach = true;
    } else if (name == "--print") {
        options.print = true;
    } else if (name == "--help" || name == "-h") {
        options.help = true;
    } else if (name == "--only" || name == "--without") {
        FLT_TRY(const auto list, arguments.value());
        auto& names = name == "--only" ? options.only : options.without;
        for (const std::string_view part : split_list(list)) names.emplace(part);
    } else if (name == "--scale") {
        FLT_TRY(const auto text, arguments.value());
        FLT_TRY(auto scale, named_number<std::uint32_t>(name, text));
        if (scale.second == 0 || scale.second > 64) return misuse(fmt::format("--scale {}: 1 to 64", text));
        options.scale.insert_or_assign(std::move(scale.first), scale.second);
    } else if (name == "--port") {
        FLT_TRY(const auto text, arguments.value());
        FLT_TRY(auto port, named_number<std::uint16_t>(name, text));
        options.ports.insert_or_assign(std::move(port.first), port.second);
    } else if (name == "--data") {
        FLT_TRY(options.data, arguments.value());
    } else if (name == "--profile") {
        FLT_TRY(options.profile, arguments.value());
        if (options.profile != "flotilla" && options.profile != "course")
            return misuse(fmt::format("--profile {}: there are flotilla and course", options.profile));
    } else if (name == "--file") {
        FLT_TRY(options.file, arguments.value());
    } else if (name.starts_with("--") && name.find('.') != name.npos && arguments.whole() != name) {
        options.extra.emplace_back(arguments.whole());
    } else {
        return misuse(fmt::format("unknown argument {} (flotilla up --help)", arguments.whole()));
    }
    return {};
}

Result<void> check_known(const FleetFile& file, const std::string& option, const std::string& name) {
    std::vector<std::string> names;
    for (const PartSpec& part : file.parts) names.push_back(part.name);
    if (std::ranges::find(names, name) != names.end()) return {};
    return misuse(fmt::format("{} {}: no such part; there are {}", option, name, join(names, ", ")));
}

Result<void> check_options(const FleetFile& file, const UpOptions& options) {
    for (const auto& name : options.only) FLT_CHECK(check_known(file, "--only", name));
    for (const auto& name : options.without) FLT_CHECK(check_known(file, "--without", name));
    for (const auto& [name, count] : options.scale) FLT_CHECK(check_known(file, "--scale", name));
    for (const auto& [name, port] : options.ports) FLT_CHECK(check_known(file, "--port", name));
    return {};
}

/// Fills in `${...}`; what it does not know stays, for it may be a placeholder of the part's own.
std::string expand(std::string text, const std::map<std::string, std::string>& values) {
    for (const auto& [name, value] : values) text = replace_all(std::move(text), "${" + name + "}", value);
    return text;
}

class Planner {
public:
    Planner(const FleetFile& file, const UpOptions& options, const Machine& machine)
        : file_(file), options_(options), machine_(machine) {
        values_["data"] = options.data;
    }

    Result<std::vector<Part>> plan() {
        for (const PartSpec& spec : file_.parts) FLT_CHECK(assign_ports(spec));
        std::vector<Part> parts;
        for (const PartSpec& spec : file_.parts) {
            if (!runs(spec.name)) continue;
            for (std::size_t i = 0; i < ports_[spec.name].size(); ++i) {
                parts.push_back(part(spec, i));
                FLT_CHECK(expand_secrets(parts.back()));
            }
        }
        if (parts.empty()) return misuse("nothing is left to run");
        return parts;
    }

private:
    [[nodiscard]] bool runs(const std::string& name) const {
        return (options_.only.empty() || options_.only.contains(name)) && !options_.without.contains(name);
    }

    /// Also for parts that do not run here: others may name their ports.
    Result<void> assign_ports(const PartSpec& spec) {
        const auto scaled = options_.scale.find(spec.name);
        const std::uint32_t count = scaled == options_.scale.end() ? spec.instances : scaled->second;
        const auto moved = options_.ports.find(spec.name);
        const std::uint16_t first = moved == options_.ports.end() ? spec.port : moved->second;
        auto& ports = ports_[spec.name];
        for (std::uint32_t i = 0; i < count; ++i) {
            if (first != 0 && i <= 65'535U - first) {
                ports.push_back(static_cast<std::uint16_t>(first + i));
            } else {
                FLT_TRY(const auto port, unused_port());
                ports.push_back(port);
            }
        }
        values_["port." + spec.name] = std::to_string(ports.front());
        return {};
    }

    /// The machine may name a port twice while nobody listens there.
    Result<std::uint16_t> unused_port() {
        constexpr int enough = 100;
        for (int tries = 0; tries < enough; ++tries) {
            FLT_TRY(const auto port, machine_.free_port());
            if (free_ports_.insert(port).second) return port;
        }
        return fail(Errc::unavailable, "the machine has no free ports left");
    }

    Part part(const PartSpec& spec, std::size_t index) {
        const auto& ports = ports_[spec.name];
        Part part;
        part.group = spec.name;
        part.name = ports.size() == 1 ? spec.name : fmt::format("{}-{}", spec.name, index + 1);
        part.port = ports[index];
        auto values = values_;
        values["port"] = std::to_string(part.port);
        values["name"] = part.name;
        part.command = words(spec, values);
        for (const auto& [name, value] : spec.environment) part.environment[name] = expand(value, values);
        const std::string origin = fmt::format("http://127.0.0.1:{}", part.port);
        part.health = origin + spec.health;
        part.page = origin + spec.page;
        part.show = spec.show;
        for (const std::string& other : spec.after)
            if (runs(other)) part.after.push_back(other);
        return part;
    }

    Result<void> expand_secrets(Part& part) {
        constexpr std::string_view opening = "${secret.";
        for (auto& [variable, value] : part.environment) {
            for (std::size_t at = value.find(opening); at != value.npos; at = value.find(opening, at)) {
                const std::size_t end = value.find('}', at);
                if (end == value.npos)
                    return misuse(fmt::format("{}: {}: a bracket is open", part.name, variable));
                const std::size_t name = at + opening.size();
                FLT_TRY(const auto secret, machine_.secret(value.substr(name, end - name)));
                value.replace(at, end + 1 - at, secret);
                at += secret.size();
            }
        }
        return {};
    }

    std::vector<std::string> words(const PartSpec& spec, const std::map<std::string, std::string>& values) {
        std::vector<std::string> words;
        for (const std::string_view word : split_list(spec.command, ' '))
            words.push_back(expand(std::string(word), values));
        if (const std::string own = machine_.program_folder + "/" + words.front(); machine_.is_program(own))
            words.front() = own;
        // A program of somebody else has its port in a way of its own, and does not know our properties.
        if (spec.port_option.empty()) {
            for (const auto& option : spec.options) words.push_back(expand(option, values));
            return words;
        }
        words.push_back(expand(spec.port_option, values));
        for (const auto* list : {&file_.common, &spec.options, &options_.extra})
            for (const auto& option : *list) words.push_back(expand(option, values));
        return words;
    }

    const FleetFile& file_;
    const UpOptions& options_;
    const Machine& machine_;
    std::map<std::string, std::string> values_;
    std::map<std::string, std::vector<std::uint16_t>> ports_;
    std::set<std::uint16_t> free_ports_;
};

}  // namespace

Result<UpOptions> parse_up_options(std::span<const std::string_view> words) {
    UpOptions options;
    Arguments arguments(words);
    while (!arguments.done()) {
        const std::string_view name = arguments.next_name();
        FLT_CHECK(read_option(options, name, arguments));
    }
    if (!options.profile.empty() && !options.file.empty())
        return misuse("--profile is of the shop's own fleet, not of a file");
    return options;
}

Result<std::vector<Part>> make_plan(const FleetFile& file, const UpOptions& options, const Machine& machine) {
    FLT_CHECK(check_options(file, options));
    return Planner(file, options, machine).plan();
}

}  // namespace flotilla::fleet
