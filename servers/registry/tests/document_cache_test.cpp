#include "flotilla/registry/document_cache.hpp"

#include <gtest/gtest.h>

#include "fixture.hpp"
#include "flotilla/http/gzip.hpp"

namespace flotilla::registry {
namespace {

using namespace testing;
using eureka::Detail;
using eureka::Format;

/// What the cache must amount to.
std::string written_anew(InstanceRegistry& registry, Format format, Detail detail) {
    const RegistryView view = registry.view();
    eureka::Applications all;
    for (const auto& current : view.applications)
        all.by_name[current.application->name] = *current.application;
    all.hash_code = view.hash_code;
    return eureka::encode(all, format, detail);
}

TEST(DocumentCache, IsTheDocumentInEveryFormAfterEveryChange) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        Random random(seed);
        Fixture f;
        DocumentCache cache;
        for (int step = 0; step < 30; ++step) {
            const std::string app = "APP" + std::to_string(random.below(6));
            const std::string id = std::to_string(random.below(4));
            if (random.below(3) == 0) {
                f.registry.cancel(app, id, f.at());
            } else {
                f.enroll(instance(app, id));
            }
            for (const Format format : {Format::json, Format::xml}) {
                for (const Detail detail : {Detail::full, Detail::compact}) {
                    const std::string wanted = written_anew(f.registry, format, detail);
                    ASSERT_EQ(*cache.text(f.registry.view(), format, detail), wanted) << seed;
                    const auto packed = cache.gzip(f.registry.view(), format, detail);
                    const auto unpacked = http::gunzip(*packed);
                    ASSERT_TRUE(unpacked) << unpacked.error().message();
                    ASSERT_EQ(*unpacked, wanted) << seed;
                }
            }
        }
    }
}

TEST(DocumentCache, GivesTheSameBytesWhileNothingChanges) {
    Fixture f;
    DocumentCache cache;
    f.enroll("1");
    const auto first = cache.text(f.registry.view(), Format::json, Detail::full);
    f.renew("1");
    EXPECT_EQ(cache.text(f.registry.view(), Format::json, Detail::full), first);
    f.enroll("2");
    EXPECT_NE(cache.text(f.registry.view(), Format::json, Detail::full), first);
    EXPECT_NE(first->find("\"1\""), std::string::npos) << "a reader may still hold it";
}

TEST(DiscoveryFacts, F01_AnEmptyRegistryHasAnEmptyList) {
    Fixture f;
    DocumentCache cache;
    EXPECT_EQ(
        *cache.text(f.registry.view(), Format::json, Detail::full),
        R"({"applications":{"versions__delta":"1","apps__hashcode":"","application":[]}})"
    );
}

}  // namespace
}  // namespace flotilla::registry
