#include "flotilla/gateway/api_version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "flotilla/base/text.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/gateway/components.hpp"
#include "flotilla/gateway/property_tree.hpp"
#include "flotilla/http/percent.hpp"

namespace flotilla::gateway {

namespace {

constexpr std::string_view prefix = "spring.webflux.apiversion.";

/// `version` of `application/json;version=2`, when the media type is that.
std::optional<std::string> parameter_of(
    std::string_view media_types, const std::pair<std::string, std::string>& wanted
) {
    for (const std::string_view one : split_list(media_types)) {
        const auto parts = split_list(one, ';');
        if (parts.empty() || !iequals(parts.front(), wanted.first)) continue;
        for (const std::string_view part : parts) {
            const std::size_t equals = part.find('=');
            if (equals == std::string_view::npos || !iequals(trim(part.substr(0, equals)), wanted.second))
                continue;
            std::string_view value = trim(part.substr(equals + 1));
            if (value.size() > 1 && value.starts_with('"') && value.ends_with('"'))
                value = value.substr(1, value.size() - 2);
            return std::string(value);
        }
    }
    return std::nullopt;
}

class VersionPredicate final : public Predicate {
public:
    VersionPredicate(
        std::shared_ptr<const ApiVersions> versions, std::string written, ApiVersion wanted, bool and_later
    )
        : versions_(std::move(versions)),
          written_(std::move(written)),
          wanted_(wanted),
          and_later_(and_later) {}

    [[nodiscard]] bool test(Exchange& exchange) const override {
        return versions_->satisfies(exchange, [this](const ApiVersion& asked) {
            return and_later_ ? asked >= wanted_ : asked == wanted_;
        });
    }

    [[nodiscard]] std::string text() const override { return "Version: " + written_; }

private:
    std::shared_ptr<const ApiVersions> versions_;
    std::string written_;
    ApiVersion wanted_;
    bool and_later_;
};

}  // namespace

Result<ApiVersion> ApiVersion::parse(std::string_view text) {
    const auto wrong = [&] {
        return fail(Errc::invalid_argument, fmt::format("'{}' is no version, such as 1.2", text));
    };
    const std::size_t digit = text.find_first_of("0123456789");
    if (digit == std::string_view::npos) return wrong();
    const auto parts = split(text.substr(digit), '.');
    if (parts.size() > 3) return wrong();
    ApiVersion version;
    std::uint32_t* const numbers[] = {&version.major, &version.minor, &version.patch};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto number = parse_integer<std::uint32_t>(parts[i]);
        if (!number) return wrong();
        *numbers[i] = *number;
    }
    return version;
}

Result<ApiVersionConfig> read_api_versions(const config::Environment& environment) {
    const auto name = [](std::string_view key) { return std::string(prefix).append(key); };
    ApiVersionConfig config;
    config.header = environment.get_or(name("use.header"), "");
    config.query_parameter = environment.get_or(name("use.query-parameter"), "");
    if (const std::string segment = name("use.path-segment"); environment.contains(segment)) {
        FLT_TRY(config.path_segment, environment.get<std::size_t>(segment, 0));
    }
    for (const auto& [type, parameter] :
         property_tree(environment, name("use.media-type-parameter")).members())
        if (const std::string* text = parameter.as_string())
            config.media_type_parameters.emplace_back(type, *text);
    FLT_TRY(config.required, environment.get(name("required"), config.required));
    FLT_TRY(config.detect_supported, environment.get(name("detect-supported"), config.detect_supported));
    if (const auto by_default = environment.get(name("default"))) {
        auto version = ApiVersion::parse(*by_default);
        if (!version) return fail(version.error().within(name("default")));
        config.by_default = *version;
    }
    FLT_TRY(const auto supported, environment.get(name("supported"), std::vector<std::string>()));
    for (const std::string& text : supported) {
        auto version = ApiVersion::parse(text);
        if (!version) return fail(version.error().within(name("supported")));
        config.supported.push_back(*version);
    }
    return config;
}

void ApiVersions::add_mapped(ApiVersion version) {
    mapped_.push_back(version);
}

std::optional<std::string> ApiVersions::text_of(const Exchange& exchange) const {
    const http::RequestHead& head = exchange.head();
    if (!config_.header.empty()) {
        if (const http::Field* field = head.fields.find(config_.header)) return std::string(field->value);
    }
    if (!config_.query_parameter.empty()) {
        if (auto value = http::UrlEncoded(head.query).get(config_.query_parameter)) return value;
    }
    for (const auto& wanted : config_.media_type_parameters)
        for (const http::KnownField known : {http::KnownField::accept, http::KnownField::content_type})
            if (auto value = parameter_of(head.fields.get(known), wanted)) return value;
    if (config_.path_segment) {
        const auto segments = exchange.request_path().segments();
        if (*config_.path_segment < segments.size()) return std::string(segments[*config_.path_segment]);
    }
    return std::nullopt;
}

bool ApiVersions::is_supported(const ApiVersion& version) const {
    const auto has = [&](const std::vector<ApiVersion>& list) {
        return std::ranges::find(list, version) != list.end();
    };
    return config_.supported.empty() || has(config_.supported) || (config_.detect_supported && has(mapped_));
}

Result<std::optional<ApiVersion>> ApiVersions::asked_by(const Exchange& exchange) const {
    const std::optional<std::string> text = text_of(exchange);
    if (!text) {
        if (config_.required && !config_.by_default)
            return fail(Errc::invalid_argument, "API version is required.");
        return config_.by_default;
    }
    const auto version = ApiVersion::parse(trim(*text));
    if (!version || !is_supported(*version))
        return fail(Errc::invalid_argument, fmt::format("Invalid API version: '{}'.", *text));
    return *version;
}

void detail::add_version_predicate(Components& to) {
    to.predicate(
        "Version",
        {.order = {"version"}},
        [](const Arguments& args, const ComponentMeans& means) -> Result<PredicatePtr> {
            if (!means.versions)
                return fail(
                    Errc::invalid_argument,
                    "where do requests say their version? spring.webflux.apiversion.use.header, "
                    ".query-parameter, .path-segment or .media-type-parameter"
                );
            std::string written = args.text("version");
            const bool and_later = written.ends_with('+');
            const std::string_view number =
                std::string_view(written).substr(0, written.size() - (and_later ? 1 : 0));
            FLT_TRY(const ApiVersion wanted, ApiVersion::parse(number));
            means.versions->add_mapped(wanted);
            return std::make_shared<VersionPredicate>(means.versions, std::move(written), wanted, and_later);
        }
    );
}

}  // namespace flotilla::gateway
