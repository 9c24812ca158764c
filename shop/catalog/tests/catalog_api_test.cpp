#include "flotilla/shop/catalog/catalog_api.hpp"

#include <gtest/gtest.h>

#include "catalog_fixture.hpp"

namespace flotilla::shop::catalog {
namespace {

const std::string reserve_ten = R"({"productId":"CATALOG-001","qty":10})";

TEST(CatalogApi, SaysWhereItWorks) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        for (const char* path : {"GET /health_check", "GET /catalog-service/health-check"}) {
            const auto response = co_await catalog.send(path);
            EXPECT_EQ(response.text(), "It's Working in Catalog Service on PORT 20000");
        }
    });
}

TEST(CatalogApi, ListsTheProductsOfTheCourse) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        for (const char* path : {"GET /catalogs", "GET /catalog-service/catalogs"}) {
            const auto response = co_await catalog.send(path);
            const Json list = json_of(response);
            EXPECT_EQ(list.size(), 3U);
            EXPECT_EQ(list[0]["productName"].string_or(""), "Berlin");
            EXPECT_EQ(list[0]["stock"].as_int64(), 100);
            EXPECT_EQ(list[0]["createdAt"].string_or(""), "2023-11-14T22:13:20.000+00:00");
        }
    });
}

TEST(CatalogApi, GivesOneProductUnderFourPaths) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        for (const char* path :
             {"GET /CATALOG-002",
              "GET /catalog-service/CATALOG-002",
              "GET /catalogs/CATALOG-002",
              "GET /catalog-service/catalogs/CATALOG-002"}) {
            const auto response = co_await catalog.send(path);
            EXPECT_EQ(json_of(response)["unitPrice"].as_int64(), 1000) << path;
        }
        const auto none = co_await catalog.send("GET /catalog-service/CATALOG-999");
        EXPECT_EQ(status_and_code(none), "404 UNKNOWN_PRODUCT");
    });
}

TEST(CatalogApi, S77_ClientsMayKeepTheListUntilTheStockChanges) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        const auto first = co_await catalog.send("GET /catalogs");
        const std::string tag(first.headers().find("ETag"));
        EXPECT_EQ(tag, R"("3-0")");
        EXPECT_EQ(
            first.headers().find("Cache-Control"),
            "public, max-age=5, stale-while-revalidate=30, stale-if-error=60"
        );
        EXPECT_EQ(first.headers().find("Last-Modified"), "Tue, 14 Nov 2023 22:13:20 GMT");
        CatalogFixture::Fields known{{"If-None-Match", tag}};
        const auto same = co_await catalog.send("GET /catalogs", known);
        EXPECT_EQ(same.status(), http::Status::not_modified);
        EXPECT_EQ(same.text(), "");
        EXPECT_EQ(same.headers().find("ETag"), tag);
        catalog.clock.advance(std::chrono::seconds(1));
        co_await catalog.send_as("service", "PUT /reservations/o1", reserve_ten);
        const auto changed = co_await catalog.send("GET /catalogs", known);
        EXPECT_EQ(changed.status(), http::Status::ok);
        EXPECT_EQ(changed.headers().find("ETag"), R"("3-1")");
        EXPECT_EQ(changed.headers().find("Last-Modified"), "Tue, 14 Nov 2023 22:13:21 GMT");
    });
}

TEST(CatalogApi, S77_OneProductHasATagOfItsOwn) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        CatalogFixture::Fields known{{"If-None-Match", R"("0")"}};
        const auto same = co_await catalog.send("GET /CATALOG-001", known);
        EXPECT_EQ(same.status(), http::Status::not_modified);
        co_await catalog.send_as("service", "PUT /reservations/o1", reserve_ten);
        const auto changed = co_await catalog.send("GET /CATALOG-001", known);
        EXPECT_EQ(json_of(changed)["stock"].as_int64(), 90);
        const auto other = co_await catalog.send("GET /CATALOG-002", known);
        EXPECT_EQ(other.status(), http::Status::not_modified);
    });
}

TEST(CatalogApi, N14_ListsComeInPages) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        const auto first = co_await catalog.send("GET /catalogs?limit=2");
        EXPECT_EQ(json_of(first).size(), 2U);
        std::string link(first.headers().find("Link"));
        EXPECT_TRUE(link.starts_with("<?limit=2&cursor=")) << link;
        const std::string next = "GET /catalogs" + link.substr(1, link.find('>') - 1);
        const auto second = co_await catalog.send(next);
        EXPECT_EQ(json_of(second).size(), 1U);
        const Json rest = json_of(second);
        EXPECT_EQ(rest[0]["productId"].string_or(""), "CATALOG-003");
        EXPECT_FALSE(second.headers().contains("Link"));
        for (const char* bad : {"GET /catalogs?limit=0", "GET /catalogs?limit=x", "GET /catalogs?cursor=x"}) {
            const auto refused = co_await catalog.send(bad);
            EXPECT_EQ(status_and_code(refused), "400 VALIDATION_FAILED") << bad;
        }
    });
}

TEST(CatalogApi, ReservesForServicesOnly) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        const auto nobody = co_await catalog.send("PUT /reservations/o1", {}, reserve_ten);
        EXPECT_EQ(status_and_code(nobody), "401 UNAUTHORIZED");
        const auto user = co_await catalog.send_as("admin", "PUT /reservations/o1", reserve_ten);
        EXPECT_EQ(status_and_code(user), "403 FORBIDDEN");
        const auto release = co_await catalog.send("DELETE /reservations/o1");
        EXPECT_EQ(status_and_code(release), "401 UNAUTHORIZED");
    });
}

