#include "start_gate.hpp"

#include <algorithm>

#include "flotilla/base/url_text.hpp"

namespace flotilla::service {

http::Pending StartGate::handle(http::Request& request, http::Response& response) {
    if (open_.load(std::memory_order_acquire) || passes(request.path()))
        return router_.handle(request, response);
    response.set("Retry-After", "1");
    router_.errors().render(
        request,
        {.status = http::Status::service_unavailable, .message = "The service is starting."},
        response
    );
    return std::nullopt;
}

bool StartGate::passes(std::string_view path) const {
    return std::ranges::any_of(always_open_, [&](const std::string& open) {
        return is_at_or_below(path, open);
    });
}

}  // namespace flotilla::service
