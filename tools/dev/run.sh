# ./dev up, down, status: the fleet, built and run. Sourced by ./dev.
# shellcheck shell=bash

FLEET_DATA=build/data
FLEET=build/release/bin/flotilla

help_up() {
    cat <<'TEXT'
./dev up [options]      install, build, start the whole fleet, show where it is, follow its logs; Ctrl-C stops all
./dev up --detach       the same, but leave it running: './dev status' looks at it, './dev down' stops it

The options are those of 'flotilla up': --only, --without, --scale order=3, --port gateway=8001, --file FILE and more
('flotilla up --help'). Databases and logs are kept in build/data; './dev clean' removes them.
TEXT
}

run_up() {
    build_targets release programs
    exec "$FLEET" up "--data=$FLEET_DATA" "$@"
}

help_down() {
    cat <<'TEXT'
./dev down              stop what './dev up --detach' started
TEXT
}

run_down() {
    [ $# -eq 0 ] || usage_error "down takes no arguments"
    if [ -x "$FLEET" ]; then "$FLEET" down "--data=$FLEET_DATA"; else say "Nothing runs."; fi
}

help_status() {
    cat <<'TEXT'
./dev status [--json]   what runs where: name, pid, port, health, memory, uptime, restarts; fails unless all is up
TEXT
}

run_status() {
    [ -x "$FLEET" ] || fail "status" "nothing is built yet: ./dev up"
    exec "$FLEET" status "--data=$FLEET_DATA" "$@"
}
