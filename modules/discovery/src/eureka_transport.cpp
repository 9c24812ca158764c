#include "eureka_transport.hpp"

#include <fmt/format.h>

#include <utility>

#include "flotilla/eureka/codec.hpp"

namespace flotilla::discovery {

namespace {

using Kind = EurekaCall::Kind;

/// Larger documents are read on the pool, as they take longer than a loop should be away.
constexpr std::size_t large_document = 64 * 1024;
/// As Spring's client has it.
constexpr std::string_view accepted = "application/json, application/*+json";

http::ClientRequest request_of(const std::string& url, const EurekaCall& call) {
    http::ClientRequest request(call.method, url + call.path);
    request.header("Accept", accepted);
    if (!call.body.empty()) request.body(call.body, "application/json");
    return request;
}

}  // namespace

std::string shown_url(const std::string& url) {
    auto parsed = http::Url::parse(url);
    if (!parsed) return "a malformed address";
    parsed->user_info.clear();
    return parsed->to_string();
}

EurekaTransport::EurekaTransport(
    Means means, http::Client& client, std::vector<std::string> urls, Random random
)
    : means_(means), client_(client), endpoints_(std::move(urls), random) {}

Task<EurekaAnswer> EurekaTransport::perform(EurekaCall call) {
    endpoints_.begin(means_.runtime.clock().now());
    EurekaAnswer last;
    while (const auto url = endpoints_.next()) {
        last = co_await try_one(*url, call);
        if (last.done()) {
            endpoints_.accept();
            if (std::exchange(in_trouble_, false)) means_.log.info("registry {} answers", last.registry);
            break;
        }
        endpoints_.reject();
    }
    if (means_.meters) {
        means_.meters
            ->counter(
                "eureka.client.calls",
                {{"call", std::string(to_text(call.kind))}, {"outcome", last.done() ? "answered" : "failed"}}
            )
            .increment();
    }
    co_return last;
}

Task<EurekaAnswer> EurekaTransport::try_one(std::string url, const EurekaCall& call) {
    EurekaAnswer answer;
    answer.registry = shown_url(url);
    auto response = co_await client_.send(request_of(url, call));
    if (!response) {
        answer.timed_out = response.error().code() == Errc::timed_out;
        note(answer.registry, call, response.error().message());
        co_return answer;
    }
    const int status = response->status();
    if (!accepts(call.kind, status)) {
        constexpr std::string_view hint =
            " (it asks for credentials: http://user:password@host:port/eureka/)";
        note(answer.registry, call, fmt::format("status {}{}", status, status == 401 ? hint : ""));
        co_return answer;
    }
    if (const auto push = response->header("X-Flotilla-Push"); !push.empty())
        answer.push = url + std::string(push);
    const bool is_fetch = call.kind == Kind::full || call.kind == Kind::delta;
    std::string body = std::move(*response).body();
    const bool has_document = is_fetch && status == 200 && !(call.kind == Kind::delta && body.empty());
    if (has_document) {
        auto document = co_await decode(std::move(body));
        if (!document) {
            note(answer.registry, call, document.error().message());
            co_return answer;
        }
        answer.applications = *std::move(document);
    } else {
        answer.body = std::move(body);
    }
    answer.status = status;
    co_return answer;
}

Task<Result<eureka::Applications>> EurekaTransport::decode(std::string body) {
    struct Decode {
        std::string text;

        Result<eureka::Applications> operator()() const {
            return eureka::decode_applications(text, eureka::Format::json);
        }
    };

    Decode work{std::move(body)};
    if (work.text.size() <= large_document) co_return work();
    co_return co_await means_.runtime.blocking(std::move(work));
}

void EurekaTransport::note(const std::string& registry, const EurekaCall& call, const std::string& trouble) {
    if (std::exchange(in_trouble_, true)) {
        means_.log.debug("{} at {}: {}", to_text(call.kind), registry, trouble);
    } else {
        means_.log.warn("{} at {}: {}", to_text(call.kind), registry, trouble);
    }
}

}  // namespace flotilla::discovery
