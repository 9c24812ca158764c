#include "flotilla/runtime/tls.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "flotilla/runtime/stream.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "run_on_loop.hpp"
#include "temporary_folder.hpp"
#include "test_certificates.hpp"

namespace flotilla::runtime {

namespace {

using namespace std::chrono_literals;

const Endpoint any_port = Endpoint::parse("127.0.0.1", 0).value();

Deadline soon(Duration span = 5s) {
    return Deadline::after(EventLoop::current().clock().now(), span);
}

/// An authority, a server certificate for `shop.test`, and settings for both sides.
class TlsTest : public testing::Test {
protected:
    TlsTest() : authority_(TestCertificate::self_signed("Test authority", true)) {
        authority_.write_certificate(folder_.file("ca.pem"));
        install("shop.test");
        server_.certificate = folder_.file("server.pem");
        server_.certificate_private_key = folder_.file("server.key");
        client_.trust_certificate = folder_.file("ca.pem");
    }

    void install(const std::string& name) {
        const auto certificate = TestCertificate::signed_by(authority_, name);
        certificate.write_certificate(folder_.file("server.pem"));
        certificate.write_key(folder_.file("server.key"));
    }

    struct Ends {
        std::optional<Stream> client;
        std::optional<Stream> server;
        Result<void> client_outcome;
        Result<void> server_outcome;
    };

    static Task<> accept(Listener& listener, std::shared_ptr<TlsContext> context, Ends& ends) {
        auto accepted = co_await listener.accept();
        ends.server.emplace(std::move(accepted).value());
        ends.server_outcome = co_await ends.server->handshake_server(std::move(context), soon());
    }

    static Task<> connect(
        std::shared_ptr<TlsContext> server, std::shared_ptr<TlsContext> client, std::string name, Ends& ends
    ) {
        EventLoop& loop = EventLoop::current();
        TaskScope scope(loop);
        auto listener = Listener::open(loop, any_port).value();
        scope.spawn("server", accept(listener, std::move(server), ends));
        ends.client.emplace((co_await Stream::connect(loop, listener.local(), soon())).value());
        ends.client_outcome = co_await ends.client->handshake_client(std::move(client), name, soon());
        // TLS 1.3: the server judges the client's certificate after the client has finished. A refusal is
        // what the client then reads.
        if (ends.client_outcome) (void)co_await scope.drain(soon());
        co_await scope.stop();
    }

    /// A handshake between the two configurations; what became of it on both sides.
    void shake_hands(const std::string& name, const std::function<Task<>(Ends&)>& then = {}) {
        auto server = TlsContext::server(server_);
        auto client = TlsContext::client(client_);
        ASSERT_TRUE(server) << server.error().message();
        ASSERT_TRUE(client) << client.error().message();
        run_on_loop([&](Runtime&) -> Task<> {
            Ends ends;
            co_await connect(*server, *client, name, ends);
            if (then) co_await then(ends);
        });
    }

    void expect_refused(const std::string& name, const std::string& reason) {
        shake_hands(name, [reason](Ends& ends) -> Task<> {
            EXPECT_FALSE(ends.client_outcome);
            if (ends.client_outcome) co_return;
            EXPECT_EQ(ends.client_outcome.error().code(), Errc::refused);
            EXPECT_NE(ends.client_outcome.error().message().find(reason), std::string::npos)
                << ends.client_outcome.error().message();
        });
    }

    static Task<> expect_one_line_each_way(Ends& ends) {
        EXPECT_TRUE(ends.client_outcome);
        EXPECT_TRUE(ends.server_outcome);
        if (!ends.client_outcome || !ends.server_outcome) co_return;
        std::array<char, 64> buffer;
        EXPECT_TRUE(co_await ends.client->write_all("hello", soon()));
        auto got = co_await ends.server->read_some(buffer, soon());
        EXPECT_EQ(std::string_view(buffer.data(), got.value_or(0)), "hello");
        EXPECT_TRUE(co_await ends.server->write_all("good ", "day", soon()));
        got = co_await ends.client->read_some(buffer, soon());
        EXPECT_EQ(std::string_view(buffer.data(), got.value_or(0)), "good day");
    }

