#pragma once
// A registry over real sockets that answers what a test says and remembers what it was asked.

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "flotilla/http/response.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/http/server.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::discovery {

class FakeRegistry {
public:
    explicit FakeRegistry(runtime::Runtime& runtime) : runtime_(runtime) {}

    struct Asked {
        std::string line;  ///< `GET /eureka/apps/`
        std::map<std::string, std::string> headers;
        std::string body;
    };

    struct Event {
        std::string kind;
        std::string data;
        std::string id;
    };

    struct Answer {
        int status = 200;
        std::string body = {};
        std::string content_type = "application/json";
        std::vector<std::pair<std::string, std::string>> headers = {};
        std::vector<Event> events = {};  ///< sent one after the other, and then the stream ends
    };

    Task<> start();
    Task<> stop();

    /// What is answered to requests whose line begins so; the longest beginning counts.
    void answer(std::string beginning, Answer answer) { answers_[std::move(beginning)] = std::move(answer); }

    [[nodiscard]] std::string url(const std::string& user_info = {}) const;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    [[nodiscard]] const std::vector<Asked>& asked() const noexcept { return asked_; }

    [[nodiscard]] std::vector<std::string> lines() const;

    /// Waits until it was asked so often, or two seconds.
    Task<> wait_for(std::size_t count);

private:
    class Desk final : public http::Handler {
    public:
        explicit Desk(FakeRegistry& owner) : owner_(owner) {}

        http::Pending handle(http::Request& request, http::Response& response) override;

    private:
        FakeRegistry& owner_;
    };

    runtime::Runtime& runtime_;
    Desk desk_{*this};
    std::unique_ptr<http::Server> server_;
    std::uint16_t port_ = 0;
    std::map<std::string, Answer> answers_;
    std::vector<Asked> asked_;
    runtime::Signal changed_;
};

}  // namespace flotilla::discovery
