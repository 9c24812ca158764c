#include "flotilla/http/client.hpp"

#include <fmt/format.h>

#include "client_call.hpp"
#include "client_core.hpp"
#include "client_pool.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;

/// What a call leaves of its caller's deadline, for the way back.
constexpr Duration deadline_margin = 5ms;
/// So much of a redirect's body is read to keep its connection.
constexpr std::size_t redirect_body = 64 * 1024;

bool is_redirect(int status) noexcept {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

Client::Client(
    runtime::Runtime& runtime, ClientConfig config, ClientTelemetry telemetry, runtime::Resolver* resolver
)
    : runtime_(runtime),
      core_(std::make_shared<ClientCore>(runtime, std::move(config), telemetry, resolver)),
      shards_(runtime.size()) {}

Client::~Client() {
    core_->unbind();
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        // Connections belong to their loop, and so does their end.
        runtime::EventLoop& loop = runtime_.loop(i);
        if (shards_[i] && !loop.on_this_thread()) loop.post([shard = std::move(shards_[i])] {});
    }
}

ClientShard& Client::shard() {
    runtime::EventLoop& loop = runtime::EventLoop::current();
    auto& shard = shards_[loop.index()];
    if (!shard) shard = std::make_shared<ClientShard>(core_, loop);
    return *shard;
}

ClientStats Client::stats() const noexcept {
    return core_->stats();
}

const ClientConfig& Client::config() const noexcept {
    return core_->config;
}

Task<Result<ClientResponse>> Client::send(ClientRequest request) {
    auto call = co_await start(std::move(request), ClientBody::whole);
    if (!call) co_return fail(call.error());
    auto body = co_await (*call)->read_all((*call)->max_response_size());
    if (!body) co_return fail(body.error());
    co_return ClientResponse((*call)->release_head(), std::move(*body));
}

Task<Result<ClientStream>> Client::open(ClientRequest request) {
    auto call = co_await start(std::move(request), ClientBody::streamed);
    if (!call) co_return fail(call.error());
    co_return ClientStream(std::move(*call));
}

Task<Result<std::unique_ptr<ClientCall>>> Client::start(ClientRequest request, ClientBody body) {
    if (request.problem_) co_return fail(request.problem_->within(request.description()));
    const TimePoint now = core_->now();
    const Duration total = request.total_timeout_.value_or(core_->config.timeouts.total);
    Deadline deadline = total > Duration::zero() ? Deadline::after(now, total) : Deadline();
    if (const Deadline caller = TaskContext::current().deadline; !caller.never())
        deadline = deadline.or_sooner(Deadline(caller.at() - deadline_margin));
    if (deadline.passed(now))
        co_return fail(
            Errc::timed_out, fmt::format("{}: the caller's deadline has passed", request.description())
        );

    const unsigned redirects = request.max_redirects_.value_or(core_->config.max_redirects);
    for (unsigned followed = 0;; ++followed) {
        auto call =
            std::make_unique<ClientCall>(shard().shared_from_this(), std::move(request), deadline, body);
        const auto started = co_await call->start();
        if (!started) co_return fail(started.error());
        const int status = call->head().status;
        const auto location = call->head().fields.find(KnownField::location);
        if (redirects == 0 || !is_redirect(status) || !location) co_return call;
        if (call->request().producer_ && (status == 307 || status == 308)) co_return call;
        if (followed == redirects)
            co_return fail(
                Errc::limit_exceeded,
                fmt::format("{}: more than {} redirects", call->request().description(), redirects)
            );
        const std::string to(location->value);
        (void)co_await call->read_all(redirect_body);
        request = call->release_request();
        FLT_CO_CHECK(redirect(request, status, to));
    }
}

Result<void> Client::redirect(ClientRequest& request, int status, std::string_view location) {
    auto target = request.url_.resolve(location);
    if (!target) return fail(target.error().within(request.description()));
    if (target->balanced || (target->scheme != "http" && target->scheme != "https") ||
        (request.url_.secure() && !target->secure()))
        return fail(
            Errc::refused, fmt::format("{}: redirected to '{}'", request.description(), target->to_string())
        );
    const bool same_origin = target->scheme == request.url_.scheme && target->host == request.url_.host &&
                             target->port_or_default() == request.url_.port_or_default();
    if (!same_origin) {
        for (const std::string_view name : {"Authorization", "Cookie", "Proxy-Authorization", "Host"})
            request.remove_header(name);
    }
    target->user_info.clear();
    request.url_ = std::move(*target);
    const Method method = request.method();
    if (method != Method::head && method != Method::get &&
        (status == 303 || (method == Method::post && status <= 302))) {
        request.method_ = "GET";
        request.has_body_ = false;
        request.body_.clear();
        request.producer_ = nullptr;
        request.remove_header("Content-Type");
    }
    return {};
}

ClientStream::ClientStream(std::unique_ptr<ClientCall> call) noexcept : call_(std::move(call)) {}

ClientStream::ClientStream(ClientStream&&) noexcept = default;
ClientStream& ClientStream::operator=(ClientStream&&) noexcept = default;
ClientStream::~ClientStream() = default;

const ClientResponseHead& ClientStream::head() const noexcept {
    return call_->head();
}

const Fields& ClientStream::trailers() const noexcept {
    return call_->trailers();
}

Task<Result<std::string_view>> ClientStream::read() {
    if (!left_.empty()) co_return std::exchange(left_, std::string_view());
    co_return co_await call_->read();
}

Task<Result<std::size_t>> ClientStream::read_some(std::span<char> into) {
    if (left_.empty()) {
        const auto piece = co_await call_->read();
        if (!piece) co_return fail(piece.error());
        left_ = *piece;
    }
    const std::size_t size = left_.copy(into.data(), into.size());
    left_.remove_prefix(size);
    co_return size;
}

Task<Result<std::string>> ClientStream::read_all(std::size_t limit) {
    std::string begin(std::exchange(left_, std::string_view()));
    if (begin.empty()) co_return co_await call_->read_all(limit);
    auto rest = co_await call_->read_all(limit - std::min(limit, begin.size()));
    if (!rest) co_return rest;
    co_return begin + *rest;
}

}  // namespace flotilla::http
