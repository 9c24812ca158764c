#pragma once
/// The documents of the Eureka v2 protocol, in its JSON and its XML, full and compact.
///
/// Writing is exact: originals refuse a whole document for one unknown member. Reading is liberal with what
/// clients in the field send (numbers in quotes, a bare port, one object for a list) and strict with what
/// could harm: size, depth and number of elements have limits, XML may have no DOCTYPE and so no entities.

#include <cstdint>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/eureka/applications.hpp"
#include "flotilla/eureka/instance_info.hpp"
#include "flotilla/reflect/options.hpp"

namespace flotilla::eureka {

enum class Format : std::uint8_t { json, xml };
enum class Detail : std::uint8_t {
    full,
    compact  ///< `X-Eureka-Accept: compact`: what is needed to call the instance, no lease, no metadata
};

/// `application/json`, `application/xml`
std::string_view content_type(Format format) noexcept;

/// `{"instance":{...}}`, `<instance>...</instance>`
std::string encode(const InstanceInfo& instance, Format format, Detail detail = Detail::full);
std::string encode(const Application& application, Format format, Detail detail = Detail::full);
/// With `applications.version` and `applications.hash_code` as its header.
std::string encode(const Applications& applications, Format format, Detail detail = Detail::full);

/// Bounds for what a stranger registers: one instance.
inline constexpr reflect::Limits instance_limits{.depth = 16, .bytes = 1U << 20, .elements = 20'000};
/// Bounds for a whole registry, as a client reads it.
inline constexpr reflect::Limits registry_limits{.depth = 16, .bytes = 256U << 20, .elements = 50'000'000};

/// `Errc::malformed` tells what is wrong and where: `instance.port: expected object`.
Result<InstanceInfo> decode_instance(
    std::string_view text, Format format, const reflect::Limits& limits = instance_limits
);
Result<Application> decode_application(
    std::string_view text, Format format, const reflect::Limits& limits = registry_limits
);
Result<Applications> decode_applications(
    std::string_view text, Format format, const reflect::Limits& limits = registry_limits
);

/// The pieces of an applications document, for whoever keeps the applications written:
/// `head + application + separator + application + tail`.
struct ApplicationsFrame {
    std::string head;
    std::string_view separator;
    std::string tail;
};

ApplicationsFrame applications_frame(
    std::int64_t version, std::string_view hash_code, Format format, Detail detail
);
/// One application as it stands inside of an applications document.
void append_nested(std::string& out, const Application& application, Format format, Detail detail);

/// An instance as JSON without a root, as it stands in the batches of replication.
void append_bare_json(std::string& out, const InstanceInfo& instance);

/// ISO-8859-1 to UTF-8: the other charset that a request may be in.
std::string latin1_to_utf8(std::string_view text);

}  // namespace flotilla::eureka
