#include "flotilla/config/environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "binder.hpp"
#include "config_data.hpp"
#include "flotilla/base/assert.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/config/command_line.hpp"
#include "flotilla/config/profiles.hpp"
#include "flotilla/config/property_name.hpp"
#include "placeholders.hpp"
#include "random_values.hpp"

namespace flotilla::config {

namespace detail {

/// Everything that a reader needs, never changed once it is made.
struct Snapshot {
    std::vector<SourcePtr> sources;
    std::vector<std::string> active_profiles;
    std::vector<std::string> default_profiles{"default"};
    std::vector<std::string> remote_imports;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;
using SourcesByPrecedence = std::map<Precedence, std::vector<SourcePtr>>;

class EnvironmentState {
public:
    explicit EnvironmentState(EnvironmentOptions options) : options_(std::move(options)) {
        if (!options_.files) options_.files = Files::disk();
    }

    Result<void> start() {
        FLT_TRY(auto line, parse_command_line(options_.arguments));
        arguments = std::move(line.arguments);
        FLT_CHECK(add_fixed_sources(line.options));
        FLT_TRY(auto data, load_files());
        publish(std::move(data));
        return {};
    }

    void start_with(const SourcePtr& source) {
        fixed_[source->precedence()] = {source};
        fixed_[Precedence::random] = {make_source("random", Precedence::random, {})};
        publish({.sources = {}, .active_profiles = {}, .default_profiles = {"default"}, .remote_imports = {}}
        );
    }

    [[nodiscard]] SnapshotPtr snapshot() const {
        const std::lock_guard lock(snapshot_mutex_);
        return snapshot_;
    }

    /// The text of a property with its placeholders resolved. A text with random parts is made once and kept.
    Result<std::string> text_of(const std::vector<SourcePtr>& sources, const Property& property) {
        std::string raw = property.text();
        if (raw.find("${") == std::string::npos) return raw;
        bool used_random = false;
        const PlaceholderResolver::Lookup lookup = [&](std::string_view name) {
            return raw_text(sources, name, used_random);
        };
        auto resolved = PlaceholderResolver(lookup).resolve(raw);
        if (!resolved || !used_random) return resolved;
        const std::lock_guard lock(random_mutex_);
        return kept_random_.try_emplace(property.origin + '\n' + raw, *resolved).first->second;
    }

    Result<std::string> resolve(const std::vector<SourcePtr>& sources, std::string_view text) {
        bool used_random = false;
        const PlaceholderResolver::Lookup lookup = [&](std::string_view name) {
            return raw_text(sources, name, used_random);
        };
        return PlaceholderResolver(lookup).resolve(text);
    }

    std::optional<std::string> random_text(std::string_view name) {
        if (!name.starts_with("random.")) return std::nullopt;
        const std::lock_guard lock(random_mutex_);
        return random_value(name, random_);
    }

    Result<Environment::ChangedKeys> refresh() {
        return change([&]() -> Result<void> {
            FLT_TRY(auto data, load_files());
            publish(std::move(data));
            return {};
        });
    }

    Result<Environment::ChangedKeys> set_sources(const SourcesByPrecedence& sources) {
        return change([&]() -> Result<void> {
            SourcesByPrecedence readable;
            for (const auto& [precedence, list] : sources) {
                auto& into = readable[precedence];
                for (const SourcePtr& source : list) {
                    FLT_TRY(auto plain, decrypted(source, precedence));
                    into.push_back(std::move(plain));
                }
            }
            for (auto& [precedence, list] : readable) fixed_[precedence] = std::move(list);
            publish(files_);
            return {};
        });
    }

    Result<Environment::ChangedKeys> set_at_run_time(
        const std::vector<std::pair<std::string, Json>>& properties
    ) {
        return change([&]() -> Result<void> {
            std::vector<std::pair<std::string, Json>> all;
            for (const SourcePtr& source : fixed_[Precedence::manager]) {
                for (const Property& property : source->properties())
                    all.emplace_back(property.name, property.value);
            }
            for (const auto& [name, value] : properties) {
                std::erase_if(all, [&](const auto& entry) {
                    return uniform_name(entry.first) == uniform_name(name);
                });
                if (!value.is_null()) all.emplace_back(name, value);
            }
            fixed_[Precedence::manager].clear();
            if (!all.empty())
                fixed_[Precedence::manager] = {make_source("manager", Precedence::manager, all)};
            publish(files_);
            return {};
        });
    }

