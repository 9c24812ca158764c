#include <string>

#include "flotilla/base/text.hpp"
#include "flotilla/fleet/fleet_file.hpp"

namespace flotilla::fleet {

namespace {

/// The fleet of the shop and of the course. Words in angle brackets are where the two differ.
constexpr std::string_view both = R"(<about>
common:
  - --eureka.client.service-url.defaultZone=http://127.0.0.1:${port.registry}/eureka/
<common>parts:
  - name: registry
    command: flotilla registry
    port: 8761
    show: true
  - name: user
    command: shop-user
    after: [registry]
    page: <user-page>
<user-data>    environment: {TOKEN_SECRET: "${secret.token}"}
  - name: catalog
    command: shop-catalog
    after: [registry]
    page: /catalogs
<catalog-data>    environment: {TOKEN_SECRET: "${secret.token}"}
  - name: order
    command: shop-order
<order-instances>    after: [registry]
    page: /health_check
<order-data>    environment: {TOKEN_SECRET: "${secret.token}"}
  - name: gateway
    command: flotilla gateway
    port: 8000
    after: [registry, user, catalog, order]
    page: /catalog-service/catalogs
    options: ["--flotilla.gateway.preset=<preset>"]
    environment: {TOKEN_SECRET: "${secret.token}"}
    show: true
)";

struct Differences {
    std::string_view preset;
    std::string_view about;  ///< comment lines
    std::string_view common;
    std::string_view user_page;
    std::string_view order_instances;
    bool files = false;  ///< each service has a database in the data folder
};

std::string data_of(const Differences& those, std::string_view service) {
    if (!those.files) return {};
    return replace_all(
        "    options: [\"--spring.datasource.url=sqlite:${data}/<service>db.sqlite\"]\n", "<service>", service
    );
}

std::string fleet_of(const Differences& those) {
    std::string text(both);
    text = replace_all(std::move(text), "<about>", those.about);
    text = replace_all(std::move(text), "<common>", those.common);
    text = replace_all(std::move(text), "<user-page>", those.user_page);
    text = replace_all(std::move(text), "<order-instances>", those.order_instances);
    text = replace_all(std::move(text), "<preset>", those.preset);
    for (const std::string_view service : {"user", "catalog", "order"})
        text = replace_all(std::move(text), "<" + std::string(service) + "-data>", data_of(those, service));
    return text;
}

}  // namespace

std::string shop_fleet() {
    return fleet_of(
        {.preset = "shop",
         .about =
             "# The shop on one machine: what 'flotilla up' runs. 'flotilla up --print' shows this; change a "
             "copy and run it\n# with 'flotilla up --file FILE'.",
         .common = "",
         .user_page = "/welcome",
         .order_instances = "    instances: 2\n",
         .files = true}
    );
}

std::string course_fleet() {
    return fleet_of(
        {.preset = "course",
         .about =
             "# The shop as naive as the course has it, for its lessons: what 'flotilla up --profile course' "
             "runs.\n# Databases are in memory, one for each process: they end with it. 'flotilla up "
             "--profile course --print' shows this.",
         .common = "  - --shop.profile=course\n  - \"--spring.datasource.url=sqlite::memory:\"\n",
         .user_page = "/health_check",
         .order_instances = ""}
    );
}

}  // namespace flotilla::fleet
