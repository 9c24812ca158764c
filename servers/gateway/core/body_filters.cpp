// Filters that need a body as a whole.

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/gateway/components.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::gateway {

bool HeldAnswer::covers(std::string_view content_type) const noexcept {
    const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
    if (media_types.empty()) return !iequals(type, "text/event-stream");
    return std::ranges::any_of(media_types, [&](const std::string& one) { return iequals(one, type); });
}

void RoutePolicies::hold_request(std::uint64_t most) {
    held_request = std::min(held_request.value_or(most), most);
}

void RoutePolicies::hold_answer(HeldAnswer more) {
    if (!held_answer) {
        held_answer = std::move(more);
        return;
    }
    held_answer->most = std::max(held_answer->most, more.most);
    auto& types = held_answer->media_types;
    if (more.media_types.empty()) types.clear();
    if (!types.empty()) types.insert(types.end(), more.media_types.begin(), more.media_types.end());
}

namespace {

class CacheRequestBody final : public Filter {
public:
    explicit CacheRequestBody(std::uint64_t most) : most_(most) {}

    void ask(RoutePolicies& policies) const override { policies.hold_request(most_); }

    [[nodiscard]] std::string text() const override {
        return fmt::format("CacheRequestBody maxSize = {}", most_);
    }

private:
    std::uint64_t most_;
};

constexpr std::string_view json_type = "application/json";

class RemoveJsonAttributes final : public Filter {
public:
    RemoveJsonAttributes(std::vector<std::string> names, bool deep, std::uint64_t most)
        : names_(std::move(names)), deep_(deep), most_(most) {}

    void ask(RoutePolicies& policies) const override {
        policies.hold_answer({.most = most_, .media_types = {std::string(json_type)}});
    }

    /// The answer has to come whole and in a form that can be read.
    [[nodiscard]] Next before(Exchange& exchange) const override {
        exchange.headers().remove("Range");
        if (exchange.headers().contains("Accept-Encoding")) exchange.headers().set("Accept-Encoding", "gzip");
        return Next::go_on;
    }

    void after(Exchange&, Answer& answer) const override {
        const auto body = answer.body();
        if (!body || body->empty() || !reads(answer.headers.get("Content-Type"))) return;
        auto json = reflect::parse_json(*body);
        if (!json) return answer.fail(500);
        remove_from(*json);
        answer.replace_body(json->text());
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format(
            "RemoveJsonAttributesResponseBody fieldList = [{}], deleteRecursively = {}",
            join(names_, ", "),
            deep_
        );
    }

private:
    static bool reads(std::string_view content_type) {
        return HeldAnswer{.media_types = {std::string(json_type)}}.covers(content_type);
    }

    void remove_from(Json& json) const {
        if (json.is_object()) {
            std::erase_if(json.members(), [this](const Json::Member& member) {
                return std::ranges::find(names_, member.key) != names_.end();
            });
            if (deep_)
                for (Json::Member& member : json.members()) remove_from(member.value);
        } else if (json.is_array() && deep_) {
            for (Json& element : json.elements()) remove_from(element);
        }
    }

    std::vector<std::string> names_;
    bool deep_;
    std::uint64_t most_;
};

}  // namespace

void detail::add_body_filters(Components& to) {
    to.filter(
        "CacheRequestBody",
        {.order = {"maxSize"}, .optional = {"maxSize"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            FLT_TRY(const Bytes most, args.bytes("maxSize", Bytes::mega(1)));
            return std::make_shared<CacheRequestBody>(most.count);
        }
    );
    to.filter(
        "RemoveJsonAttributesResponseBody",
        {.shortcut = Shortcut::list_with_tail_flag,
         .order = {"fieldList", "deleteRecursively"},
         .more = {"maxSize"},
         .optional = {"deleteRecursively"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            auto names = args.list("fieldList");
            if (names.empty()) return fail(Errc::invalid_argument, "no attribute is named");
            FLT_TRY(const bool deep, args.flag("deleteRecursively", false));
            FLT_TRY(const Bytes most, args.bytes("maxSize", Bytes::mega(1)));
            return std::make_shared<RemoveJsonAttributes>(std::move(names), deep, most.count);
        }
    );
}

}  // namespace flotilla::gateway