    std::uint64_t subscribe(std::function<void(const Environment::ChangedKeys&)> notify) {
        const std::lock_guard lock(books_mutex_);
        subscribers_.emplace(++last_id_, std::make_shared<Notify>(std::move(notify)));
        return last_id_;
    }

    void unsubscribe(std::uint64_t id) {
        const std::lock_guard lock(books_mutex_);
        subscribers_.erase(id);
    }

    void remember(BoundConfig config) {
        const std::lock_guard lock(books_mutex_);
        std::string prefix = config.prefix;
        bound_.insert_or_assign(std::move(prefix), std::move(config));
    }

    [[nodiscard]] std::vector<BoundConfig> bound() const {
        const std::lock_guard lock(books_mutex_);
        std::vector<BoundConfig> all;
        all.reserve(bound_.size());
        for (const auto& [prefix, config] : bound_) all.push_back(config);
        return all;
    }

    std::vector<std::string> arguments;

private:
    using Notify = std::function<void(const Environment::ChangedKeys&)>;

    std::optional<std::string> raw_text(
        const std::vector<SourcePtr>& sources, std::string_view name, bool& used_random
    ) {
        for (const SourcePtr& source : sources) {
            if (source->precedence() == Precedence::random) {
                auto value = random_text(name);
                if (value) used_random = true;
                if (value) return value;
            } else if (const Property* property = source->find(name)) {
                return property->text();
            }
        }
        return std::nullopt;
    }

    Result<SourcePtr> decrypted(const SourcePtr& source, Precedence precedence) const {
        std::vector<Property> properties = source->properties();
        FLT_CHECK(decrypt_all(properties, options_.decrypt));
        return std::make_shared<const PropertySource>(source->name(), precedence, std::move(properties));
    }

    Result<void> add_fixed(const SourcePtr& source) {
        FLT_TRY(auto plain, decrypted(source, source->precedence()));
        fixed_[source->precedence()] = {std::move(plain)};
        return {};
    }

    Result<void> add_fixed_sources(const std::vector<std::pair<std::string, std::string>>& options) {
        if (!options.empty()) {
            std::vector<std::pair<std::string, Json>> line;
            line.reserve(options.size());
            for (const auto& [name, value] : options) line.emplace_back(name, Json(value));
            FLT_CHECK(add_fixed(make_source("commandLineArgs", Precedence::command_line, line)));
        }
        std::vector<Property> variables;
        variables.reserve(options_.variables.size());
        for (const auto& [name, value] : options_.variables) {
            variables.push_back({name, Json(value), fmt::format("System Environment Property \"{}\"", name)});
        }
        FLT_CHECK(add_fixed(std::make_shared<const PropertySource>(
            "systemEnvironment", Precedence::system_environment, std::move(variables)
        )));
        fixed_[Precedence::random] = {make_source("random", Precedence::random, {})};
        if (!options_.defaults.empty()) {
            FLT_CHECK(add_fixed(make_source("defaultProperties", Precedence::defaults, options_.defaults)));
        }
        return add_application_json();
    }

    Result<void> add_application_json() {
        constexpr std::string_view name = "spring.application.json";
        const Property* found = nullptr;
        for (const SourcePtr& source : fixed_sources()) {
            if (found == nullptr) found = source->find(name);
        }
        if (found == nullptr || found->text().empty()) return {};
        auto json = reflect::parse_json(found->text());
        if (!json) return fail(json.error().within(fmt::format("{} ({})", name, found->origin)));
        if (!json->is_object())
            return fail(Errc::invalid_argument, fmt::format("{}: expected an object", name));
        std::vector<std::pair<std::string, Json>> members;
        for (const auto& [key, value] : json->members()) members.emplace_back(key, value);
        return add_fixed(make_source(std::string(name), Precedence::application_json, members));
    }

