#pragma once
// Lets only operations endpoints through while start-up tasks run.

#include <atomic>
#include <string>
#include <vector>

#include "flotilla/http/router.hpp"

namespace flotilla::service {

class StartGate final : public http::Handler {
public:
    /// `always_open`: paths, and what lies below them, that answer before the gate opens.
    StartGate(http::Router& router, std::vector<std::string> always_open)
        : router_(router), always_open_(std::move(always_open)) {}

    void open() noexcept { open_.store(true, std::memory_order_release); }

    void prepare(http::Request& request) override { router_.prepare(request); }

    http::Pending handle(http::Request& request, http::Response& response) override;

    [[nodiscard]] bool streams_body(const http::Request& request) const override {
        return router_.streams_body(request);
    }

    [[nodiscard]] std::optional<std::size_t> body_limit(const http::Request& request) const override {
        return router_.body_limit(request);
    }

private:
    [[nodiscard]] bool passes(std::string_view path) const;

    http::Router& router_;
    const std::vector<std::string> always_open_;
    std::atomic<bool> open_{false};
};

}  // namespace flotilla::service
