#pragma once
// The state of a Eureka client, and its lanes: reading, listening, writing.

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "eureka_transport.hpp"
#include "flotilla/discovery/eureka_client.hpp"
#include "flotilla/discovery/eureka_reader.hpp"
#include "flotilla/discovery/eureka_registrar.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/http/sse.hpp"
#include "flotilla/runtime/task_scope.hpp"

namespace flotilla::discovery {

struct EurekaClient::Impl {
    Impl(Means given, EurekaClientConfig settings, EurekaInstanceConfig of_instance);

    [[nodiscard]] TimePoint now() const { return means.runtime.clock().now(); }

    [[nodiscard]] WallTime wall_now() const { return means.runtime.clock().wall_now(); }

    Task<int> live(runtime::TaskScope& scope);
    Task<> read();
    Task<> read_once(Fetch what);
    Task<> listen();
    Task<Result<void>> follow(http::SseParser& parser, const std::string& url);
    Task<> take(http::SseMessage message);
    Task<> write();
    Task<> write_once(Announcement what);
    Task<> wait_for(runtime::Signal& word, TimePoint due);
    void publish();
    void look_again();

    const Means means;
    const EurekaClientConfig config;
    const EurekaInstanceConfig instance;
    http::Client client;
    Directory directory;
    std::function<void(const eureka::Applications&)> copy_listener;
    std::optional<EurekaReader> reader;
    std::optional<EurekaRegistrar> registrar;
    EurekaTransport reads;
    EurekaTransport writes;
    runtime::Signal reader_word;
    runtime::Signal writer_word;
    runtime::Signal push_word;
    std::string push_url;     // of the registry that was read last; empty where it does not push
    runtime::Signal written;  // a request of the writer has ended
    bool reads_failed = false;
    bool healthy_report = false;  // says what was read last
    std::atomic<bool> informed{false};
    std::atomic<bool> registered{false};
    mutable std::mutex report_mutex;
    RegistryReport report{
        "UP", "Eureka discovery client has not yet successfully connected to a Eureka server", {}
    };
};

}  // namespace flotilla::discovery