    test_support::TemporaryFolder folder_;
    TestCertificate authority_;
    TlsConfig server_;
    TlsConfig client_;
};

TEST_F(TlsTest, CarriesBytesBothWaysWhenTheAuthorityIsTrustedAndTheNameIsRight) {
    shake_hands("shop.test", expect_one_line_each_way);
    client_.min_protocol = server_.min_protocol = "TLSv1.3";
    shake_hands("shop.test", expect_one_line_each_way);
}

TEST_F(TlsTest, ASelfSignedCertificateIsTrustedWhenItIsNamed) {
    const auto own = TestCertificate::self_signed("127.0.0.1", false);
    own.write_certificate(folder_.file("server.pem"));
    own.write_key(folder_.file("server.key"));
    client_.trust_certificate = folder_.file("server.pem");
    shake_hands("127.0.0.1", expect_one_line_each_way);
    expect_refused("127.0.0.2", "mismatch");
}

TEST_F(TlsTest, AWrongNameIsRefusedAndTheMessageSaysSo) {
    expect_refused("bank.test", "hostname mismatch");
    expect_refused("127.0.0.1", "IP address mismatch");
}

TEST_F(TlsTest, AnUnknownAuthorityIsRefusedUnlessTrustIsSwitchedOff) {
    const auto other = TestCertificate::self_signed("Other authority", true);
    other.write_certificate(folder_.file("ca.pem"));
    expect_refused("shop.test", "certificate verify failed");
    client_.insecure_trust = true;
    shake_hands("bank.test", expect_one_line_each_way);
}

TEST_F(TlsTest, AServerThatNeedsAClientCertificateRefusesToGoOnWithoutOne) {
    server_.client_auth = ClientAuth::need;
    server_.trust_certificate = folder_.file("ca.pem");
    shake_hands("shop.test", [](Ends& ends) -> Task<> {
        EXPECT_FALSE(ends.server_outcome);
        // The client learns of it with its first read.
        std::array<char, 16> buffer;
        if (ends.client_outcome) {
            EXPECT_FALSE(co_await ends.client->read_some(buffer, soon()));
        }
    });

    const auto own = TestCertificate::signed_by(authority_, "order-service");
    own.write_certificate(folder_.file("client.pem"));
    own.write_key(folder_.file("client.key"), "secret");
    client_.certificate = folder_.file("client.pem");
    client_.certificate_private_key = folder_.file("client.key");
    EXPECT_FALSE(TlsContext::client(client_));  // and nobody is asked at the terminal
    client_.key_password = "secret";
    shake_hands("shop.test", expect_one_line_each_way);
}

TEST_F(TlsTest, AWantedClientCertificateMayBeMissing) {
    server_.client_auth = ClientAuth::want;
    server_.trust_certificate = folder_.file("ca.pem");
    shake_hands("shop.test", expect_one_line_each_way);
}

TEST_F(TlsTest, AlpnChoosesTheServersFirstThatTheClientOffers) {
    server_.alpn = {"h2", "http/1.1"};
    client_.alpn = {"http/1.1", "http/1.0"};
    shake_hands("shop.test", [](Ends& ends) -> Task<> {
        EXPECT_EQ(ends.client->alpn(), "http/1.1");
        EXPECT_EQ(ends.server->alpn(), "http/1.1");
        co_return;
    });
    client_.alpn = {};
    shake_hands("shop.test", [](Ends& ends) -> Task<> {
        EXPECT_TRUE(ends.client_outcome);
        EXPECT_EQ(ends.client->alpn(), "");
        co_return;
    });
    client_.alpn = {"spdy/3"};
    expect_refused("shop.test", "no application protocol");
}

TEST_F(TlsTest, AKeyStoreServesInPlaceOfPemFiles) {
    TestCertificate::signed_by(authority_, "shop.test")
        .write_key_store(folder_.file("server.p12"), "changeit");
    server_ = {};
    server_.key_store = folder_.file("server.p12");
    server_.key_store_password = "wrong";
    const auto refused = TlsContext::server(server_);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message().find("password"), std::string::npos);
    server_.key_store_password = "changeit";
    shake_hands("shop.test", expect_one_line_each_way);
}

TEST_F(TlsTest, ReloadGivesNewConnectionsTheNewCertificateAndKeepsTheOpenOnes) {
    auto server = TlsContext::server(server_).value();
    auto client = TlsContext::client(client_).value();
    run_on_loop([&](Runtime&) -> Task<> {
        Ends before;
        co_await connect(server, client, "shop.test", before);
        install("new.test");
        EXPECT_TRUE(server->reload());
        Ends after;
        co_await connect(server, client, "new.test", after);
        co_await expect_one_line_each_way(after);
        co_await expect_one_line_each_way(before);

        std::filesystem::remove(folder_.file("server.pem"));
        EXPECT_FALSE(server->reload());
        Ends still;
        co_await connect(server, client, "new.test", still);
        co_await expect_one_line_each_way(still);
    });
}

TEST_F(TlsTest, EachNameHasItsOwnCertificateAndAllOthersTheFirst) {
    const auto add = [this](const std::string& file, const std::string& name) {
        const auto certificate = TestCertificate::signed_by(authority_, name);
        certificate.write_certificate(folder_.file(file + ".pem"));
        certificate.write_key(folder_.file(file + ".key"));
        server_.certificate += "," + folder_.file(file + ".pem");
        server_.certificate_private_key += ", " + folder_.file(file + ".key");
    };
    add("fish", "fish.market.test");
    add("wild", "*.market.test");
    server_.alpn = {"http/1.1"};
    client_.alpn = {"http/1.1"};
    for (const char* name : {"shop.test", "fish.market.test", "FISH.market.test", "meat.market.test"})
        shake_hands(name, [](Ends& ends) -> Task<> {
            EXPECT_TRUE(ends.client_outcome);
            EXPECT_EQ(ends.server->alpn(), "http/1.1");
            co_await expect_one_line_each_way(ends);
        });
    expect_refused("deep.meat.market.test", "hostname mismatch");  // it gets the first
    server_.certificate_private_key = folder_.file("server.key");
    EXPECT_FALSE(TlsContext::server(server_));
}

TEST_F(TlsTest, AReloadReadsEveryCertificateAgain) {
    const auto install_second = [this](const std::string& name) {
        const auto certificate = TestCertificate::signed_by(authority_, name);
        certificate.write_certificate(folder_.file("second.pem"));
        certificate.write_key(folder_.file("second.key"));
    };
    install_second("old.test");
    server_.certificate += "," + folder_.file("second.pem");
    server_.certificate_private_key += "," + folder_.file("second.key");
    auto server = TlsContext::server(server_).value();
    auto client = TlsContext::client(client_).value();
    run_on_loop([&](Runtime&) -> Task<> {
        Ends before;
        co_await connect(server, client, "new.test", before);
        EXPECT_FALSE(before.client_outcome);
        install_second("new.test");
        EXPECT_TRUE(server->reload());
        Ends after;
        co_await connect(server, client, "new.test", after);
        co_await expect_one_line_each_way(after);
    });
}

TEST_F(TlsTest, BadSettingsAreRefusedWithTheirReason) {
    server_.min_protocol = "SSLv3";
    EXPECT_NE(TlsContext::server(server_).error().message().find("SSLv3"), std::string::npos);
    server_.min_protocol = "TLSv1.2";
    server_.ciphers = "NO-SUCH";
    EXPECT_FALSE(TlsContext::server(server_));
    server_.ciphers.clear();
    TestCertificate::self_signed("other", false).write_key(folder_.file("server.key"));
    EXPECT_FALSE(TlsContext::server(server_));  // the key of another certificate
    EXPECT_FALSE(TlsContext::server({}));
    EXPECT_NE(TlsContext::server(server_).error().message().find("server.key"), std::string::npos);
}

TEST_F(TlsTest, TheEndOfTheCertificateCanBeAsked) {
    const auto expires = TlsContext::server(server_).value()->expires();
    EXPECT_EQ(expires.size(), std::string("2026-11-21T11:00:00Z").size()) << expires;
}

Task<> write_and_finish(Stream& stream, const std::string& bytes) {
    EXPECT_TRUE(co_await stream.write_all(bytes, soon(30s)));
    stream.shutdown_write();
}

Task<std::string> read_all(Stream& stream, std::size_t block) {
    std::string all;
    std::vector<char> buffer(block);
    for (;;) {
        const auto got = co_await stream.read_some(buffer, soon(30s));
        EXPECT_TRUE(got) << got.error().message();
        if (!got || *got == 0) co_return all;
        all.append(buffer.data(), *got);
    }
}

Task<> read_all_into(Stream& stream, std::size_t block, std::string& into) {
    into = co_await read_all(stream, block);
}

std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
    return bytes;
}

