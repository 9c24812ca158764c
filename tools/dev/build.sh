# ./dev build: configure and compile. Sourced by ./dev.
# shellcheck shell=bash

PRESETS="release debug asan tsan gcc fuzz"

is_preset() { [[ " $PRESETS " == *" $1 "* ]]; }

# Configures when it was never done, or with other settings. Changed CMake files are ninja's business.
configure() {
    local preset=$1 werror=OFF settings
    [ -z "${CI:-}" ] || werror=ON
    settings="werror=$werror $(cksum <CMakePresets.json)"
    local stamp=build/$preset/.configured
    [ "$(cat "$stamp" 2>/dev/null || true)" != "$settings" ] || return 0
    step "configure $preset" "read the first error above; './dev clean' forgets an old configuration" \
        cmake --preset "$preset" -DFLOTILLA_WERROR="$werror"
    printf '%s' "$settings" >"$stamp"
}

# build_targets PRESET TARGET...: everything that must happen first, then the targets.
build_targets() {
    local preset=$1 jobs=()
    shift
    [ -z "${FLOTILLA_SKIP_BUILD:-}" ] || return 0
    ensure_packages
    mkdir -p "build/$preset"
    configure "$preset"
    if ninja -C "build/$preset" -n "$@" 2>/dev/null | grep -q 'no work to do'; then return 0; fi
    [ -z "${FLOTILLA_JOBS:-}" ] || jobs=(-j "$FLOTILLA_JOBS")
    step "build $preset" "mend the first error above, then run it again" \
        flock "build/$preset/.lock" ninja -C "build/$preset" "${jobs[@]}" "$@"
}

# Programs of a preset, as CMake wrote them down: programs_of PRESET KIND -> "name path" lines.
programs_of() {
    awk -v kind="$2" '$1 == kind { print $2, $3 }' "build/$1/programs.txt"
}

help_build() {
    cat <<'TEXT'
./dev build [preset] [target...]     compile; programs land in build/PRESET/bin

Presets: release (default), debug, asan (address + undefined behaviour), tsan (threads), gcc (g++ 12), fuzz.
Targets: as in CMake, for example flotilla_http_tests; programs (what './dev up' runs), unit_tests, benchmarks; everything
if none is named. FLOTILLA_JOBS=n limits how many compilers run at once. With CI set, warnings are errors.
TEXT
}

run_build() {
    local preset=release
    if [ $# -gt 0 ] && is_preset "$1"; then
        preset=$1
        shift
    fi
    build_targets "$preset" "$@"
}

help_clean() {
    cat <<'TEXT'
./dev clean             stop what './dev up' left running, then remove build/ and fetched Node packages
TEXT
}

run_clean() {
    run_down
    rm -rf build tests/wire/node_modules
    say "Clean."
}
