#include "config_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "binder.hpp"
#include "config_location.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/config/profiles.hpp"
#include "flotilla/config/property_name.hpp"
#include "flotilla/reflect/leaves.hpp"

namespace flotilla::config::detail {

namespace {

/// One document of a file.
struct ConfigDocument {
    std::string path;
    std::size_t number = 0;
    bool one_of_many = false;
    std::vector<Property> properties;

    [[nodiscard]] const Property* find(std::string_view uniform) const {
        const auto found = std::ranges::find_if(properties, [&](const Property& property) {
            return uniform_name(property.name) == uniform;
        });
        return found == properties.end() ? nullptr : &*found;
    }
};

class Loader {
public:
    Loader(
        const Files& files,
        const std::vector<SourcePtr>& base,
        const Decrypt& decrypt,
        const ResolveAmong& resolve
    )
        : files_(files), base_(base), decrypt_(decrypt), resolve_(resolve) {}

    Result<ConfigData> load() {
        // Once without profiles, to learn which are active; then again with them.
        FLT_TRY(const std::vector<LocationGroup> groups, initial_locations());
        FLT_CHECK(load_all(groups));
        FLT_CHECK(find_profiles());
        plain_.clear();
        visited_.clear();
        remote_imports_.clear();
        profiles_known_ = true;
        FLT_CHECK(load_all(groups));
        data_.remote_imports = remote_imports_;
        data_.sources = specific_;
        data_.sources.insert(data_.sources.end(), plain_.begin(), plain_.end());
        std::ranges::reverse(data_.sources);
        sort_by_precedence(data_.sources);
        return std::move(data_);
    }

private:
    [[nodiscard]] std::vector<SourcePtr> all_so_far() const {
        std::vector<SourcePtr> all(specific_.rbegin(), specific_.rend());
        all.insert(all.end(), plain_.rbegin(), plain_.rend());
        all.insert(all.begin(), base_.begin(), base_.end());
        sort_by_precedence(all);
        return all;
    }

    /// A list property among some sources.
    template <class T>
    Result<std::optional<T>> value_of(const std::vector<SourcePtr>& sources, std::string_view name) const {
        const std::vector<SourcePtr> all = all_so_far();
        const Resolve resolve = [&](const Property& property) { return resolve_(all, property); };
        FLT_TRY(const Assembled assembled, assemble(sources, name, shape_of<T>(), Unknown::ignore, resolve));
        if (assembled.inputs.empty()) return std::nullopt;
        const reflect::Document document = reflect::document_of(assembled.value);
        reflect::Reader reader(reflect::Leniency::config());
        T value{};
        if (!reflect::read_value(reader, document.root(), value))
            return fail(bind_error(name, assembled, reader.error()));
        return value;
    }

    Result<std::vector<std::string>> list_of(const std::vector<SourcePtr>& sources, std::string_view name)
        const {
        FLT_TRY(auto list, value_of<std::vector<std::string>>(sources, name));
        return list ? *std::move(list) : std::vector<std::string>();
    }

    Result<std::vector<LocationGroup>> initial_locations() {
        FLT_TRY(auto names, list_of(base_, "spring.config.name"));
        if (!names.empty()) names_ = std::move(names);
        FLT_TRY(auto locations, list_of(base_, "spring.config.location"));
        if (locations.empty())
            locations = {"optional:file:./;optional:file:./config/;optional:file:./config/*/"};
        FLT_TRY(const auto additional, list_of(base_, "spring.config.additional-location"));
        locations.insert(locations.end(), additional.begin(), additional.end());
        FLT_TRY(const auto imports, list_of(base_, "spring.config.import"));
        locations.insert(locations.end(), imports.begin(), imports.end());
        std::vector<LocationGroup> groups;
        groups.reserve(locations.size());
        for (const std::string& location : locations) groups.push_back(parse_location_group(location, {}));
        return groups;
    }

    Result<void> load_all(const std::vector<LocationGroup>& groups) {
        for (const LocationGroup& group : groups) {
            for (const Location& location : group) FLT_CHECK(load_location(location, {}, plain_));
        }
        if (!profiles_known_) return {};
        for (const LocationGroup& group : groups) {
            for (const std::string& profile : profiles_for_files()) {
                for (const Location& location : group) FLT_CHECK(load_location(location, profile, specific_));
            }
        }
        return {};
    }

    [[nodiscard]] const std::vector<std::string>& profiles_for_files() const {
        return data_.active_profiles.empty() ? data_.default_profiles : data_.active_profiles;
    }

