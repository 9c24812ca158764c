#include "flotilla/runtime/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "flotilla/base/text.hpp"
#include "tls_context.hpp"

namespace flotilla::runtime {

namespace {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};

using BioPtr = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Pkcs12Ptr = std::unique_ptr<PKCS12, Freed<PKCS12_free>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

struct ChainFree {
    void operator()(STACK_OF(X509) * chain) const noexcept { sk_X509_pop_free(chain, X509_free); }
};

std::unexpected<Error> tls_error(Errc code, std::string_view what, std::string_view file) {
    return fail(code, fmt::format("{} '{}': {}", what, file, openssl_reasons()));
}

int give_password(char* buffer, int size, int, void* password) {
    if (!password) return 0;
    const auto& text = *static_cast<std::string*>(password);
    const int length = std::min(size, static_cast<int>(text.size()));
    std::copy_n(text.data(), length, buffer);
    return length;
}

Result<void> use_key_store(SSL_CTX* context, const TlsConfig& config) {
    const BioPtr file(BIO_new_file(config.key_store.c_str(), "rb"));
    if (!file) return tls_error(Errc::not_found, "cannot open key store", config.key_store);
    std::array<char, 4> start{};
    if (BIO_read(file.get(), start.data(), static_cast<int>(start.size())) == 4 &&
        std::string_view(start.data(), start.size()) == "\xFE\xED\xFE\xED") {
        return fail(
            Errc::invalid_argument,
            fmt::format(
                "key store '{0}' is a JKS store, which is not read; make a PKCS12 one of it: keytool "
                "-importkeystore -srckeystore {0} -destkeystore {0}.p12 -deststoretype pkcs12",
                config.key_store
            )
        );
    }
    if (BIO_seek(file.get(), 0) < 0) return tls_error(Errc::io, "cannot read key store", config.key_store);
    const Pkcs12Ptr store(d2i_PKCS12_bio(file.get(), nullptr));
    EVP_PKEY* key = nullptr;
    X509* certificate = nullptr;
    STACK_OF(X509)* chain = nullptr;
    if (!store ||
        PKCS12_parse(store.get(), config.key_store_password.c_str(), &key, &certificate, &chain) != 1)
        return tls_error(Errc::malformed, "cannot read key store (is its password right?)", config.key_store);
    const KeyPtr owned_key(key);
    const X509Ptr owned_certificate(certificate);
    const std::unique_ptr<STACK_OF(X509), ChainFree> owned_chain(chain);
    if (SSL_CTX_use_cert_and_key(context, certificate, key, chain, 1) != 1)
        return tls_error(Errc::malformed, "cannot use the key in key store", config.key_store);
    return {};
}

Result<void> use_pem(SSL_CTX* context, const TlsConfig& config) {
    if (SSL_CTX_use_certificate_chain_file(context, config.certificate.c_str()) != 1)
        return tls_error(Errc::malformed, "cannot read certificate", config.certificate);
    const auto& key =
        config.certificate_private_key.empty() ? config.certificate : config.certificate_private_key;
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
        return tls_error(Errc::malformed, "cannot read private key", key);
    if (SSL_CTX_check_private_key(context) != 1)
        return tls_error(Errc::invalid_argument, "certificate and private key do not belong together", key);
    return {};
}

int choose_alpn(
    SSL*,
    const unsigned char** out,
    unsigned char* out_size,
    const unsigned char* in,
    unsigned int in_size,
    void* arg
) {
    const auto& ours = static_cast<TlsContext::Impl*>(arg)->alpn_wire;
    unsigned char* chosen = nullptr;
    const int outcome = SSL_select_next_proto(
        &chosen,
        out_size,
        reinterpret_cast<const unsigned char*>(ours.data()),
        static_cast<unsigned>(ours.size()),
        in,
        in_size
    );
    if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/// The contexts of further certificates; they go with the one that they belong to.
using OtherContexts = std::vector<SslCtx>;

void free_others(void*, void* others, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<OtherContexts*>(others);
}

int others_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_others);
    return index;
}

