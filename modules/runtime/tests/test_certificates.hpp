#pragma once
// Certificates made for one test: an authority of its own, and what it signs.

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

namespace flotilla::runtime {

/// A key with its certificate.
class TestCertificate {
public:
    /// Signs itself; an authority may sign others.
    static TestCertificate self_signed(const std::string& name, bool authority) {
        return TestCertificate(name, nullptr, authority);
    }

    /// Signed by an authority; `name` is a host name or an IPv4 address.
    static TestCertificate signed_by(const TestCertificate& issuer, const std::string& name) {
        return TestCertificate(name, &issuer, false);
    }

    void write_certificate(const std::string& file) const {
        write(file, [this](std::FILE* to) { return PEM_write_X509(to, certificate_.get()); });
    }

    void write_key(const std::string& file, const std::string& password = {}) const {
        write(file, [&](std::FILE* to) {
            return PEM_write_PKCS8PrivateKey(
                to,
                key_.get(),
                password.empty() ? nullptr : EVP_aes_256_cbc(),
                password.empty() ? nullptr : password.data(),
                static_cast<int>(password.size()),
                nullptr,
                nullptr
            );
        });
    }

    void write_key_store(const std::string& file, const std::string& password) const {
        const std::unique_ptr<PKCS12, void (*)(PKCS12*)> store(
            PKCS12_create(password.c_str(), "test", key_.get(), certificate_.get(), nullptr, 0, 0, 0, 0, 0),
            PKCS12_free
        );
        write(file, [&](std::FILE* to) { return i2d_PKCS12_fp(to, store.get()); });
    }

private:
    TestCertificate(const std::string& name, const TestCertificate* issuer, bool authority)
        : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
        static long serial = 1;
        X509* made = certificate_.get();
        X509_set_version(made, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(made), serial++);
        X509_gmtime_adj(X509_getm_notBefore(made), -3600);
        X509_gmtime_adj(X509_getm_notAfter(made), 3600);
        X509_set_pubkey(made, key_.get());
        X509_NAME* subject = X509_get_subject_name(made);
        X509_NAME_add_entry_by_txt(
            subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0
        );
        X509_set_issuer_name(made, issuer ? X509_get_subject_name(issuer->certificate_.get()) : subject);
        add_extension(NID_basic_constraints, authority ? "critical,CA:TRUE" : "CA:FALSE");
        const bool address = name.find_first_not_of("0123456789.") == std::string::npos;
        add_extension(NID_subject_alt_name, (address ? "IP:" : "DNS:") + name);
        if (X509_sign(made, issuer ? issuer->key_.get() : key_.get(), EVP_sha256()) == 0)
            throw std::runtime_error("X509_sign");
    }

    void add_extension(int id, const std::string& value) {
        X509V3_CTX context;
        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, certificate_.get(), certificate_.get(), nullptr, nullptr, 0);
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
        if (!extension) throw std::runtime_error("X509V3_EXT_conf_nid " + value);
        X509_add_ext(certificate_.get(), extension, -1);
        X509_EXTENSION_free(extension);
    }

    template <class Writer>
    static void write(const std::string& file, Writer writer) {
        std::FILE* to = std::fopen(file.c_str(), "wb");
        if (!to) throw std::runtime_error("cannot write " + file);
        const int written = writer(to);
        std::fclose(to);
        if (written != 1) throw std::runtime_error("cannot write into " + file);
    }

    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
    std::unique_ptr<X509, void (*)(X509*)> certificate_;
};

}  // namespace flotilla::runtime
