// The filter that turns the addresses in answers into those that clients know.

#include <fmt/format.h>

#include "flotilla/base/text.hpp"
#include "flotilla/gateway/components.hpp"

namespace flotilla::gateway {

namespace {

class RewriteLocation final : public Filter {
public:
    enum class Strip : std::uint8_t { never, as_in_request, always };

    RewriteLocation(Strip strip, std::string header, std::string host, TextPattern scheme)
        : strip_(strip), header_(std::move(header)), host_(std::move(host)), scheme_(std::move(scheme)) {}

    void after(Exchange& exchange, Answer& answer) const override {
        const std::string location(answer.headers.get(header_));
        const std::size_t colon = location.find("://");
        if (colon == std::string::npos || !scheme_.matches(std::string_view(location).substr(0, colon)))
            return;
        const std::size_t slash = location.find('/', colon + 3);
        if (slash == std::string::npos) return;
        std::string_view rest = std::string_view(location).substr(slash);
        const std::size_t version = version_length(rest);
        const bool strips = strip_ == Strip::always || (strip_ == Strip::as_in_request &&
                                                        version_length(exchange.request_path().raw()) == 0);
        if (strips && version > 0) rest.remove_prefix(version);
        const std::string_view host = host_.empty() ? exchange.host() : std::string_view(host_);
        answer.headers.set(
            header_, fmt::format("{}://{}{}", std::string_view(location).substr(0, colon), host, rest)
        );
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("RewriteLocationResponseHeader {} protocols = '{}'", header_, scheme_.text());
    }

private:
    /// Of `/v1` in `/v1/users`; 0 when there is none.
    static std::size_t version_length(std::string_view path) {
        if (!path.starts_with("/v")) return 0;
        std::size_t end = 2;
        while (end < path.size() && is_ascii_digit(path[end])) ++end;
        return end > 2 && end < path.size() && path[end] == '/' ? end : 0;
    }

    Strip strip_;
    std::string header_;
    std::string host_;
    TextPattern scheme_;
};

Result<FilterPtr> rewrite_location(const Arguments& args, const FilterScope&) {
    using Strip = RewriteLocation::Strip;
    const std::string written = args.text("stripVersion", "AS_IN_REQUEST");
    const std::string name = to_upper(replace_all(written, "-", "_"));
    auto strip = Strip::as_in_request;
    if (name == "ALWAYS_STRIP") {
        strip = Strip::always;
    } else if (name == "NEVER_STRIP") {
        strip = Strip::never;
    } else if (name != "AS_IN_REQUEST") {
        return fail(
            Errc::invalid_argument,
            fmt::format("stripVersion '{}' is none of NEVER_STRIP, AS_IN_REQUEST, ALWAYS_STRIP", written)
        );
    }
    FLT_TRY(auto schemes, TextPattern::compile(args.text("protocols", "https?|ftps?")));
    std::string host = args.text("hostValue");
    if (!host.empty() && !fits_request_line(host))
        return fail(Errc::invalid_argument, fmt::format("hostValue '{}' is no host", host));
    FLT_TRY(std::string header, header_name(args.text("locationHeaderName", "Location")));
    return std::make_shared<RewriteLocation>(strip, std::move(header), std::move(host), std::move(schemes));
}

}  // namespace

void detail::add_location_filter(Components& to) {
    to.filter(
        "RewriteLocationResponseHeader",
        {.order = {"stripVersion", "locationHeaderName", "hostValue", "protocols"},
         .optional = {"stripVersion", "locationHeaderName", "hostValue", "protocols"}},
        rewrite_location
    );
}

}  // namespace flotilla::gateway