bool is_for(const SSL_CTX* context, std::string_view host) {
    X509* const certificate = SSL_CTX_get0_certificate(context);
    return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1;
}

/// The first certificate is for who asks for no name (SNI), or for one that none is made out to.
int choose_certificate(SSL* connection, int*, void*) {
    const char* const asked = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
    const SSL_CTX* const own = SSL_get_SSL_CTX(connection);
    const auto* others = static_cast<const OtherContexts*>(SSL_CTX_get_ex_data(own, others_index()));
    if (!asked || !others || is_for(own, asked)) return SSL_TLSEXT_ERR_OK;
    for (const SslCtx& other : *others) {
        if (!is_for(other.get(), asked)) continue;
        SSL_set_SSL_CTX(connection, other.get());
        break;
    }
    return SSL_TLSEXT_ERR_OK;
}

/// A list of files with commas: one for each certificate.
std::vector<std::string> files_of(const std::string& list) {
    std::vector<std::string> files;
    for (const std::string_view file : split_list(list)) files.emplace_back(file);
    return files;
}

Result<SslCtx> make_context(TlsContext::Impl& impl, const TlsConfig& config) {
    ERR_clear_error();
    SslCtx context(SSL_CTX_new(impl.is_server ? TLS_server_method() : TLS_client_method()), SslCtxFree());
    if (!context) return fail(Errc::internal, openssl_reasons());
    SSL_CTX* raw = context.get();

    int minimum = 0;
    if (config.min_protocol == "TLSv1.2")
        minimum = TLS1_2_VERSION;
    else if (config.min_protocol == "TLSv1.3")
        minimum = TLS1_3_VERSION;
    else
        return fail(
            Errc::invalid_argument, fmt::format("TLS protocol '{}': TLSv1.2 or TLSv1.3", config.min_protocol)
        );
    SSL_CTX_set_min_proto_version(raw, minimum);
    SSL_CTX_set_options(
        raw,
        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
            SSL_OP_IGNORE_UNEXPECTED_EOF
    );
    SSL_CTX_set_mode(
        raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS
    );
    // One read fetches a whole record, or several small ones, in place of header and body apart.
    SSL_CTX_set_read_ahead(raw, 1);
    if (!config.ciphers.empty() && SSL_CTX_set_cipher_list(raw, config.ciphers.c_str()) != 1)
        return tls_error(Errc::invalid_argument, "no such ciphers", config.ciphers);

    // Also without a password: OpenSSL would ask for it at the terminal.
    SSL_CTX_set_default_passwd_cb(raw, give_password);
    std::string password = config.key_password;
    SSL_CTX_set_default_passwd_cb_userdata(raw, &password);
    if (!config.key_store.empty()) {
        FLT_CHECK(use_key_store(raw, config));
    } else if (!config.certificate.empty()) {
        FLT_CHECK(use_pem(raw, config));
    } else if (impl.is_server) {
        return fail(Errc::invalid_argument, "TLS needs a certificate or a key store");
    }
    SSL_CTX_set_default_passwd_cb_userdata(raw, nullptr);

    const bool verify_peer = impl.is_server ? config.client_auth != ClientAuth::none : !config.insecure_trust;
    if (verify_peer) {
        const int loaded =
            config.trust_certificate.empty()
                ? SSL_CTX_set_default_verify_paths(raw)
                : SSL_CTX_load_verify_locations(raw, config.trust_certificate.c_str(), nullptr);
        if (loaded != 1)
            return tls_error(Errc::malformed, "cannot read trusted certificates", config.trust_certificate);
        int mode = SSL_VERIFY_PEER;
        if (impl.is_server && config.client_auth == ClientAuth::need) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        SSL_CTX_set_verify(raw, mode, nullptr);
    }

    if (impl.is_server) {
        if (!impl.alpn_wire.empty()) SSL_CTX_set_alpn_select_cb(raw, choose_alpn, &impl);
        static constexpr unsigned char session_context[] = "flotilla";
        SSL_CTX_set_session_id_context(raw, session_context, sizeof session_context - 1);
    } else if (!impl.alpn_wire.empty()) {
        SSL_CTX_set_alpn_protos(
            raw,
            reinterpret_cast<const unsigned char*>(impl.alpn_wire.data()),
            static_cast<unsigned>(impl.alpn_wire.size())
        );
    }
    return context;
}

