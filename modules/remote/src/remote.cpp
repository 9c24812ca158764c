#include "flotilla/remote/remote.hpp"

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "flotilla/base/text.hpp"
#include "remote_core.hpp"

namespace flotilla::remote {

namespace {

Task<> stop_scope(std::unique_ptr<runtime::TaskScope>& scope) {
    // One that was never used is made, so that nothing can be started after this.
    if (!scope) scope = std::make_unique<runtime::TaskScope>(runtime::EventLoop::current());
    co_await scope->stop();
}

CallError malformed(const Error& error) {
    return {ErrorKind::invalid, error.message()};
}

}  // namespace

Remote::Remote(
    runtime::Runtime& runtime,
    config::Environment environment,
    discovery::LoadBalancer& balancer,
    RemoteOptions options
)
    : core_(std::make_unique<RemoteCore>(runtime, std::move(environment), balancer, std::move(options))) {}

Remote::~Remote() = default;

Task<> Remote::stop() {
    for (std::size_t i = 0; i < core_->scopes.size(); ++i) {
        const std::function<Task<>()> stop = [&scope = core_->scopes[i]] { return stop_scope(scope); };
        co_await core_->runtime.on<void>(core_->runtime.loop(i), stop);
    }
}

Remote& Remote::intercept(Interceptor interceptor) {
    core_->interceptors.push_back(std::move(interceptor));
    return *this;
}

Remote& Remote::interceptor(std::string name, Interceptor interceptor) {
    core_->named_interceptors.insert_or_assign(std::move(name), std::move(interceptor));
    return *this;
}

Remote& Remote::decode_errors(ErrorDecoder decoder) {
    core_->error_decoder = std::move(decoder);
    return *this;
}

Remote& Remote::error_decoder(std::string name, ErrorDecoder decoder) {
    core_->named_error_decoders.insert_or_assign(std::move(name), std::move(decoder));
    return *this;
}

http::Client& Remote::http() noexcept {
    return core_->http;
}

std::string Remote::logger_name(const char* mangled) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(mangled, nullptr, nullptr, &status), &std::free
    );
    std::string name = replace_all(status == 0 ? text.get() : mangled, "(anonymous namespace)::", "");
    return replace_all(std::move(name), "::", ".");
}

detail::Client& Remote::make_client(detail::Declaration declaration) {
    const Target& target = declaration.target;
    const std::string context(target.context_id.empty() ? target.service : target.context_id);
    auto settings = load_client_settings(core_->environment, context);
    if (!settings) {
        core_->problem(settings.error());
        settings = ClientSettings{};
    }
    const std::lock_guard lock(core_->mutex);
    if (core_->by_context.contains(context))
        core_->problem(Error(
            Errc::conflict,
            fmt::format(
                "client {}: there is one with the context id '{}' already; give this one another",
                declaration.type,
                context
            )
        ));

    std::string url = !declaration.url.empty() ? std::move(declaration.url)
                      : !settings->url.empty() ? settings->url
                                               : std::string(target.url);
    while (url.ends_with('/')) url.pop_back();
    detail::ClientSpec spec{
        .service = url.empty() ? std::string(target.service) : std::string(),
        .context_id = context,
        .type = std::move(declaration.type),
        .logger = std::move(declaration.logger),
        .base = url.empty() ? fmt::format("http://{}", target.service) : std::move(url),
        .path = settings->path.empty() ? std::string(target.path) : settings->path,
        .settings = std::move(*settings),
        .interceptors = core_->interceptors,
        .error_decoder = std::move(declaration.error_decoder),
    };
    for (const auto& name : spec.settings.request_interceptors) {
        const auto found = core_->named_interceptors.find(name);
        if (found != core_->named_interceptors.end())
            spec.interceptors.push_back(found->second);
        else
            core_->problem(
                Error(Errc::not_found, fmt::format("client {}: there is no interceptor '{}'", context, name))
            );
    }
    std::ranges::move(declaration.interceptors, std::back_inserter(spec.interceptors));
    if (const std::string& name = spec.settings.error_decoder; !spec.error_decoder && !name.empty()) {
        const auto found = core_->named_error_decoders.find(name);
        if (found != core_->named_error_decoders.end())
            spec.error_decoder = found->second;
        else
            core_->problem(Error(
                Errc::not_found, fmt::format("client {}: there is no error decoder '{}'", context, name)
            ));
    }
    if (!spec.error_decoder) spec.error_decoder = core_->error_decoder;
    detail::Client& client = core_->add(std::move(spec));
    core_->by_context.emplace(context, &client);
    return client;
}

const BoundMethod& Remote::bind(detail::Client& client, detail::MethodDeclaration declaration) {
    return client.add(declaration);
}

Task<std::optional<CallError>> Remote::run(OutgoingRequest request, detail::ResultSlot slot) {
    const auto url = http::Url::parse(fmt::format("{}/", request.base()));
    if (!url) co_return malformed(url.error());
    const detail::Client& client =
        core_->plain_client(names_a_service(*url) ? std::string_view(url->host) : std::string_view());
    co_return co_await client.plain->run(std::move(request), slot, std::nullopt);
}

Task<Reply<http::ClientResponse>> Remote::send(OutgoingRequest request) {
    const auto url = http::Url::parse(fmt::format("{}/", request.base()));
    if (!url) co_return std::unexpected(malformed(url.error()));
    const detail::Client& client =
        core_->plain_client(names_a_service(*url) ? std::string_view(url->host) : std::string_view());
    std::optional<http::ClientResponse> answer;
    auto failed = co_await client.plain->run_raw(std::move(request), answer);
    if (answer) co_return std::move(*answer);
    co_return std::unexpected(std::move(*failed));
}

}  // namespace flotilla::remote
