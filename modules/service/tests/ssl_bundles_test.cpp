#include "../src/ssl_bundles.hpp"

#include <gtest/gtest.h>

#include "flotilla/config/environment.hpp"

namespace flotilla::service {
namespace {

using Properties = std::vector<std::pair<std::string, config::Json>>;

constexpr const char* pem = "spring.ssl.bundle.pem.";

/// The settings that come of it, or what is wrong.
Result<runtime::TlsConfig> used(const Properties& properties, runtime::TlsConfig tls) {
    auto environment = config::Environment::of(properties);
    std::optional<runtime::TlsConfig> made = std::move(tls);
    FLT_CHECK(use_bundles(environment, "server.ssl", made));
    return *made;
}

runtime::TlsConfig named(std::string bundle, std::vector<runtime::ServerNameBundle> more = {}) {
    runtime::TlsConfig tls;
    tls.bundle = std::move(bundle);
    tls.server_name_bundles = std::move(more);
    return tls;
}

std::string refusal_of(const Properties& properties, runtime::TlsConfig tls) {
    const auto made = used(properties, std::move(tls));
    return made ? "" : made.error().message();
}

Properties edge_and_market() {
    const std::string prefix = pem;
    return {
        {prefix + "edge.keystore.certificate", "file:/etc/edge.pem"},
        {prefix + "edge.keystore.private-key", "file:///etc/edge.key"},
        {prefix + "edge.truststore.certificate", "clients.pem"},
        {prefix + "market.keystore.certificate", "market.pem"},
        {prefix + "market.keystore.private-key-password", "secret"},
    };
}

TEST(SslBundles, GiveTheirFilesToWhoNamesThem) {
    Properties properties = edge_and_market();
    const std::string prefix = pem;
    properties.emplace_back(prefix + "edge.options.enabled-protocols", "TLSv1.3");
    properties.emplace_back(prefix + "edge.options.ciphers[0]", "A");
    properties.emplace_back(prefix + "edge.options.ciphers[1]", "B");
    properties.emplace_back(prefix + "edge.reload-on-update", false);
    const auto tls = used(properties, named("edge"));
    ASSERT_TRUE(tls) << tls.error().message();
    EXPECT_EQ(tls->certificate, "/etc/edge.pem");
    EXPECT_EQ(tls->certificate_private_key, "/etc/edge.key");
    EXPECT_EQ(tls->trust_certificate, "clients.pem");
    EXPECT_EQ(tls->min_protocol, "TLSv1.3");
    EXPECT_EQ(tls->ciphers, "A:B");
    EXPECT_FALSE(tls->reload_on_update);
}

TEST(SslBundles, AKeyMayStandInTheCertificatesFile) {
    const auto tls = used(edge_and_market(), named("market"));
    ASSERT_TRUE(tls) << tls.error().message();
    EXPECT_EQ(tls->certificate_private_key, "market.pem");
    EXPECT_EQ(tls->key_password, "secret");
    EXPECT_TRUE(tls->reload_on_update);
}

TEST(SslBundles, OfAKeyStoreToo) {
    const Properties properties{
        {"spring.ssl.bundle.jks.old.keystore.location", "old.p12"},
        {"spring.ssl.bundle.jks.old.keystore.password", "secret"},
    };
    const auto tls = used(properties, named("old"));
    ASSERT_TRUE(tls) << tls.error().message();
    EXPECT_EQ(tls->key_store, "old.p12");
    EXPECT_EQ(tls->key_store_password, "secret");
}

TEST(SslBundles, OfServerNamesAreFurtherCertificates) {
    const auto tls = used(
        edge_and_market(),
        named("edge", {{"market.org", "market"}, {"www.market.org", "market"}, {"edge.org", "edge"}})
    );
    ASSERT_TRUE(tls) << tls.error().message();
    EXPECT_EQ(tls->certificate, "/etc/edge.pem,market.pem");
    EXPECT_EQ(tls->certificate_private_key, "/etc/edge.key,market.pem");
    EXPECT_EQ(tls->key_password, "secret");
}

TEST(SslBundles, OfServerNamesStandBesideACertificateOfTheServersOwn) {
    runtime::TlsConfig own = named("", {{"market.org", "market"}});
    own.certificate = "own.pem";
    const auto tls = used(edge_and_market(), own);
    ASSERT_TRUE(tls) << tls.error().message();
    EXPECT_EQ(tls->certificate, "own.pem,market.pem");
    EXPECT_EQ(tls->certificate_private_key, "own.pem,market.pem");
}

TEST(SslBundles, WhoNamesNoneStaysAsHeIs) {
    runtime::TlsConfig own;
    own.certificate = "own.pem";
    const auto tls = used({{"spring.ssl.bundle.pem.broken.nonsense", "x"}}, own);
    ASSERT_TRUE(tls) << tls.error().message();
    EXPECT_EQ(tls->certificate, "own.pem");
}

TEST(SslBundles, MistakesAreToldWithTheirPlace) {
    const std::string prefix = pem;
    EXPECT_EQ(
        refusal_of(edge_and_market(), named("egde")),
        "server.ssl.bundle: no bundle 'egde' below spring.ssl.bundle.pem or .jks; there are: edge, market"
    );
    EXPECT_EQ(
        refusal_of({}, named("x")),
        "server.ssl.bundle: no bundle 'x' below spring.ssl.bundle.pem or .jks; there is none"
    );
    runtime::TlsConfig both = named("edge");
    both.certificate = "own.pem";
    EXPECT_EQ(
        refusal_of(edge_and_market(), both),
        "server.ssl.bundle: a bundle, or a certificate or key store: not both"
    );
    EXPECT_EQ(
        refusal_of({{prefix + "a.truststore.certificate", "x.pem"}}, named("a")),
        "server.ssl.bundle: bundle 'a': it has no keystore.certificate"
    );
    EXPECT_EQ(
        refusal_of({{prefix + "a.keystore.certificate", "-----BEGIN CERTIFICATE-----"}}, named("a")),
        "server.ssl.bundle: bundle 'a': it holds the certificate or key itself: name a file that does"
    );
    EXPECT_EQ(
        refusal_of({{prefix + "a.keystore.certificate", "classpath:a.pem"}}, named("a")),
        "server.ssl.bundle: bundle 'a': 'classpath:a.pem': there is no class path; name a file"
    );
    Properties old = edge_and_market();
    old.emplace_back(prefix + "edge.options.enabled-protocols", "TLSv1.2");
    EXPECT_EQ(
        refusal_of(old, named("edge")),
        "server.ssl.bundle: bundle 'edge': options.enabled-protocols: TLSv1.3 is always among them"
    );
    EXPECT_EQ(
        refusal_of(edge_and_market(), named("market", {{"edge.org", "edge"}})),
        "server.ssl.server-name-bundles[0]: bundle 'edge': clients are checked against one truststore, "
        "whatever name they ask for"
    );
    EXPECT_EQ(
        refusal_of(edge_and_market(), named("edge", {{"", "market"}})),
        "server.ssl.server-name-bundles[0]: it needs a server-name and a bundle"
    );
}

}  // namespace
}  // namespace flotilla::service