TEST_F(TlsTest, MegabytesCrossBothWaysAtOnceInAnyBlockSize) {
    for (const std::size_t block : {std::size_t{1000}, std::size_t{16384}, std::size_t{300'000}}) {
        shake_hands("shop.test", [block](Ends& ends) -> Task<> {
            const std::string up = pattern(5 << 20);
            const std::string down = pattern(3'000'001);
            TaskScope scope(EventLoop::current());
            std::string at_server;
            scope.spawn("up", write_and_finish(*ends.client, up));
            scope.spawn("down", write_and_finish(*ends.server, down));
            scope.spawn("read", read_all_into(*ends.server, block, at_server));
            const std::string at_client = co_await read_all(*ends.client, block);
            (void)co_await scope.drain(soon(30s));
            EXPECT_TRUE(at_client == down);
            EXPECT_TRUE(at_server == up);
        });
    }
}

TEST_F(TlsTest, ReadsOfOneByteGetEveryByteOfARecordThatWasFetchedWhole) {
    shake_hands("shop.test", [](Ends& ends) -> Task<> {
        const std::string sent = pattern(3000);
        EXPECT_TRUE(co_await ends.client->write_all(sent, soon()));
        std::string received;
        while (received.size() < sent.size()) {
            char c = 0;
            // What has been decrypted already is readable without the kernel.
            EXPECT_EQ(co_await ends.server->readable(soon()), Wake::ready);
            const auto got = co_await ends.server->read_some({&c, 1}, soon());
            EXPECT_EQ(got, 1U);
            if (got != 1U) co_return;
            received += c;
        }
        EXPECT_TRUE(received == sent);
        EXPECT_FALSE(ends.server->maybe_readable());
        EXPECT_EQ(co_await ends.server->readable(soon(5ms)), Wake::timed_out);
    });
}

TEST_F(TlsTest, HalfARecordIsNothingToReadYet) {
    auto server = TlsContext::server(server_).value();
    run_on_loop([&](Runtime&) -> Task<> {
        EventLoop& loop = EventLoop::current();
        auto listener = Listener::open(loop, any_port).value();
        Stream raw = (co_await Stream::connect(loop, listener.local(), soon())).value();
        auto accepted = co_await listener.accept();
        Stream stream = std::move(accepted).value();
        // The first bytes of a ClientHello, and no more: the handshake keeps its deadline.
        EXPECT_TRUE(co_await raw.write_all(std::string_view("\x16\x03\x01\x02\x00\x01", 6)));
        const auto outcome = co_await stream.handshake_server(server, soon(10ms));
        EXPECT_EQ(outcome.error().code(), Errc::timed_out);
    });
}

TEST_F(TlsTest, PlainTextToATlsPortIsRefused) {
    auto server = TlsContext::server(server_).value();
    run_on_loop([&](Runtime&) -> Task<> {
        EventLoop& loop = EventLoop::current();
        auto listener = Listener::open(loop, any_port).value();
        Stream raw = (co_await Stream::connect(loop, listener.local(), soon())).value();
        auto accepted = co_await listener.accept();
        Stream stream = std::move(accepted).value();
        EXPECT_TRUE(co_await raw.write_all("GET / HTTP/1.1\r\n\r\n"));
        const auto outcome = co_await stream.handshake_server(server, soon());
        EXPECT_EQ(outcome.error().code(), Errc::refused);
        EXPECT_NE(outcome.error().message().find("http request"), std::string::npos);
    });
}

TEST_F(TlsTest, APeerThatLeavesInTheHandshakeIsNoticed) {
    auto server = TlsContext::server(server_).value();
    run_on_loop([&](Runtime&) -> Task<> {
        EventLoop& loop = EventLoop::current();
        auto listener = Listener::open(loop, any_port).value();
        std::optional<Stream> raw = (co_await Stream::connect(loop, listener.local(), soon())).value();
        auto accepted = co_await listener.accept();
        Stream stream = std::move(accepted).value();
        raw.reset();
        const auto outcome = co_await stream.handshake_server(server, soon());
        EXPECT_EQ(outcome.error().code(), Errc::closed);
    });
}

TEST_F(TlsTest, AHalfClosedStreamStillReceives) {
    shake_hands("shop.test", [](Ends& ends) -> Task<> {
        ends.client->shutdown_write();
        std::array<char, 16> buffer;
        EXPECT_EQ(co_await ends.server->read_some(buffer, soon()), 0U);
        EXPECT_TRUE(co_await ends.server->write_all("late", soon()));
        const auto got = co_await ends.client->read_some(buffer, soon());
        EXPECT_EQ(std::string_view(buffer.data(), got.value_or(0)), "late");
    });
}

TEST_F(TlsTest, FilesAreSentThroughTlsToo) {
    shake_hands("shop.test", [this](Ends& ends) -> Task<> {
        const std::string content = pattern(200'000);
        std::FILE* file = std::fopen(folder_.file("data").c_str(), "w+b");
        EXPECT_EQ(std::fwrite(content.data(), 1, content.size(), file), content.size());
        std::fflush(file);
        TaskScope scope(EventLoop::current());
        static constexpr auto send = [](Stream& stream, int fd, std::size_t size) -> Task<> {
            EXPECT_TRUE(co_await stream.send_file(fd, 100, size, soon()));
            stream.shutdown_write();
        };
        scope.spawn("send", send(*ends.server, ::fileno(file), content.size() - 100));
        const std::string received = co_await read_all(*ends.client, 5000);
        (void)co_await scope.drain(soon());
        EXPECT_TRUE(received == content.substr(100));
        std::fclose(file);
    });
}

}  // namespace

}  // namespace flotilla::runtime
