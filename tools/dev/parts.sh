# What './dev up' runs, in starting order. Sourced by ./dev.
# shellcheck shell=bash
#
# One line a part: name | port | health URL | page to show | command
parts_table() {
    local hello=${FLOTILLA_HELLO_PORT:-9101} registry=${FLOTILLA_REGISTRY_PORT:-8761}
    local lighthouse=${FLOTILLA_LIGHTHOUSE_PORT:-9111} ferry=${FLOTILLA_FERRY_PORT:-9110}
    local fleet="--eureka.client.service-url.defaultZone=http://127.0.0.1:$registry/eureka/"
    cat <<TABLE
registry | $registry | http://127.0.0.1:$registry/actuator/health | http://127.0.0.1:$registry/ | build/release/bin/flotilla registry --server.port=$registry
hello | $hello | http://127.0.0.1:$hello/actuator/health | http://127.0.0.1:$hello/hello | build/release/bin/hello --server.port=$hello
lighthouse | $lighthouse | http://127.0.0.1:$lighthouse/actuator/health | http://127.0.0.1:$lighthouse/lighthouse/busan/weather | build/release/bin/lighthouse --server.port=$lighthouse $fleet
ferry | $ferry | http://127.0.0.1:$ferry/actuator/health | http://127.0.0.1:$ferry/ferry/busan | build/release/bin/ferry --server.port=$ferry --spring.config.additional-location=examples/ferry/ $fleet
TABLE
}
