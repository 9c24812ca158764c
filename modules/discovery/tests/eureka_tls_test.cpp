#include "flotilla/discovery/eureka_tls.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string_view>

namespace flotilla::discovery {

namespace {

class EurekaTls : public ::testing::Test {
protected:
    void SetUp() override {
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        folder_ =
            std::filesystem::temp_directory_path() / ("flotilla-eureka-tls-" + std::string(test->name()));
        std::filesystem::create_directories(folder_);
    }

    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string file(const std::string& name, std::string_view content) {
        const auto path = folder_ / name;
        std::ofstream(path, std::ios::binary) << content;
        return path.string();
    }

    static std::string refusal(const EurekaTlsConfig& config) {
        const auto made = tls_of(config);
        return made ? std::string() : made.error().message();
    }

    std::string pem_ = "-----BEGIN CERTIFICATE-----";
    std::string jks_ = "\xFE\xED\xFE\xED and more";
    std::string pkcs12_ = "\x30\x82\x01\x02";

private:
    std::filesystem::path folder_;
};

TEST_F(EurekaTls, IsNothingUnlessItIsEnabled) {
    const auto made = tls_of({.key_store = "/no/such/file"});
    ASSERT_TRUE(made);
    EXPECT_FALSE(*made);
}

TEST_F(EurekaTls, TakesPemAndPkcs12WhateverTheirTypeIsSaidToBe) {
    const std::string trust = file("ca.pem", pem_);
    const std::string key = file("key.pem", pem_);
    auto made =
        tls_of({.enabled = true, .key_store = "file:" + key, .key_password = "p", .trust_store = trust});
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ((*made)->certificate, key);
    EXPECT_EQ((*made)->certificate_private_key, key);
    EXPECT_EQ((*made)->key_password, "p");
    EXPECT_EQ((*made)->trust_certificate, trust);
    EXPECT_FALSE((*made)->insecure_trust);

    const std::string store = file("key.jks", pkcs12_);
    made = tls_of(
        {.enabled = true, .key_store = "file://" + store, .key_store_type = "JKS", .key_store_password = "s"}
    );
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ((*made)->key_store, store);
    EXPECT_EQ((*made)->key_store_password, "s");
    EXPECT_EQ((*made)->certificate, "");
}

TEST_F(EurekaTls, SaysWhatToDoWithAStoreThatIsNotRead) {
    const std::string jks = file("store.jks", jks_);
    EXPECT_NE(
        refusal({.enabled = true, .key_store = jks}).find("keytool -importkeystore"), std::string::npos
    );
    EXPECT_NE(refusal({.enabled = true, .trust_store = jks}).find("is a JKS store"), std::string::npos);
    const std::string store = file("store.p12", pkcs12_);
    const std::string said = refusal({.enabled = true, .trust_store = store});
    EXPECT_NE(said.find("eureka.client.tls.trust-store"), std::string::npos);
    EXPECT_NE(said.find("keytool -list -rfc"), std::string::npos);
}

TEST_F(EurekaTls, NamesThePropertyThatIsWrong) {
    EXPECT_NE(
        refusal({.enabled = true, .key_store = "/no/such/file"})
            .find("key-store: cannot read '/no/such/file'"),
        std::string::npos
    );
    EXPECT_NE(
        refusal({.enabled = true, .trust_store = "classpath:trust.pem"}).find("no class path"),
        std::string::npos
    );
    EXPECT_NE(
        refusal({.enabled = true, .key_store_type = "BKS"}).find("key-store-type: 'BKS'"), std::string::npos
    );
}

}  // namespace

}  // namespace flotilla::discovery
