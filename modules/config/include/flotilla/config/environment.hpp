#pragma once
/// Environment: one view of all configuration, from the command line down to built-in defaults, in Spring
/// Boot's order of precedence and with its relaxed names.
///
///     FLT_TRY(auto environment, Environment::load({.arguments = {"--server.port=9101"}}));
///     FLT_TRY(auto server, environment.bind<ServerConfig>("server"));
///     auto name = environment.get_or("spring.application.name", "application");

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/config/files.hpp"
#include "flotilla/config/property_source.hpp"
#include "flotilla/config/shape.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/reflect/validate.hpp"

namespace flotilla::config {

/// The plain text of a `{cipher}` value, given what follows that word.
using Decrypt = std::function<Result<std::string>(std::string_view cipher)>;

struct EnvironmentOptions {
    /// Without the program's name.
    std::vector<std::string> arguments{};
    /// See process_environment().
    std::vector<std::pair<std::string, std::string>> variables{};
    /// What holds when nobody says otherwise.
    std::vector<std::pair<std::string, Json>> defaults{};
    /// Null: the disk.
    std::shared_ptr<const Files> files{};
    /// Without it, encrypted values stay as they are.
    Decrypt decrypt{};
};

/// What bind() does with properties under its prefix that the struct does not have. Environment variables and
/// program defaults are never unknown.
enum class Unknown { refuse, ignore };

/// One struct that was bound, for /actuator/configprops.
struct BoundConfig {
    struct Input {
        std::string name;  ///< `server.max-connections`
        Json value;
        std::string origin;
        bool encrypted = false;
    };

    std::string prefix;
    Json values;  ///< of the whole struct, defaults included; secrets are masked
    std::vector<Input> inputs;
};

namespace detail {

class EnvironmentState;

/// The values for one bind and where each came from.
struct Assembled {
    Json value;
    std::map<std::string, BoundConfig::Input> inputs;  ///< by path below the prefix: `items[0].maxQty`
};

/// The value for a type that was read from one property.
Result<Json> scalar_for(const Shape& shape, Json value, bool from_command_line);
Error bind_error(std::string_view prefix, const Assembled& assembled, const reflect::ReadError& error);
Error validation_error(
    std::string_view prefix, const Assembled& assembled, const std::vector<reflect::Violation>& violations
);

}  // namespace detail

/// Ends a subscription when it goes.
class [[nodiscard]] Subscription {
public:
    Subscription() = default;
    Subscription(std::weak_ptr<detail::EnvironmentState> state, std::uint64_t id);
    Subscription(Subscription&& other) noexcept;
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription();

private:
    std::weak_ptr<detail::EnvironmentState> state_;
    std::uint64_t id_ = 0;
};

/// Handle to shared state: copies see the same environment. Reads take a snapshot and never wait for a
/// change; changes (refresh, sources) happen one after another. Safe to use from any thread.
class Environment {
public:
    using ChangedKeys = std::set<std::string>;

    /// Reads everything once. Fails with one clear line when a file is malformed or an import is missing.
    static Result<Environment> load(EnvironmentOptions options);
    /// Just these properties: for tests and small programs.
    static Environment of(const std::vector<std::pair<std::string, Json>>& properties);

    /// The text of a property with placeholders resolved. One that cannot be resolved stays as it is written.
    [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
    [[nodiscard]] std::string get_or(std::string_view name, std::string_view otherwise) const;

    /// As a number, flag, duration, enum, list ... The default when there is none; an error that names the
    /// property and its origin when it does not fit.
    template <class T>
    [[nodiscard]] Result<T> get(std::string_view name, T otherwise) const {
        FLT_TRY(const detail::Assembled assembled, assemble(name, shape_of<T>(), Unknown::ignore));
        if (assembled.inputs.empty()) return otherwise;
        FLT_CHECK(read_into(otherwise, name, assembled));
        return otherwise;
    }

    [[nodiscard]] bool contains(std::string_view name) const { return find(name).has_value(); }

    /// The struct under `prefix`, starting from its defaults, validated by the rules beside its fields. Is
    /// remembered for bound().
    template <reflect::Described T>
    Result<T> bind(std::string_view prefix, Unknown unknown = Unknown::refuse) {
        return bind_over(T{}, prefix, unknown);
    }

    /// The same with defaults of the caller.
    template <reflect::Described T>
    Result<T> bind_over(T config, std::string_view prefix, Unknown unknown = Unknown::refuse) {
        FLT_TRY(const detail::Assembled assembled, assemble(prefix, shape_of<T>(), unknown));
        FLT_CHECK(read_into(config, prefix, assembled));
        if (const auto violations = reflect::validate(config); !violations.empty()) {
            return fail(detail::validation_error(prefix, assembled, violations));
        }
        remember(prefix, reflect::to_value(config), assembled);
        return config;
    }

    /// The winning property as it is written, and the source that it is from.
    struct Found {
        SourcePtr source;
        const Property* property = nullptr;  ///< lives as long as `source`
    };

    [[nodiscard]] std::optional<Found> find(std::string_view name) const;
    /// Placeholders in any text.
    [[nodiscard]] Result<std::string> resolve(std::string_view text) const;
    /// The value of a property of any source, resolved; it keeps its kind when there was nothing to resolve.
    [[nodiscard]] Json resolved(const Property& property) const;

    /// In order of precedence, the first wins.
    [[nodiscard]] std::vector<SourcePtr> sources() const;
    /// Names of all properties but those of the system environment, each once.
    [[nodiscard]] std::set<std::string> names() const;
    [[nodiscard]] std::vector<std::string> active_profiles() const;
    [[nodiscard]] std::vector<std::string> default_profiles() const;
    [[nodiscard]] bool accepts_profiles(std::string_view expression) const;
    /// Arguments of the command line that are no options.
    [[nodiscard]] std::vector<std::string> arguments() const;
    /// Imports that are no files, such as `optional:configserver:http://localhost:8888`, for who understands
    /// them.
    [[nodiscard]] std::vector<std::string> remote_imports() const;

    /// Replaces all sources of these precedences at once and tells subscribers. An empty list removes them.
    Result<ChangedKeys> set_sources(const std::map<Precedence, std::vector<SourcePtr>>& sources);
    /// Sets properties at run time, above everything (source `manager`); a null takes the property away.
    Result<ChangedKeys> set_at_run_time(const std::vector<std::pair<std::string, Json>>& properties);
    /// Reads the files again and tells subscribers. On an error nothing changes.
    Result<ChangedKeys> refresh();

    /// `notify` is called with the changed keys, on the thread that made the change, after the change.
    Subscription subscribe(std::function<void(const ChangedKeys&)> notify);

    /// Every struct that was bound, by prefix.
    [[nodiscard]] std::vector<BoundConfig> bound() const;

private:
    explicit Environment(std::shared_ptr<detail::EnvironmentState> state) : state_(std::move(state)) {}

    [[nodiscard]] Result<detail::Assembled> assemble(
        std::string_view prefix, const Shape& shape, Unknown unknown
    ) const;
    void remember(std::string_view prefix, Json values, const detail::Assembled& assembled);

    template <class T>
    static Result<void> read_into(T& out, std::string_view prefix, const detail::Assembled& assembled) {
        const reflect::Document document = reflect::document_of(assembled.value);
        reflect::Reader reader(reflect::Leniency::config());
        if (!reflect::read_value(reader, document.root(), out)) {
            return fail(detail::bind_error(prefix, assembled, reader.error()));
        }
        return {};
    }

    std::shared_ptr<detail::EnvironmentState> state_;
};

}  // namespace flotilla::config