TEST(CatalogApi, N7_AReservationCountsOnceAndRepeatsAreCounted) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        const std::string put = "PUT /catalog-service/reservations/o1";
        for (int time = 0; time < 3; ++time) {
            const auto response = co_await catalog.send_as("service", put, reserve_ten);
            EXPECT_EQ(
                response.text(),
                R"({"orderId":"o1","productId":"CATALOG-001","qty":10,"status":"RESERVED","unitPrice":1500,)"
                R"("stock":90})"
            );
        }
        EXPECT_EQ(catalog.meters.duplicates.count(), 2.0);
        const std::string del = "DELETE /catalog-service/reservations/o1";
        const auto released = co_await catalog.send_as("service", del);
        EXPECT_EQ(released.text(), R"({"orderId":"o1","status":"RELEASED","released":true})");
        const auto again = co_await catalog.send_as("service", del);
        EXPECT_EQ(again.text(), R"({"orderId":"o1","status":"RELEASED","released":false})");
        const auto late = co_await catalog.send_as("service", put, reserve_ten);
        EXPECT_EQ(status_and_code(late), "409 RESERVATION_RELEASED");
    });
}

TEST(CatalogApi, S28_TooMuchIsAnsweredWithWhatIsLeft) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        const auto response = co_await catalog.send_as(
            "service", "PUT /reservations/o1", R"({"productId":"CATALOG-001","qty":1000})"
        );
        EXPECT_EQ(status_and_code(response), "409 INSUFFICIENT_STOCK");
        EXPECT_EQ(json_of(response)["available"].as_int64(), 100);
        const auto unknown =
            co_await catalog.send_as("service", "PUT /reservations/o2", R"({"productId":"nothing","qty":1})");
        EXPECT_EQ(status_and_code(unknown), "404 UNKNOWN_PRODUCT");
    });
}

TEST(CatalogApi, AdminsAddProducts) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        const std::string seoul =
            R"({"productId":"CATALOG-004","productName":"Seoul 서울","stock":5,"unitPrice":700})";
        const auto stranger = co_await catalog.send_as("user", "POST /catalogs", seoul);
        EXPECT_EQ(status_and_code(stranger), "403 FORBIDDEN");
        const auto added = co_await catalog.send_as("admin", "POST /catalogs", seoul);
        EXPECT_EQ(status_and_code(added), "201");
        const Json seen_now = json_of(added);
        EXPECT_EQ(seen_now["productName"].string_or(""), "Seoul 서울");
        const auto twice = co_await catalog.send_as("admin", "POST /catalogs", seoul);
        EXPECT_EQ(status_and_code(twice), "409 PRODUCT_EXISTS");
        const auto wrong = co_await catalog.send_as("admin", "POST /catalogs", "{}");
        EXPECT_EQ(status_and_code(wrong), "400 VALIDATION_FAILED");
    });
}

TEST(CatalogApi, AdminsChangeTheVersionThatTheyHaveSeen) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        const std::string patch = "PATCH /catalogs/CATALOG-001";
        const std::string price = R"({"unitPrice":1600})";
        const auto blind = co_await catalog.send_as("admin", patch, price);
        EXPECT_EQ(status_and_code(blind), "428 PRECONDITION_REQUIRED");
        CatalogFixture::Fields old{{"If-Match", R"("7")"}};
        const auto late = co_await catalog.send_as("admin", patch, price, old);
        EXPECT_EQ(status_and_code(late), "412 VERSION_CONFLICT");
        CatalogFixture::Fields seen{{"If-Match", R"("0")"}};
        const auto done = co_await catalog.send_as("admin", patch, price, seen);
        EXPECT_EQ(status_and_code(done), "200");
        EXPECT_EQ(done.headers().find("ETag"), R"("1")");
        const auto unknown = co_await catalog.send_as("admin", "PATCH /catalogs/none", price, seen);
        EXPECT_EQ(status_and_code(unknown), "404 UNKNOWN_PRODUCT");
    });
}

TEST(CatalogApi, FaultsOnDemandStrikeUntilTheyAreTakenBack) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        EXPECT_TRUE(catalog.environment.set_at_run_time({{"shop.fault.catalog.get.error-rate", 1}}));
        const auto struck = co_await catalog.send("GET /catalogs");
        EXPECT_EQ(status_and_code(struck), "500 FAULT_ON_DEMAND");
        EXPECT_TRUE(catalog.environment.set_at_run_time({{"shop.fault.catalog.get.error-rate", nullptr}}));
        const auto well = co_await catalog.send("GET /catalogs");
        EXPECT_EQ(status_and_code(well), "200");
    });
}

TEST(CatalogApi, S73_WithoutItsDatabaseItSaysWhenToComeBack) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        const auto dropped = co_await catalog.source->execute("drop table catalog");
        EXPECT_TRUE(dropped);
        const auto response = co_await catalog.send("GET /catalogs");
        EXPECT_EQ(http::code_of(response.status()) / 100, 5);
        EXPECT_EQ(response.text()->find("select"), std::string_view::npos);
    });
}

}  // namespace
}  // namespace flotilla::shop::catalog
