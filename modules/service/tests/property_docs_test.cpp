#include "flotilla/service/property_docs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace flotilla::service {
namespace {

using testing::HasSubstr;

struct Pool {
    std::size_t max_size = 8;
    std::chrono::milliseconds idle_timeout{90'000};
};

FLT_DESCRIBE_CONFIG(Pool, (max_size, "Connections at most."), (idle_timeout, "Then they are closed."))

struct Shop {
    std::string currency = "EUR";
    Bytes max_upload = Bytes::mega(2);
    std::vector<std::string> countries{"DE", "FR"};
    std::optional<double> discount;
    Pool pool;
    std::optional<Pool> second_pool;
};

FLT_DESCRIBE_CONFIG(
    Shop,
    (currency, "What prices are in."),
    (max_upload, "The largest picture."),
    (countries, "Where it delivers to."),
    (discount, "Percent off."),
    (pool, "Connections."),
    (second_pool, "More of them.")
)

std::string shown(const PropertyDoc& property) {
    return property.name + "=" + property.standard;
}

TEST(PropertyDocs, ListsEveryPropertyWithItsDefaultAsPeopleWriteIt) {
    std::vector<std::string> lines;
    for (const PropertyDoc& property : documented_properties<Shop>("shop")) lines.push_back(shown(property));
    EXPECT_THAT(
        lines,
        testing::ElementsAre(
            "shop.currency=EUR",
            "shop.max-upload=2MB",
            "shop.countries=DE, FR",
            "shop.discount=",
            "shop.pool.max-size=8",
            "shop.pool.idle-timeout=90s",
            "shop.second-pool.max-size=8",
            "shop.second-pool.idle-timeout=90s"
        )
    );
}

TEST(PropertyDocs, HelpHasNameDefaultAndText) {
    const std::string help = help_text(documented_properties<Pool>("shop.pool"));
    EXPECT_THAT(help, HasSubstr("--shop.pool.max-size=8\n      Connections at most.\n"));
}

TEST(PropertyDocs, HelpBreaksLongTexts) {
    const std::string help = help_text({{"a", std::string(30, 'x') + " " + std::string(30, 'y'), ""}}, 40);
    EXPECT_THAT(help, HasSubstr("x\n      y"));
}

}  // namespace
}  // namespace flotilla::service