/// The context of the first certificate, which has those of the others.
Result<SslCtx> make_context(TlsContext::Impl& impl) {
    const auto certificates = files_of(impl.config.certificate);
    const auto keys = files_of(impl.config.certificate_private_key);
    if (!impl.is_server || certificates.size() <= 1) return make_context(impl, impl.config);
    if (!keys.empty() && keys.size() != certificates.size())
        return fail(
            Errc::invalid_argument,
            fmt::format("{} certificates have {} private keys", certificates.size(), keys.size())
        );
    auto contexts = std::make_unique<OtherContexts>();
    for (std::size_t i = 0; i < certificates.size(); ++i) {
        TlsConfig config = impl.config;
        config.certificate = certificates[i];
        if (!keys.empty()) config.certificate_private_key = keys[i];
        FLT_TRY(auto context, make_context(impl, config));
        contexts->push_back(std::move(context));
    }
    SslCtx first = std::move(contexts->front());
    contexts->erase(contexts->begin());
    SSL_CTX_set_ex_data(first.get(), others_index(), contexts.release());
    SSL_CTX_set_tlsext_servername_callback(first.get(), choose_certificate);
    return first;
}

Result<std::unique_ptr<TlsContext::Impl>> make_impl(const TlsConfig& config, bool is_server) {
    auto impl = std::make_unique<TlsContext::Impl>();
    impl->config = config;
    impl->is_server = is_server;
    for (const auto& name : config.alpn) {
        if (name.empty() || name.size() > 255)
            return fail(Errc::invalid_argument, fmt::format("ALPN name '{}'", name));
        impl->alpn_wire += static_cast<char>(name.size());
        impl->alpn_wire += name;
    }
    FLT_TRY(impl->context, make_context(*impl));
    return impl;
}

}  // namespace

std::string openssl_reasons() {
    std::string text;
    bool of_system = false;
    while (const unsigned long code = ERR_get_error()) {
        // Each layer above adds that something below has failed.
        if (of_system && (ERR_GET_LIB(code) == ERR_LIB_BIO || ERR_GET_REASON(code) == ERR_R_SYS_LIB))
            continue;
        if (!text.empty()) text += "; ";
        const char* reason = ERR_reason_error_string(code);
        if (ERR_SYSTEM_ERROR(code)) {
            of_system = true;
            text += std::generic_category().message(ERR_GET_REASON(code));
        } else {
            text += reason ? reason : fmt::format("error {:x}", code);
        }
    }
    return text.empty() ? "no reason given" : text;
}

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::server(const TlsConfig& config) {
    FLT_TRY(auto impl, make_impl(config, true));
    return std::shared_ptr<TlsContext>(new TlsContext(std::move(impl)));
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(const TlsConfig& config) {
    FLT_TRY(auto impl, make_impl(config, false));
    return std::shared_ptr<TlsContext>(new TlsContext(std::move(impl)));
}

Result<void> TlsContext::reload() {
    FLT_TRY(auto fresh, make_context(*impl_));
    const std::lock_guard lock(impl_->mutex);
    impl_->context = std::move(fresh);
    return {};
}

std::string TlsContext::expires() const {
    const auto context = impl_->current();
    const X509* certificate = SSL_CTX_get0_certificate(context.get());
    tm time{};
    if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return {};
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        time.tm_year + 1900,
        time.tm_mon + 1,
        time.tm_mday,
        time.tm_hour,
        time.tm_min,
        time.tm_sec
    );
}

}  // namespace flotilla::runtime
