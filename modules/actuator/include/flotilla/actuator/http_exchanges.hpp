#pragma once
/// The last requests and their answers: `/actuator/httpexchanges`.

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/http/fields.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::actuator {

/// What is recorded besides time, method, URI, status and harmless headers.
struct RecordedParts {
    bool cookie_headers = false;
    bool authorization_header = false;
    bool principal = false;
    bool remote_address = false;
};

/// A ring. Recording copies into memory that is there already, under a lock that only threads of the same
/// shard want: it is called for every request. Safe from any thread.
class HttpExchangeRepository {
public:
    explicit HttpExchangeRepository(std::size_t capacity = 100, RecordedParts parts = {});
    ~HttpExchangeRepository();
    HttpExchangeRepository(const HttpExchangeRepository&) = delete;
    HttpExchangeRepository& operator=(const HttpExchangeRepository&) = delete;

    /// Views into the exchange, valid during the call.
    struct Exchange {
        WallTime received;
        Duration taken{};
        std::string_view method;
        std::string_view base_url;  ///< `http://localhost:8080`
        std::string_view path;      ///< raw
        std::string_view query;     ///< raw, without the question mark
        const http::Fields* request_fields = nullptr;
        int status = 200;
        /// Lines as they were sent: `Name: value\r\n` after another.
        std::string_view response_fields;
        std::string_view principal;
        std::string_view remote_address;
    };

    void record(const Exchange& exchange);

    /// `{"exchanges":[…]}`, newest first.
    [[nodiscard]] reflect::Json json() const;
    /// As Boot 2 had it: `{"traces":[…]}`.
    [[nodiscard]] reflect::Json traces_json() const;

private:
    struct Entry;
    struct Shard;

    [[nodiscard]] std::vector<Entry> newest() const;

    static constexpr std::size_t shard_count = 8;

    const std::size_t capacity_;
    const RecordedParts parts_;
    std::array<std::unique_ptr<Shard>, shard_count> shards_;
};

}  // namespace flotilla::actuator