    [[nodiscard]] std::vector<SourcePtr> fixed_sources() const {
        std::vector<SourcePtr> all;
        for (const auto& [precedence, list] : fixed_) all.insert(all.end(), list.begin(), list.end());
        return all;
    }

    Result<ConfigData> load_files() {
        const ResolveAmong resolve_among = [this](
                                               const std::vector<SourcePtr>& sources, const Property& property
                                           ) { return text_of(sources, property); };
        return load_config_data(*options_.files, fixed_sources(), options_.decrypt, resolve_among);
    }

    void publish(ConfigData data) {
        auto next = std::make_shared<Snapshot>();
        next->sources = fixed_sources();
        next->sources.insert(next->sources.end(), data.sources.begin(), data.sources.end());
        sort_by_precedence(next->sources);
        next->active_profiles = data.active_profiles;
        next->default_profiles = data.default_profiles;
        next->remote_imports = data.remote_imports;
        files_ = std::move(data);
        const std::lock_guard lock(snapshot_mutex_);
        snapshot_ = std::move(next);
    }

    /// What wins for each name as it is written, the system's own properties left out: they cannot change.
    static std::map<std::string, Json> winners(const Snapshot& snapshot) {
        std::map<std::string, Json> all;
        for (const SourcePtr& source : snapshot.sources) {
            if (source->precedence() == Precedence::system_environment) continue;
            for (const Property& property : source->properties())
                all.try_emplace(property.name, property.value);
        }
        return all;
    }

    template <class Action>
    Result<Environment::ChangedKeys> change(Action&& action) {
        Environment::ChangedKeys changed;
        {
            const std::lock_guard lock(change_mutex_);
            const auto before = winners(*snapshot());
            FLT_CHECK(action());
            const auto after = winners(*snapshot());
            for (const auto& [name, value] : before) {
                const auto found = after.find(name);
                if (found == after.end() || found->second != value) changed.insert(name);
            }
            for (const auto& [name, value] : after) {
                if (!before.contains(name)) changed.insert(name);
            }
        }
        if (!changed.empty()) tell(changed);
        return changed;
    }

    void tell(const Environment::ChangedKeys& changed) {
        std::vector<std::shared_ptr<Notify>> all;
        {
            const std::lock_guard lock(books_mutex_);
            for (const auto& [id, notify] : subscribers_) all.push_back(notify);
        }
        // Outside of every lock, so that a subscriber may read, subscribe and unsubscribe.
        for (const auto& notify : all) (*notify)(changed);
    }

