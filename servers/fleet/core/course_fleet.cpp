#include "flotilla/fleet/fleet_file.hpp"

namespace flotilla::fleet {

std::string_view course_fleet() noexcept {
    return R"(# The shop as naive as the course has it, for its lessons: what 'flotilla up --profile course' runs.
# Databases are in memory, one for each process: they end with it. 'flotilla up --profile course --print' shows this.
common:
  - --eureka.client.service-url.defaultZone=http://127.0.0.1:${port.registry}/eureka/
  - --shop.profile=course
  - "--spring.datasource.url=sqlite::memory:"
parts:
  - name: registry
    command: flotilla registry
    port: 8761
    show: true
  - name: user
    command: shop-user
    after: [registry]
    page: /health_check
    environment: {TOKEN_SECRET: "${secret.token}"}
  - name: catalog
    command: shop-catalog
    after: [registry]
    page: /catalogs
    environment: {TOKEN_SECRET: "${secret.token}"}
  - name: order
    command: shop-order
    after: [registry]
    page: /health_check
    environment: {TOKEN_SECRET: "${secret.token}"}
  - name: gateway
    command: flotilla gateway
    port: 8000
    after: [registry, user, catalog, order]
    page: /catalog-service/catalogs
    options: ["--flotilla.gateway.preset=course"]
    environment: {TOKEN_SECRET: "${secret.token}"}
    show: true
)";
}

}  // namespace flotilla::fleet
