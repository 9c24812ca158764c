#pragma once
// Feign's log of an exchange, at four levels: which records, and their exact texts.

#include <string>
#include <string_view>

#include "flotilla/http/fields.hpp"
#include "flotilla/http/header_block.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/remote/settings.hpp"

namespace flotilla::remote {

/// The request as it goes out.
struct LoggedRequest {
    std::string_view method;
    std::string_view url;  ///< with the name of the service
    const http::HeaderBlock* headers = nullptr;
    bool has_body = false;
    std::string_view body;
};

struct LoggedResponse {
    int status = 0;
    std::string_view reason;
    const http::Fields* fields = nullptr;
    std::string_view body;
    Duration taken{};
};

/// A failure by the name that Java has for it: `ConnectException: Connection refused`.
struct LoggedFailure {
    std::string_view exception;
    std::string_view message;
    std::string_view details;  ///< what stands in place of the stack
    Duration taken{};
};

/// One for each method of a client; writes one record after another at DEBUG. Stateless: shared by all calls.
class ExchangeLog {
public:
    /// `tag` is `OrderClient#getOrders`.
    ExchangeLog(log::Logger logger, std::string_view tag, LoggerLevel level, LogSettings settings);

    /// Asked first: what follows would be formatted in vain.
    [[nodiscard]] bool enabled() const noexcept {
        return level_ != LoggerLevel::none && logger_.enabled(log::Level::debug);
    }

    void request(const LoggedRequest& request) const;
    void retrying() const;
    void response(const LoggedRequest& request, const LoggedResponse& response) const;
    void failure(const LoggedRequest& request, const LoggedFailure& failure) const;

private:
    [[nodiscard]] bool redacted(std::string_view header) const noexcept;
    void line(std::string_view text) const;
    void body(std::string_view text) const;
    [[nodiscard]] std::string body_text(std::string_view text) const;
    void json(const LoggedRequest& request, const LoggedResponse* response, const LoggedFailure* failure)
        const;

    log::Logger logger_;
    const std::string tag_;  // `[OrderClient#getOrders] `
    const LoggerLevel level_;
    const LogSettings settings_;
};

}  // namespace flotilla::remote
