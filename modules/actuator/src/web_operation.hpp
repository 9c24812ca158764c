#pragma once
/// One operation of an endpoint behind a route: media types, parameters, callers, and answers as HTTP.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/actuator/authorizer.hpp"
#include "flotilla/actuator/endpoint.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::actuator::detail {

inline constexpr std::string_view json_v3 = "application/vnd.spring-boot.actuator.v3+json";
inline constexpr std::string_view json_v2 = "application/vnd.spring-boot.actuator.v2+json";
inline constexpr std::string_view json_plain = "application/json";

/// What all operations share.
struct WebContext {
    runtime::Runtime& runtime;
    std::shared_ptr<const Authorizer> authorizer;  ///< null: nobody is asked who he is
};

class WebOperation : public std::enable_shared_from_this<WebOperation> {
public:
    struct Options {
        bool open = false;   ///< needs no authority
        bool local = false;  ///< where there is nobody to say who has authority: from this machine alone
        Duration time_to_live{};
    };

    WebOperation(std::shared_ptr<const WebContext> context, Operation operation, Options options);

    http::Pending handle(http::Request& request, http::Response& response, const http::ErrorRenderer& errors)
        const;

    [[nodiscard]] http::Method method() const;
    [[nodiscard]] std::vector<std::string> produces() const;
    [[nodiscard]] std::vector<std::string> consumes() const;

private:
    using Complaint = std::optional<http::ErrorDetails>;

    /// An exchange under way.
    struct Exchange {
        http::Request& request;
        http::Response& response;
        const http::ErrorRenderer& errors;
        std::string_view content_type = json_v3;
    };

    static Task<> authenticate(std::shared_ptr<const WebOperation> self, Exchange exchange);
    http::Pending proceed(Exchange exchange, std::optional<Caller> caller) const;
    static Task<> run_slowly(
        std::shared_ptr<const WebOperation> self, Exchange exchange, std::shared_ptr<const Call> call
    );

    /// Chooses the answer's media type.
    Complaint negotiate(Exchange& exchange, Call& call) const;
    Complaint read_body(Exchange& exchange, Call& call) const;
    [[nodiscard]] Answer run(const Call& call) const;
    void compress(Answer& answer, bool accepted) const;
    void finish(const Exchange& exchange, Answer answer) const;
    void refuse(const Exchange& exchange, http::Status status, std::string message) const;

    [[nodiscard]] bool cacheable(const Call& call) const;

    struct Remembered {
        TimePoint until;
        ApiVersion version = ApiVersion::v3;
        Answer answer;
    };

    [[nodiscard]] std::optional<Answer> remembered(const Call& call) const;
    void remember(const Call& call, const Answer& answer) const;

    std::shared_ptr<const WebContext> context_;
    const Operation operation_;
    const Options options_;
    mutable std::mutex mutex_;
    mutable std::optional<Remembered> remembered_;
};

}  // namespace flotilla::actuator::detail
