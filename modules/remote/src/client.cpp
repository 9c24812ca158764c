#include "client.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/http/gzip.hpp"
#include "flotilla/resilience/hystrix.hpp"
#include "remote_core.hpp"

namespace flotilla::remote::detail {

namespace {

/// `OrderClientgetOrdersString` of `OrderClient#getOrders(String)`.
std::string letters_and_digits(std::string_view text) {
    std::string out;
    std::ranges::copy_if(text, std::back_inserter(out), [](char c) {
        return is_ascii_alpha(c) || is_ascii_digit(c);
    });
    return out;
}

/// The name of what stands around a method: the client's own choice, one for each method as Spring makes
/// them, or the client.
std::string guard_id(const RemoteCore& core, const ClientSpec& spec, const std::string& key) {
    const BreakerSettings& settings = core.shared.circuitbreaker;
    if (!spec.settings.circuit_breaker.empty()) return spec.settings.circuit_breaker;
    if (!settings.enabled) return spec.context_id;
    return settings.alphanumeric_ids.enabled ? letters_and_digits(key) : key;
}

Guards guards_for(const RemoteCore& core, const ClientSpec& spec, const std::string& id) {
    if (!core.guards) return {};
    const BreakerSettings& settings = core.shared.circuitbreaker;
    return core.guards({
        .id = id,
        .group = settings.group.enabled ? std::string_view(spec.context_id) : "",
        .make_breaker = settings.enabled || !spec.settings.circuit_breaker.empty(),
    });
}

}  // namespace

Client::Client(RemoteCore& the_core, ClientSpec the_spec)
    : core(the_core),
      spec(std::move(the_spec)),
      cluster(spec.service.empty() ? nullptr : &core.balancer.cluster(spec.service)),
      budget(core.budget(spec.service)) {
    if (!spec.settings.cache.enabled) return;
    cache = std::make_unique<HttpCache>(spec.settings.cache, core.clock);
    if (!core.options.telemetry.meters) return;
    for (std::size_t i = 0; i < cache_results.size(); ++i)
        cache_results[i] = core.options.telemetry.meters->counter(
            "http.client.cache",
            {{"client", spec.context_id}, {"result", to_text(static_cast<CacheResult>(i))}},
            {.description = "Calls by what the cache had to say"}
        );
}

Method& Client::add(const MethodDeclaration& declaration) {
    return methods.emplace_back(*this, declaration);
}

Method::Method(Client& client, const MethodDeclaration& declaration)
    : client_(client),
      core_(client.core),
      name_(declaration.name),
      key_(fmt::format("{}#{}{}", client.spec.type, declaration.name, declaration.signature)),
      method_(http::to_text(declaration.method)),
      template_(
          declaration.pattern.empty() ? std::string()
                                      : fmt::format("{}{}", client.spec.path, declaration.pattern)
      ),
      json_(declaration.json),
      log_(
          core_.options.logs ? core_.options.logs->logger(client.spec.logger) : log::Logger(),
          fmt::format("{}#{}", client.spec.type, declaration.name),
          client.spec.settings.logger_level,
          client.spec.settings.log
      ),
      guard_id_(guard_id(core_, client.spec, key_)),
      guards_(guards_for(core_, client.spec, guard_id_)),
      wrapped_(guards_.any() || client.cache != nullptr) {
    metrics::Registry* meters = core_.options.telemetry.meters;
    if (!meters) return;
    const auto fallbacks = [&](std::string_view outcome) {
        return meters->counter(
            "remote.fallbacks",
            {{"client", client.spec.context_id}, {"method", name_}, {"outcome", outcome}},
            {.description = "Calls that were answered by their fallback"}
        );
    };
    fallbacks_succeeded_ = fallbacks("success");
    fallbacks_failed_ = fallbacks("failure");
    if (!client.spec.settings.hedge.enabled) return;
    hedges_ = meters->counter(
        "remote.hedges",
        {{"client", client.spec.context_id}, {"method", name_}},
        {.description = "Second attempts that were made beside slow ones"}
    );
}

OutgoingRequest Method::begin(const CallOptions& options) const {
    OutgoingRequest request(method_, OutgoingRequest::SharedBase{client_.spec.base});
    request.literal(client_.spec.path);
    for (const auto& [name, value] : options.headers) request.header(name, value);
    return request;
}

bool Method::escapes_slash() const noexcept {
    return !core_.shared.decode_slash;
}

void Method::fell_back(bool succeeded) const noexcept {
    (succeeded ? fallbacks_succeeded_ : fallbacks_failed_).increment();
    if (!core_.options.hystrix || !guards_.breaker) return;
    using resilience::CommandEvent;
    const auto event = succeeded ? CommandEvent::fallback_success : CommandEvent::fallback_failure;
    core_.options.hystrix->fallback(guard_id_, event, core_.clock.now());
}

void Method::finish_request(OutgoingRequest& request) const {
    const ClientSettings& settings = client_.spec.settings;
    for (const auto& [name, values] : settings.default_query_parameters) {
        for (const auto& value : values) request.query(name, value);
    }
    for (const auto& [name, values] : settings.default_request_headers) {
        if (request.headers().contains(name)) continue;
        for (const auto& value : values) request.header(name, value);
    }
    if (json_ && !request.headers().contains("Accept")) request.set_header("Accept", "application/json");

    const RequestCompression& compression = core_.shared.compression;
    if (!compression.enabled || request.body().size() <= compression.min_request_size.count) return;
    const std::string_view type = request.headers().find("Content-Type");
    if (std::ranges::find(compression.mime_types, type) == compression.mime_types.end()) return;
    if (request.headers().contains("Content-Encoding")) return;
    request.set_header("Content-Encoding", "gzip");
    request.replace_body(http::gzip(request.body()));
}

Deadline Method::deadline_of(Timeout timeout) const noexcept {
    const auto limit = timeout.value_or(client_.spec.settings.timeout);
    return limit.count() > 0 ? Deadline::after(core_.clock.now(), limit) : Deadline();
}

Task<Method::Failure> Method::run(OutgoingRequest request, ResultSlot slot, Timeout timeout) const {
    const Call call{.slot = slot, .deadline = deadline_of(timeout)};
    finish_request(request);
    if (!wrapped_) return innermost(std::move(request), call);
    return client_.cache ? cached(std::move(request), call) : guarded(std::move(request), call);
}

Task<Method::Failure> Method::run_raw(OutgoingRequest request, std::optional<http::ClientResponse>& answer)
    const {
    const Call call{.deadline = deadline_of(std::nullopt), .raw = &answer};
    finish_request(request);
    if (!wrapped_) return innermost(std::move(request), call);
    return client_.cache ? cached(std::move(request), call) : guarded(std::move(request), call);
}

}  // namespace flotilla::remote::detail