    /// All files of a location, for one profile or for none.
    Result<void> load_location(
        const Location& location, const std::string& profile, std::vector<SourcePtr>& into
    ) {
        if (location.is_remote()) {
            if (profile.empty() &&
                std::ranges::find(remote_imports_, location.text) == remote_imports_.end()) {
                remote_imports_.push_back(location.text);
            }
            return {};
        }
        if (location.kind == Location::Kind::tree) {
            return profile.empty() ? load_tree(location, into) : Result<void>();
        }
        bool found = false;
        for (const std::string& path : candidates(files_, location, names_, profile)) {
            FLT_TRY(const bool loaded, load_file(path, location, profile, into));
            found = found || loaded;
        }
        if (!found && !location.optional && profile.empty() && files_.list(location.path).empty()) {
            return fail(
                Errc::not_found, fmt::format("the config location '{}' does not exist", location.text)
            );
        }
        return {};
    }

    Result<bool> load_file(
        const std::string& path,
        const Location& location,
        const std::string& profile,
        std::vector<SourcePtr>& into
    ) {
        auto text = files_.read(path);
        if (!text) {
            if (text.error().code() == Errc::not_found) return false;
            return fail(std::move(text).error());
        }
        if (!visited_.insert(path).second) return true;
        FLT_TRY(const auto documents, parse(path, *text));
        for (const ConfigDocument& document : documents) {
            FLT_TRY(const bool active, is_active(document, !profile.empty()));
            if (!active) continue;
            std::string name =
                fmt::format("Config resource 'file [{}]' via location '{}'", path, location.text);
            if (document.one_of_many) name += fmt::format(" (document #{})", document.number);
            into.push_back(std::make_shared<const PropertySource>(
                std::move(name),
                profile.empty() ? Precedence::file : Precedence::file_profile,
                document.properties
            ));
            FLT_CHECK(load_imports(document, path, profile, into));
        }
        return true;
    }

    /// Imports stand directly above the document that asks for them.
    Result<void> load_imports(
        const ConfigDocument& document,
        const std::string& path,
        const std::string& profile,
        std::vector<SourcePtr>& into
    ) {
        FLT_TRY(const auto imports, list_of({into.back()}, "spring.config.import"));
        for (const std::string& import : imports) {
            const std::string folder = path.substr(0, path.rfind('/') + 1);
            for (const Location& location : parse_location_group(import, folder)) {
                const std::string outer = fmt::format("{}: spring.config.import", document.path);
                if (auto loaded = load_location(location, {}, into); !loaded)
                    return fail(loaded.error().within(outer));
                if (!profiles_known_ || location.is_remote() || location.kind == Location::Kind::tree)
                    continue;
                for (const std::string& active : profiles_for_files()) {
                    // Below a file for a profile everything is for a profile; else the variants go with their
                    // kind.
                    FLT_CHECK(load_location(location, active, profile.empty() ? specific_ : into));
                }
            }
        }
        return {};
    }

    Result<void> load_tree(const Location& location, std::vector<SourcePtr>& into) {
        std::vector<Property> properties;
        FLT_CHECK(read_tree(files_, location.path, {}, 0, properties));
        if (properties.empty() && !location.optional) {
            return fail(
                Errc::not_found, fmt::format("the config location '{}' does not exist", location.text)
            );
        }
        FLT_CHECK(decrypt_all(properties, decrypt_));
        into.push_back(std::make_shared<const PropertySource>(
            fmt::format("Config tree '{}'", location.path), Precedence::file, std::move(properties)
        ));
        return {};
    }

    Result<std::vector<ConfigDocument>> parse(const std::string& path, const std::string& text) const {
        const bool is_properties = path.ends_with(".properties");
        auto leaves = is_properties ? reflect::properties_leaves(text) : reflect::yaml_leaves(text);
        if (!leaves) return fail(leaves.error().within(path));
        std::vector<ConfigDocument> documents;
        for (std::size_t i = 0; i < leaves->size(); ++i) {
            ConfigDocument document{
                .path = path, .number = i, .one_of_many = leaves->size() > 1, .properties = {}
            };
            for (const reflect::Leaf& leaf : (*leaves)[i]) {
                document.properties.push_back(
                    {leaf.key, leaf_json(leaf), fmt::format("{} - {}:{}", path, leaf.line, leaf.column)}
                );
            }
            FLT_CHECK(decrypt_all(document.properties, decrypt_));
            documents.push_back(std::move(document));
        }
        return documents;
    }

    /// Numbers that would not be written the same way again stay texts: `version: 1.10`.
    static Json leaf_json(const reflect::Leaf& leaf) {
        Json value = reflect::leaf_value(leaf);
        if (leaf.kind == reflect::JsonKind::number && value.text() != leaf.value) return Json(leaf.value);
        return value;
    }

