#pragma once
// The TLS session of a stream: OpenSSL over the stream's own system calls.

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "flotilla/runtime/stream.hpp"
#include "tls_context.hpp"

namespace flotilla::runtime {

class Stream::Tls {
public:
    /// The descriptor may move with its stream: `attach` tells where it is before each call into OpenSSL.
    Tls(std::shared_ptr<TlsContext> context, bool server);
    ~Tls();
    Tls(const Tls&) = delete;
    Tls& operator=(const Tls&) = delete;

    void attach(Descriptor& descriptor) noexcept { descriptor_ = &descriptor; }

    /// Verifies the other side's name, and sends it (SNI).
    Result<void> expect_name(const std::string& name);

    struct Outcome {
        Io io;
        Want want = Want::read;
    };

    Outcome handshake();
    Outcome read(char* data, std::size_t size);
    Outcome write(const char* data, std::size_t size);
    void say_goodbye() noexcept;

    /// Bytes have been decrypted, or fetched, that a read would return without the kernel. After a read that
    /// was short of bytes, what is left is a part of a record.
    [[nodiscard]] bool has_pending() const noexcept { return !starved_ && SSL_has_pending(ssl_) == 1; }

    /// Why the handshake failed, for a person: `certificate verify failed (hostname mismatch)`.
    [[nodiscard]] std::string refusal() const;

    [[nodiscard]] std::string alpn() const;

private:
    static int bio_read(BIO* bio, char* data, int size);
    static int bio_write(BIO* bio, const char* data, int size);
    static long bio_control(BIO* bio, int command, long number, void* pointer);
    static const BIO_METHOD* bio_method();

    void send_name(const std::string& name);
    void start() noexcept;
    /// OpenSSL would only ask for bytes, and there are none.
    [[nodiscard]] bool nothing_to_read() const noexcept;
    Outcome outcome_of(int returned);

    std::shared_ptr<TlsContext> context_;
    SslCtx ssl_context_;  // the one of this session, whatever is loaded later
    Descriptor* descriptor_ = nullptr;
    SSL* ssl_ = nullptr;
    int last_errno_ = 0;
    bool starved_ = false;
};

}  // namespace flotilla::runtime
