#pragma once
/// The seam between declared methods and what makes the calls.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/http/client_response.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/remote/call_error.hpp"
#include "flotilla/remote/outgoing_request.hpp"
#include "flotilla/runtime/task.hpp"

namespace flotilla::remote {

/// What a client struct says about the service that it speaks to.
struct Target {
    std::string_view service;          ///< the name under which it is registered
    std::string_view context_id = {};  ///< tells two clients of one service apart; the service when empty
    std::string_view path = {};        ///< in front of every method's
    std::string_view url = {};         ///< a fixed address: no registry, no balancer
};

/// What one call wants otherwise than its client.
struct CallOptions {
    std::optional<std::chrono::milliseconds> timeout{};
    std::vector<std::pair<std::string, std::string>> headers{};
};

namespace detail {

/// Where a decoded answer goes, without its type.
struct ResultSlot {
    void* into = nullptr;
    /// Null: the body is not looked at.
    Result<void> (*decode)(void* into, http::ClientResponse& response) = nullptr;
};

template <class T>
Result<void> decode_into(void* into, http::ClientResponse& response) {
    if constexpr (std::same_as<T, std::string>) {
        *static_cast<T*>(into) = std::move(response).body();
    } else {
        auto value = reflect::from_json<T>(response.body(), {}, reflect::Leniency::jackson());
        if (!value) return fail(value.error());
        *static_cast<T*>(into) = std::move(*value);
    }
    return {};
}

}  // namespace detail

/// One declared method of a client that is ready to be called: the seam between declarations and the rest.
class BoundMethod {
public:
    [[nodiscard]] virtual OutgoingRequest begin(const CallOptions& options) const = 0;
    /// The error, if there is one; otherwise the slot has been filled.
    virtual Task<std::optional<CallError>> run(
        OutgoingRequest request, detail::ResultSlot slot, std::optional<std::chrono::milliseconds> timeout
    ) const = 0;
    /// The outcome of a fallback, for those who count.
    virtual void fell_back(bool succeeded) const noexcept = 0;
    [[nodiscard]] virtual bool escapes_slash() const noexcept = 0;

protected:
    ~BoundMethod() = default;
};

}  // namespace flotilla::remote