    Result<bool> is_active(const ConfigDocument& document, bool for_profile) {
        const Property* condition = document.find("spring.config.activate.onprofile");
        const bool listed = std::ranges::any_of(document.properties, [](const Property& property) {
            return uniform_name(property.name).starts_with("spring.config.activate.onprofile[");
        });
        if (const Property* old = document.find("spring.profiles")) {
            return fail(
                Errc::invalid_argument,
                fmt::format(
                    "spring.profiles is now called spring.config.activate.on-profile ({})", old->origin
                )
            );
        }
        if (condition != nullptr || listed || for_profile) {
            for (const Property& property : document.properties) {
                const std::string name = uniform_name(property.name);
                for (const std::string_view key :
                     {"spring.profiles.active", "spring.profiles.default", "spring.profiles.include"}) {
                    if (name != key && !name.starts_with(std::string(key) + "[")) continue;
                    return fail(
                        Errc::invalid_argument,
                        fmt::format(
                            "{} is not allowed in a document that is for a profile ({})", key, property.origin
                        )
                    );
                }
            }
        }
        if (const Property* cloud = document.find("spring.config.activate.oncloudplatform")) {
            if (!iequals(cloud->text(), "none")) return false;
        }
        if (condition == nullptr && !listed) return true;
        if (!profiles_known_) return false;
        const PropertySource source({}, Precedence::file, document.properties);
        const auto shared = std::make_shared<const PropertySource>(source);
        FLT_TRY(const auto expressions, list_of({shared}, "spring.config.activate.on-profile"));
        auto matches = profiles_match(join(expressions, ","), profiles_for_files());
        if (!matches) return fail(matches.error().within(document.path));
        return matches;
    }

    Result<void> find_profiles() {
        const std::vector<SourcePtr> all = all_so_far();
        FLT_TRY(const auto active, list_of(all, "spring.profiles.active"));
        FLT_TRY(auto defaults, list_of(all, "spring.profiles.default"));
        using Groups = std::map<std::string, std::vector<std::string>>;
        FLT_TRY(const auto groups, value_of<Groups>(all, "spring.profiles.group"));
        // Includes of all sources come first, so that what was asked for wins over them.
        std::vector<std::string> wanted;
        for (auto source = all.rbegin(); source != all.rend(); ++source) {
            FLT_TRY(const auto included, list_of({*source}, "spring.profiles.include"));
            wanted.insert(wanted.end(), included.begin(), included.end());
        }
        wanted.insert(wanted.end(), active.begin(), active.end());
        data_.active_profiles = expand_profiles(wanted, groups.value_or(Groups{}));
        if (defaults.empty()) defaults = {"default"};
        data_.default_profiles = expand_profiles(defaults, groups.value_or(Groups{}));
        return {};
    }

    const Files& files_;
    const std::vector<SourcePtr>& base_;
    const Decrypt& decrypt_;
    const ResolveAmong& resolve_;
    std::vector<std::string> names_{"application"};
    bool profiles_known_ = false;
    std::vector<SourcePtr> plain_;     ///< lowest precedence first
    std::vector<SourcePtr> specific_;  ///< of profiles, lowest precedence first
    std::set<std::string> visited_;
    std::vector<std::string> remote_imports_;
    ConfigData data_;
};

}  // namespace

Result<ConfigData> load_config_data(
    const Files& files,
    const std::vector<SourcePtr>& base,
    const Decrypt& decrypt,
    const ResolveAmong& resolve
) {
    return Loader(files, base, decrypt, resolve).load();
}

Result<void> decrypt_all(std::vector<Property>& properties, const Decrypt& decrypt) {
    constexpr std::string_view mark = "{cipher}";
    for (Property& property : properties) {
        const std::string* text = property.value.as_string();
        if (text == nullptr || !text->starts_with(mark)) continue;
        property.encrypted = true;  // also when nobody can decrypt it
        if (!decrypt) continue;
        auto plain = decrypt(std::string_view(*text).substr(mark.size()));
        if (!plain) {
            return fail(plain.error().within(
                fmt::format("{}: cannot decrypt the value ({})", property.name, property.origin)
            ));
        }
        property.value = Json(*std::move(plain));
    }
    return {};
}

void sort_by_precedence(std::vector<SourcePtr>& sources) {
    // An insertion sort: stable, and the lists are short and nearly sorted.
    for (std::size_t i = 1; i < sources.size(); ++i) {
        for (std::size_t k = i; k > 0 && sources[k]->precedence() < sources[k - 1]->precedence(); --k) {
            std::swap(sources[k], sources[k - 1]);
        }
    }
}

}  // namespace flotilla::config::detail
