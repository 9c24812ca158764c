# ./dev bench: every bench of bench/ by its name. Sourced by ./dev.
# shellcheck shell=bash

help_bench() {
    cat <<'TEXT'
./dev bench [name...]   run benches beside their peers and print the ratios; all of them if none is named

A bench is a script bench/NAME/run; results are printed and kept as JSON in build/bench/NAME.json.
Names are what 'ls bench' shows: http (beside nginx), gateway (beside nginx and HAProxy), resilience
(beside Resilience4j: installs a JDK and Maven), registry (10,000 instances), shop (beside the same in Spring: the same
JDK and Maven), micro (single operations).
TEXT
}

run_bench() {
    local names=("$@") name
    if [ ${#names[@]} -eq 0 ]; then
        for name in bench/*/run; do names+=("$(basename "$(dirname "$name")")"); done
    fi
    for name in "${names[@]}"; do
        [ -x "bench/$name/run" ] || usage_error "no such bench: $name (./dev help bench)"
    done
    # The peers of these are Java.
    [[ ! " ${names[*]} " =~ " resilience "|" shop " ]] || ensure_packages interop
    build_targets release programs benchmarks
    mkdir -p build/bench
    for name in "${names[@]}"; do
        say "${BOLD}==> bench $name${PLAIN}"
        "bench/$name/run" || fail "bench $name" "the message is above"
    done
}
