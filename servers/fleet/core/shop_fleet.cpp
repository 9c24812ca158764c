#include "flotilla/fleet/fleet_file.hpp"

namespace flotilla::fleet {

std::string_view shop_fleet() noexcept {
    return R"(# The shop on one machine: what 'flotilla up' runs. 'flotilla up --print' shows this; change a copy and run it
# with 'flotilla up --file FILE'.
common:
  - --eureka.client.service-url.defaultZone=http://127.0.0.1:${port.registry}/eureka/
parts:
  - name: registry
    command: flotilla registry
    port: 8761
    show: true
  - name: user
    command: shop-user
    after: [registry]
    page: /welcome
    options: ["--spring.datasource.url=sqlite:${data}/userdb.sqlite"]
    environment: {TOKEN_SECRET: "${secret.token}"}
  - name: catalog
    command: shop-catalog
    after: [registry]
    page: /catalogs
    options: ["--spring.datasource.url=sqlite:${data}/catalogdb.sqlite"]
    environment: {TOKEN_SECRET: "${secret.token}"}
  - name: order
    command: shop-order
    instances: 2
    after: [registry]
    page: /health_check
    options: ["--spring.datasource.url=sqlite:${data}/orderdb.sqlite"]
    environment: {TOKEN_SECRET: "${secret.token}"}
  - name: gateway
    command: flotilla gateway
    port: 8000
    after: [registry, user, catalog, order]
    page: /catalog-service/catalogs
    options: ["--flotilla.gateway.preset=shop"]
    environment: {TOKEN_SECRET: "${secret.token}"}
    show: true
)";
}

}  // namespace flotilla::fleet
