// Every malformed message, and every look-alike that is valid, against a running server: plain and TLS, in
// two pieces that meet at each byte.
#include <gtest/gtest.h>

#include "../../runtime/tests/test_certificates.hpp"
#include "malformed_requests.hpp"
#include "server_harness.hpp"
#include "temporary_folder.hpp"

namespace flotilla::http {

namespace {

using runtime::Stream;
using testing::ServerHarness;

/// Takes whatever gets through, body and all.
class TakeAll final : public Handler {
public:
    Pending handle(Request&, Response& response) override {
        response.text_body("text/plain") += "taken";
        return std::nullopt;
    }
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool sanitized = false;
#endif

/// Where a message is cut. Rows about limits are kilobytes of the same letter: there every boundary near the
/// ends, where something happens, and some in between.
std::vector<std::size_t> cuts_of(std::size_t size) {
    std::vector<std::size_t> cuts;
    const std::size_t step = size <= 600 ? 1 : size / 16;
    for (std::size_t at = 1; at < size;) {
        cuts.push_back(at);
        at += at < 80 || at + 80 > size ? 1 : step;
    }
    return cuts;
}

/// Thousands of connections one after the other, and no pause of the machine is to look like a slow client.
ServerConfig patient() {
    ServerConfig config;
    config.header_timeout = std::chrono::minutes(10);
    return config;
}

struct Sockets {
    ServerHarness& harness;
    std::shared_ptr<runtime::TlsContext> tls;  // null: plain

    /// Thousands of handshakes under a sanitizer take minutes and find nothing that every seventh does not.
    [[nodiscard]] std::vector<std::size_t> cuts(std::size_t size) const {
        std::vector<std::size_t> all = cuts_of(size);
        if (!sanitized || !tls) return all;
        std::size_t i = 0;
        std::erase_if(all, [&i](std::size_t) { return i++ % 7 != 0; });
        return all;
    }

    Task<Stream> connect() const {
        Stream stream = co_await harness.connect();
        if (tls) {
            EXPECT_TRUE(
                (co_await stream.handshake_client(tls, "localhost", harness.in(std::chrono::seconds(5))))
                    .has_value()
            );
        }
        co_return stream;
    }

    /// Sends both pieces so that the server sees the first one alone.
    Task<> send(Stream& stream, std::string_view message, std::size_t cut) const {
        (void)co_await stream.write_all(message.substr(0, cut));
        co_await runtime::yield();
        co_await runtime::yield();
        (void)co_await stream.write_all(message.substr(cut));
    }
};

Task<> check_malformed(const Sockets& sockets) {
    for (const auto& row : testing::malformed_requests()) {
        for (const std::size_t cut : sockets.cuts(row.bytes.size())) {
            Stream stream = co_await sockets.connect();
            co_await sockets.send(stream, row.bytes, cut);
            // If the server took what follows the fault for a request, it would answer twice.
            const auto answer = co_await sockets.harness.read_to_end(stream);
            const std::string expected = "HTTP/1.1 " + std::to_string(row.status) + " ";
            EXPECT_TRUE(answer.starts_with(expected)) << row.name << " cut at " << cut << ": " << answer;
            EXPECT_EQ(answer.find("HTTP/1.1 2", 1), std::string::npos)
                << row.name << " cut at " << cut << ": " << answer;
            EXPECT_EQ(answer.find("HTTP/1.1 4", 1), std::string::npos)
                << row.name << " cut at " << cut << ": " << answer;
            EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos)
                << row.name << " cut at " << cut;
            if (::testing::Test::HasFailure()) co_return;
        }
    }
}

Task<> check_valid(const Sockets& sockets) {
    for (const auto& row : testing::valid_requests()) {
        for (const std::size_t cut : sockets.cuts(row.bytes.size())) {
            Stream stream = co_await sockets.connect();
            co_await sockets.send(stream, row.bytes, cut);
            std::string answer;
            std::array<char, 4096> buffer;
            while (answer.find("\r\n\r\ntaken") == std::string::npos) {  // it may say 100 Continue before
                const auto got =
                    co_await stream.read_some(buffer, sockets.harness.in(std::chrono::minutes(1)));
                if (!got || *got == 0) break;
                answer.append(buffer.data(), *got);
            }
            EXPECT_NE(answer.find(" 200 OK\r\n"), std::string::npos)
                << row.name << " cut at " << cut << ": " << answer;
            if (::testing::Test::HasFailure()) co_return;
        }
    }
}

Task<> check_both(const Sockets& sockets) {
    co_await check_malformed(sockets);
    co_await check_valid(sockets);
}

TEST(MalformedMessages, TheTableHasAtLeastSixtyRows) {
    EXPECT_GE(testing::malformed_requests().size(), 60U);
}

TEST(MalformedMessages, AreRefusedOverPlainSocketsWhereverTheyAreCut) {
    TakeAll handler;
    testing::with_server(
        handler,
        [](ServerHarness& harness) -> Task<> {
            const Sockets sockets{harness, nullptr};
            co_await check_both(sockets);
        },
        patient()
    );
}

TEST(MalformedMessages, AreRefusedOverTlsWhereverTheyAreCut) {
    const test_support::TemporaryFolder folder;
    const auto certificate = runtime::TestCertificate::self_signed("localhost", true);
    ServerConfig config = patient();
    config.ssl.emplace();
    config.ssl->certificate = folder.file("certificate.pem");
    config.ssl->certificate_private_key = folder.file("key.pem");
    certificate.write_certificate(config.ssl->certificate);
    certificate.write_key(config.ssl->certificate_private_key);
    runtime::TlsConfig trust;
    trust.trust_certificate = config.ssl->certificate;
    TakeAll handler;
    testing::with_server(
        handler,
        [&trust](ServerHarness& harness) -> Task<> {
            const Sockets sockets{harness, runtime::TlsContext::client(trust).value()};
            co_await check_both(sockets);
        },
        config
    );
}

}  // namespace

}  // namespace flotilla::http
