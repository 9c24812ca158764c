#include "flotilla/remote/turbine_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "flotilla/resilience/turbine.hpp"

namespace flotilla::remote {

namespace {

constexpr std::string_view text_type = "text/plain;charset=UTF-8";

/// Somebody who listens.
class Listening {
public:
    explicit Listening(std::atomic<unsigned>& count) : count_(count) { ++count_; }

    ~Listening() { --count_; }

    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

private:
    std::atomic<unsigned>& count_;
};

}  // namespace

/// What one client listens to. Everything happens on his loop.
struct TurbineStream::Cluster {
    std::string name;
    resilience::TurbineAggregate aggregate{};
    std::set<std::string> reading{};  ///< ids of instances
};

TurbineStream::TurbineStream(
    discovery::Discovery& discovery, http::Client& client, const Clock& clock, TurbineConfig config
)
    : discovery_(discovery), client_(client), clock_(clock), config_(std::move(config)) {}

void TurbineStream::mount(http::Router& router, std::string_view path) {
    using Name = std::optional<std::string>;
    router.get(path, [this](http::Query<"cluster", Name> cluster) {
        const std::string name = cluster->value_or("");
        if (name.empty() || discovery_.instances(name)->instances.empty())
            return http::Response(http::Status::not_found, text_type, "Cluster not found");
        if (clients_ >= config_.max_clients)
            return http::Response(
                http::Status::service_unavailable,
                text_type,
                fmt::format("MaxConcurrentConnections reached: {}", config_.max_clients)
            );
        http::Response response;
        response.stream("text/event-stream;charset=UTF-8", [this, name](http::BodyWriter& body) {
            return serve(body, name);
        });
        response.set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate");
        response.set("Pragma", "no-cache");
        return response;
    });
}

Task<> TurbineStream::serve(http::BodyWriter& body, std::string name) {
    const Listening counted(clients_);
    Cluster cluster{.name = std::move(name)};
    const std::function<Task<bool>(runtime::TaskScope&)> run = [&](runtime::TaskScope& scope) {
        return serve_with_readers(cluster, body, scope);
    };
    co_await runtime::in_scope(runtime::EventLoop::current(), run);
}

Task<bool> TurbineStream::serve_with_readers(
    Cluster& cluster, http::BodyWriter& body, runtime::TaskScope& scope
) {
    TimePoint next_meta = clock_.now();
    std::string text = ": ping\n";
    while (!stopped_ && !body.closed()) {
        const auto list = discovery_.instances(cluster.name);
        for (const auto& instance : list->instances) {
            if (!cluster.reading.insert(instance.id).second) continue;
            scope.spawn(
                "turbine", read_instance(cluster, instance.id, instance.uri() + config_.instance_path)
            );
        }
        const auto written = co_await body.write(text);
        if (!written) break;
        const auto flushed = co_await body.flush();
        if (!flushed) break;
        co_await runtime::sleep_for(config_.interval);
        text = ": ping\n";
        const TimePoint now = clock_.now();
        for (const auto& document : cluster.aggregate.merged(now))
            fmt::format_to(std::back_inserter(text), "data: {}\n\n", document.text());
        if (now < next_meta) continue;
        next_meta = now + config_.meta_interval;
        const auto meta = cluster.aggregate.meta(now, clock_.wall_now());
        fmt::format_to(std::back_inserter(text), "data: {}\n\n", meta.text());
    }
    co_return true;
}

Task<> TurbineStream::read_instance(Cluster& cluster, std::string id, std::string url) {
    const auto listed = [&] {
        const auto list = discovery_.instances(cluster.name);
        return std::ranges::any_of(list->instances, [&](const auto& each) { return each.id == id; });
    };
    TaskContext::current().deadline = Deadline();
    while (listed()) {
        auto request = http::ClientRequest::get(url);
        request.timeout(std::chrono::milliseconds(0)).uri_template(config_.instance_path);
        auto stream = co_await client_.open(std::move(request));
        resilience::DataLines lines;
        while (stream && stream->status() == 200) {
            const auto piece = co_await stream->read();
            if (!piece || piece->empty()) break;
            for (const auto& text : lines.feed(*piece)) {
                const auto document = reflect::parse_json(text);
                if (document) cluster.aggregate.update(id, *document, clock_.now());
            }
            if (!listed()) break;
        }
        cluster.aggregate.forget(id);
        if (listed()) co_await runtime::sleep_for(config_.reconnect);
    }
    cluster.reading.erase(id);
}

}  // namespace flotilla::remote
