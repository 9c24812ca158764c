#pragma once
/// What Eureka's requests carry, each in one place: who sends, about which instance, in which format.

#include <cstdint>
#include <optional>
#include <string>

#include "flotilla/base/result.hpp"
#include "flotilla/eureka/codec.hpp"
#include "flotilla/http/request.hpp"
#include "flotilla/http/response.hpp"
#include "flotilla/registry/registry_types.hpp"

namespace flotilla::registry {

/// A peer says so by the header `x-netflix-discovery-replication: true`.
Origin origin_of(const http::Request& request);
/// `{app}`, in upper case.
std::string app_of(const http::Request& request);
std::string id_of(const http::Request& request);

/// A number that may be left out, but must be one when it is there.
struct Timestamp {
    std::optional<std::int64_t> value;
    bool broken = false;
};

/// `?lastDirtyTimestamp=`
Timestamp dirty_timestamp(const http::Request& request);

/// How a request body is to be read.
struct BodyKind {
    eureka::Format format;
    bool latin1;
};

/// Nothing for a type or charset that is not spoken.
std::optional<BodyKind> body_kind(const http::Request& request);

/// 400 (or 413) in the format of the request, with the reason in `X-Flotilla-Error`.
http::Response cannot_parse(eureka::Format format, const Error& why);

}  // namespace flotilla::registry
