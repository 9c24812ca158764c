#pragma once
/// Why an exchange was not forwarded, and what its client is told.

#include <system_error>

#include "flotilla/base/result.hpp"
#include "flotilla/http/status.hpp"

namespace flotilla::proxy {

enum class ProxyErrc {
    refused = 1,       ///< 502: nobody listens there, or no way leads there
    connect_timeout,   ///< 504
    tls_failed,        ///< 502: no agreement, or a certificate that is not trusted
    overloaded,        ///< 503: too many wait for a connection to this upstream
    closed_early,      ///< 502: the upstream went away before it had answered
    malformed_answer,  ///< 502: garbage, a head over the limit, ambiguous framing
    response_timeout,  ///< 504: no head of an answer in time
    unfinished_body,   ///< 504: the attempt's time was over before the client had sent all of its body
    body_too_large,    ///< 413: the client's body went over the limit on its way
    client_malformed,  ///< 400: the client's body breaks its own framing
    client_timeout,    ///< 408: the client's body did not come in time
    client_gone,       ///< nobody is left to be told
    answer_cut,        ///< the answer broke off after it had begun; so did the client's connection
};

std::error_code make_error_code(ProxyErrc code) noexcept;
std::unexpected<Error> fail(ProxyErrc code, std::string message);

/// What the client is answered.
http::Status status_of(const Error& error) noexcept;

/// The upstream failed in a way that another instance, or another moment, may better: what Spring's retry
/// knows as IOException. Nothing has gone to the client.
bool is_connection_failure(const Error& error) noexcept;
/// The same for whatever was not there in time.
bool is_timeout(const Error& error) noexcept;

/// It was the client's doing, or there was no room here: it speaks neither for nor against the upstream, so
/// no breaker and no balancer shall hear of it.
bool says_nothing_of_upstream(const Error& error) noexcept;

}  // namespace flotilla::proxy

template <>
struct std::is_error_code_enum<flotilla::proxy::ProxyErrc> : std::true_type {};
