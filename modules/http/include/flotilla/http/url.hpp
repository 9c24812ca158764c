#pragma once
/// Where a client sends its requests: `https://user@host:8443/path?query`, and `lb://SERVICE/path` for a
/// service that is found by its name.

#include <cstdint>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"

namespace flotilla::http {

/// A value. Path and query are kept as they are written on the wire; `add_segment` and `add_query` encode
/// what they are given.
struct Url {
    /// `http`, `https`, `ws` or `wss`; empty for a plain `lb://`, where the chosen instance decides.
    std::string scheme = "http";
    bool balanced = false;   ///< `lb://NAME` or `lb:ws://NAME`: the host is the name of a service
    std::string user_info;   ///< raw, without the `@`
    std::string host;        ///< as written; an IPv6 address without its brackets
    std::uint16_t port = 0;  ///< zero where none is given
    std::string path = "/";
    std::string query;
    bool has_query = false;

    /// A fragment is left out, as it is never sent. Only what may be sent as it is is accepted: no blanks, no
    /// control octets, no raw octets over 127.
    static Result<Url> parse(std::string_view text);

    /// What a `Location` field means for an answer from here.
    [[nodiscard]] Result<Url> resolve(std::string_view reference) const;

    [[nodiscard]] bool secure() const noexcept { return scheme == "https" || scheme == "wss"; }

    [[nodiscard]] std::uint16_t port_or_default() const noexcept {
        return port != 0 ? port : static_cast<std::uint16_t>(secure() ? 443 : 80);
    }

    /// `host`, `host:8080`, `[::1]:8080`: the Host field. A default port is left out.
    [[nodiscard]] std::string authority() const;
    /// `/path?query`: the request target.
    [[nodiscard]] std::string target() const;
    [[nodiscard]] std::string to_string() const;

    /// One more segment: `add_segment("a/b")` adds `/a%2Fb`.
    Url& add_segment(std::string_view segment);
    Url& add_query(std::string_view name, std::string_view value);

    friend bool operator==(const Url&, const Url&) = default;
};

}  // namespace flotilla::http
