# What './dev up' runs, in starting order. Sourced by ./dev.
# shellcheck shell=bash
#
# One line a part: name | port | health URL | page to show | command
parts_table() {
    local hello=${FLOTILLA_HELLO_PORT:-9101}
    cat <<TABLE
hello | $hello | http://127.0.0.1:$hello/actuator/health | http://127.0.0.1:$hello/hello | build/release/bin/hello --server.port=$hello
TABLE
}
