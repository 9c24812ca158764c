#include <fmt/format.h>

#include "flotilla/base/text.hpp"
#include "flotilla/sql/config.hpp"

namespace flotilla::sql {

namespace {

constexpr std::string_view expected =
    "spring.datasource.url: expected sqlite:FILE, jdbc:mariadb://HOST[:PORT]/DATABASE or "
    "jdbc:mysql://HOST[:PORT]/DATABASE";

std::unexpected<Error> malformed(std::string_view what) {
    return flotilla::fail(flotilla::Errc::invalid_argument, fmt::format("spring.datasource.url: {}", what));
}

Result<void> read_server(std::string_view rest, DatabaseUrl& url) {
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos || slash + 1 == rest.size()) return malformed("no database is named");
    url.database = rest.substr(slash + 1);
    std::string_view authority = rest.substr(0, slash);
    if (authority.find('@') != std::string_view::npos)
        return malformed("user and password belong into spring.datasource.username and password");
    if (authority.find(',') != std::string_view::npos) return malformed("one server only");

    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon = authority.rfind(':');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        const auto port = parse_integer<std::uint16_t>(authority.substr(colon + 1));
        if (!port || *port == 0) return malformed("the port is no number between 1 and 65535");
        url.port = *port;
        authority = authority.substr(0, colon);
    }
    if (authority.starts_with('[') && authority.ends_with(']'))
        authority = authority.substr(1, authority.size() - 2);
    if (authority.empty()) return malformed("no host is named");
    url.host = authority;
    return {};
}

}  // namespace

Result<DatabaseUrl> DatabaseUrl::parse(std::string_view url) {
    DatabaseUrl out;
    if (istarts_with(url, "jdbc:")) url.remove_prefix(5);
    if (const std::size_t question = url.find('?'); question != std::string_view::npos) {
        for (const std::string_view pair : split_list(url.substr(question + 1), '&')) {
            const std::size_t equals = pair.find('=');
            out.parameters[std::string(pair.substr(0, equals))] =
                equals == std::string_view::npos ? std::string() : std::string(pair.substr(equals + 1));
        }
        url = url.substr(0, question);
    }
    if (istarts_with(url, "sqlite:")) {
        url.remove_prefix(7);
        if (url.starts_with("//")) url.remove_prefix(2);
        if (url.empty()) return malformed("no file is named");
        out.file = url;
        return out;
    }
    for (const std::string_view scheme : {"mariadb://", "mysql://"}) {
        if (!istarts_with(url, scheme)) continue;
        out.product = Product::mariadb;
        FLT_CHECK(read_server(url.substr(scheme.size()), out));
        return out;
    }
    return flotilla::fail(flotilla::Errc::invalid_argument, std::string(expected));
}

}  // namespace flotilla::sql