    EnvironmentOptions options_;
    std::mutex change_mutex_;    ///< one change at a time; guards fixed_ and files_
    SourcesByPrecedence fixed_;  ///< all but files
    ConfigData files_;
    mutable std::mutex snapshot_mutex_;
    SnapshotPtr snapshot_ = std::make_shared<const Snapshot>();
    std::mutex random_mutex_;
    Random random_ = Random::from_system();
    std::map<std::string, std::string> kept_random_;
    mutable std::mutex books_mutex_;  ///< guards the rest
    std::map<std::uint64_t, std::shared_ptr<Notify>> subscribers_;
    std::uint64_t last_id_ = 0;
    std::map<std::string, BoundConfig> bound_;
};

}  // namespace detail

Subscription::Subscription(std::weak_ptr<detail::EnvironmentState> state, std::uint64_t id)
    : state_(std::move(state)), id_(id) {}

Subscription::Subscription(Subscription&& other) noexcept
    : state_(std::exchange(other.state_, {})), id_(std::exchange(other.id_, 0)) {}

Subscription& Subscription::operator=(Subscription&& other) noexcept {
    std::swap(state_, other.state_);
    std::swap(id_, other.id_);
    return *this;
}

Subscription::~Subscription() {
    if (const auto state = state_.lock()) state->unsubscribe(id_);
}

Result<Environment> Environment::load(EnvironmentOptions options) {
    auto state = std::make_shared<detail::EnvironmentState>(std::move(options));
    FLT_CHECK(state->start());
    return Environment(std::move(state));
}

Environment Environment::of(const std::vector<std::pair<std::string, Json>>& properties) {
    auto state = std::make_shared<detail::EnvironmentState>(EnvironmentOptions{});
    state->start_with(make_source("defaultProperties", Precedence::defaults, properties));
    return Environment(std::move(state));
}

std::optional<Environment::Found> Environment::find(std::string_view name) const {
    for (const SourcePtr& source : state_->snapshot()->sources) {
        if (const Property* property = source->find(name)) return Found{source, property};
    }
    return std::nullopt;
}

std::optional<std::string> Environment::get(std::string_view name) const {
    const detail::SnapshotPtr snapshot = state_->snapshot();
    for (const SourcePtr& source : snapshot->sources) {
        if (source->precedence() == Precedence::random) {
            if (auto value = state_->random_text(name)) return value;
        } else if (const Property* property = source->find(name)) {
            return state_->text_of(snapshot->sources, *property).value_or(property->text());
        }
    }
    return std::nullopt;
}

std::string Environment::get_or(std::string_view name, std::string_view otherwise) const {
    auto value = get(name);
    return value ? *std::move(value) : std::string(otherwise);
}

Result<std::string> Environment::resolve(std::string_view text) const {
    return state_->resolve(state_->snapshot()->sources, text);
}

Json Environment::resolved(const Property& property) const {
    const std::string* text = property.value.as_string();
    if (text == nullptr || text->find("${") == std::string::npos) return property.value;
    return Json(state_->text_of(state_->snapshot()->sources, property).value_or(*text));
}

std::vector<SourcePtr> Environment::sources() const {
    return state_->snapshot()->sources;
}

std::set<std::string> Environment::names() const {
    std::set<std::string> all;
    for (const SourcePtr& source : state_->snapshot()->sources) {
        if (source->precedence() == Precedence::system_environment) continue;
        for (const Property& property : source->properties()) all.insert(property.name);
    }
    return all;
}

std::vector<std::string> Environment::active_profiles() const {
    return state_->snapshot()->active_profiles;
}

std::vector<std::string> Environment::default_profiles() const {
    return state_->snapshot()->default_profiles;
}

bool Environment::accepts_profiles(std::string_view expression) const {
    const detail::SnapshotPtr snapshot = state_->snapshot();
    const auto& active =
        snapshot->active_profiles.empty() ? snapshot->default_profiles : snapshot->active_profiles;
    return profiles_match(expression, active).value_or(false);
}

std::vector<std::string> Environment::arguments() const {
    return state_->arguments;
}

std::vector<std::string> Environment::remote_imports() const {
    return state_->snapshot()->remote_imports;
}

Result<Environment::ChangedKeys> Environment::set_sources(
    const std::map<Precedence, std::vector<SourcePtr>>& sources
) {
    return state_->set_sources(sources);
}

Result<Environment::ChangedKeys> Environment::set_at_run_time(
    const std::vector<std::pair<std::string, Json>>& properties
) {
    return state_->set_at_run_time(properties);
}

Result<Environment::ChangedKeys> Environment::refresh() {
    return state_->refresh();
}

Subscription Environment::subscribe(std::function<void(const ChangedKeys&)> notify) {
    const std::uint64_t id = state_->subscribe(std::move(notify));
    return Subscription(state_, id);
}

std::vector<BoundConfig> Environment::bound() const {
    return state_->bound();
}

Result<detail::Assembled> Environment::assemble(std::string_view prefix, const Shape& shape, Unknown unknown)
    const {
    const detail::SnapshotPtr snapshot = state_->snapshot();
    const detail::Resolve resolve = [&](const Property& property) {
        return state_->text_of(snapshot->sources, property);
    };
    return detail::assemble(snapshot->sources, prefix, shape, unknown, resolve);
}

void Environment::remember(std::string_view prefix, Json values, const detail::Assembled& assembled) {
    BoundConfig config{.prefix = std::string(prefix), .values = std::move(values), .inputs = {}};
    for (const auto& [path, input] : assembled.inputs) config.inputs.push_back(input);
    state_->remember(std::move(config));
}

}  // namespace flotilla::config
