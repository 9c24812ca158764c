# What './dev up' runs, in starting order. Sourced by ./dev.
# shellcheck shell=bash
#
# One line a part: name | port | health URL | page to show | command
parts_table() {
    local bin=build/release/bin
    local registry=${FLOTILLA_REGISTRY_PORT:-8761} dns=${FLOTILLA_DNS_PORT:-8600} hello=${FLOTILLA_HELLO_PORT:-9101}
    local ferry=${FLOTILLA_FERRY_PORT:-9110} first=${FLOTILLA_LIGHTHOUSE1_PORT:-9111} second=${FLOTILLA_LIGHTHOUSE2_PORT:-9112}
    local join="--eureka.client.service-url.defaultZone=http://127.0.0.1:$registry/eureka/ --management.endpoints.web.exposure.include=*"
    local url=http://127.0.0.1
    cat <<TABLE
registry | $registry | $url:$registry/actuator/health | $url:$registry/ | $bin/flotilla registry --server.port=$registry --eureka.consul.dns-port=$dns
hello | $hello | $url:$hello/actuator/health | $url:$hello/hello | $bin/hello --server.port=$hello $join
lighthouse1 | $first | $url:$first/actuator/health | $url:$first/lighthouse/busan/weather | $bin/lighthouse --server.port=$first $join
lighthouse2 | $second | $url:$second/actuator/health | $url:$second/lighthouse/busan/weather | $bin/lighthouse --server.port=$second $join
ferry | $ferry | $url:$ferry/actuator/health | $url:$ferry/ferry/busan | $bin/ferry --server.port=$ferry --spring.config.additional-location=examples/ferry/ $join
TABLE
}
