#include "stream_tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>

#include "flotilla/base/assert.hpp"

namespace flotilla::runtime {

// Our own BIO: it never raises SIGPIPE, and it knows from a short read that the socket is drained, which
// spares the read that would only return EAGAIN.
int Stream::Tls::bio_read(BIO* bio, char* data, int size) {
    auto& self = *static_cast<Tls*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (!self.descriptor_->maybe_readable()) {
        BIO_set_retry_read(bio);
        return -1;
    }
    ssize_t got = 0;
    do {
        got = ::recv(self.descriptor_->fd(), data, static_cast<std::size_t>(size), 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        self.descriptor_->mark_drained();
        BIO_set_retry_read(bio);
        return -1;
    }
    if (got < 0)
        self.last_errno_ = errno;
    else if (got > 0 && got < size)
        self.descriptor_->mark_drained();
    return static_cast<int>(got);
}

int Stream::Tls::bio_write(BIO* bio, const char* data, int size) {
    auto& self = *static_cast<Tls*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    ssize_t sent = 0;
    do {
        sent = ::send(self.descriptor_->fd(), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        self.descriptor_->mark_full();
        BIO_set_retry_write(bio);
        return -1;
    }
    if (sent < 0) self.last_errno_ = errno;
    return static_cast<int>(sent);
}

long Stream::Tls::bio_control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* Stream::Tls::bio_method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "flotilla stream");
        BIO_meth_set_read(made, bio_read);
        BIO_meth_set_write(made, bio_write);
        BIO_meth_set_ctrl(made, bio_control);
        return made;
    }();
    return method;
}

Stream::Tls::Tls(std::shared_ptr<TlsContext> context, bool server)
    : context_(std::move(context)),
      ssl_context_(context_->impl().current()),
      ssl_(SSL_new(ssl_context_.get())) {
    FLT_ASSERT(ssl_ != nullptr);
    BIO* bio = BIO_new(bio_method());
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_, bio, bio);
    if (server)
        SSL_set_accept_state(ssl_);
    else
        SSL_set_connect_state(ssl_);
}

Stream::Tls::~Tls() {
    SSL_free(ssl_);
}

void Stream::Tls::send_name(const std::string& name) {
    // What the macro SSL_set_tlsext_host_name does, without its old-style cast.
    SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str()));
}

Result<void> Stream::Tls::expect_name(const std::string& name) {
    if (context_->impl().config.insecure_trust) {
        send_name(name);
        return {};
    }
    X509_VERIFY_PARAM* verify = SSL_get0_param(ssl_);
    if (X509_VERIFY_PARAM_set1_ip_asc(verify, name.c_str()) == 1)
        return {};  // an address is never sent as SNI
    SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(ssl_, name.c_str()) != 1)
        return fail(Errc::invalid_argument, "'" + name + "' is no host name");
    send_name(name);
    return {};
}

Stream::Tls::Outcome Stream::Tls::outcome_of(int returned) {
    if (returned > 0) return {{IoStatus::done, static_cast<std::size_t>(returned), {}}, Want::read};
    switch (SSL_get_error(ssl_, returned)) {
        case SSL_ERROR_WANT_READ:
            return {{IoStatus::would_block, 0, {}}, Want::read};
        case SSL_ERROR_WANT_WRITE:
            return {{IoStatus::would_block, 0, {}}, Want::write};
        case SSL_ERROR_ZERO_RETURN:
            return {{IoStatus::end, 0, {}}, Want::read};
        case SSL_ERROR_SYSCALL:
            if (last_errno_ == 0) return {{IoStatus::end, 0, {}}, Want::read};
            return {{IoStatus::failed, 0, std::error_code(last_errno_, std::system_category())}, Want::read};
        default:
            return {{IoStatus::failed, 0, make_error_code(Errc::malformed)}, Want::read};
    }
}

std::string Stream::Tls::refusal() const {
    std::string text = openssl_reasons();
    if (const long verified = SSL_get_verify_result(ssl_); verified != X509_V_OK)
        text += fmt::format(" ({})", X509_verify_cert_error_string(verified));
    return text;
}

void Stream::Tls::start() noexcept {
    // To look is cheaper than to sweep, and there is hardly ever anything.
    if (ERR_peek_error() != 0) ERR_clear_error();
    last_errno_ = 0;
}

Stream::Tls::Outcome Stream::Tls::handshake() {
    start();
    return outcome_of(SSL_do_handshake(ssl_));
}

bool Stream::Tls::nothing_to_read() const noexcept {
    return !descriptor_->maybe_readable() && !has_pending() && SSL_is_init_finished(ssl_) &&
           !SSL_want_write(ssl_);
}

Stream::Tls::Outcome Stream::Tls::read(char* data, std::size_t size) {
    // The usual end of a burst of requests.
    if (nothing_to_read()) return {{IoStatus::would_block, 0, {}}, Want::read};
    start();
    const auto outcome =
        outcome_of(SSL_read(ssl_, data, static_cast<int>(std::min<std::size_t>(size, 1U << 30))));
    starved_ = outcome.io.status == IoStatus::would_block;
    return outcome;
}

Stream::Tls::Outcome Stream::Tls::write(const char* data, std::size_t size) {
    start();
    return outcome_of(SSL_write(ssl_, data, static_cast<int>(std::min<std::size_t>(size, 1U << 30))));
}

void Stream::Tls::say_goodbye() noexcept {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_)) SSL_shutdown(ssl_);
    ERR_clear_error();
}

std::string Stream::Tls::alpn() const {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

}  // namespace flotilla::runtime
