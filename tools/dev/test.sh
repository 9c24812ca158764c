# ./dev test: every suite becomes a job with a log and a line "passed failed" of its own. Sourced by ./dev.
# shellcheck shell=bash

RESULTS=build/test
PYTHON=/usr/bin/python3

help_test() {
    cat <<'TEXT'
./dev test [kinds] [filter...]      build what is needed, run tests; the last line counts: N passed, N failed

Kinds (several may be named; without any: unit tests of the release build, build rules, wire tests, and the fast ones of
the end-to-end tests):
  --unit            only the unit tests of the release build
  --build           only the build rules (floors, includes, headers, install)
  --wire            only the wire tests: real sockets, real programs at the other end
  --e2e             the end-to-end tests, all of them: whole fleets of the shop, under load and faults; a quarter of an hour
  --asan            unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
  --tsan            unit tests under ThreadSanitizer
  --gcc             unit tests built with g++ 12, under AddressSanitizer
  --interop         real systems at the other end: Spring's Eureka server and clients, by Maven and npm; installs a JDK
  --fuzz [seconds]  each fuzz target for that long (60)
  --all             all of the above

Filters: names of modules (http, shop_order), or parts of test names (MovedPermanently). A log of each suite is in build/test.
TEXT
}

# ---- one suite: run_*_suite NAME ... leaves RESULTS/NAME.log and RESULTS/NAME.count -------------------------------

xml_number() { # FILE ATTRIBUTE: of the first element that has it
    grep -om1 " $2=\"[0-9]*\"" "$1" | head -n1 | tr -dc 0-9
}

count_xml() { # FILE STATUS: "passed failed" from a JUnit-like report
    local file=$1 status=$2 tests failures errors skipped
    if [ ! -s "$file" ]; then
        echo "0 1"
        return
    fi
    tests=$(xml_number "$file" tests)
    failures=$(xml_number "$file" failures)
    errors=$(xml_number "$file" errors)
    skipped=$(grep -cE 'result="(skipped|suppressed)"|<skipped' "$file" || true)
    failures=$((${failures:-0} + ${errors:-0}))
    # A crash after the last test, or a leak found at exit: no test to blame, yet a failure.
    if [ "$status" -ne 0 ] && [ "$failures" -eq 0 ]; then failures=1 tests=$((tests + 1)); fi
    echo "$((tests - failures - skipped)) $failures"
}

run_gtest_suite() { # NAME PROGRAM FILTER
    local name=$1 program=$2 filter=$3 status=0 xml=$RESULTS/$1.xml
    rm -f "$xml"
    # SIGKILL in the end: a runtime under test blocks SIGTERM for the whole process.
    timeout -k 10 "${FLOTILLA_SUITE_TIMEOUT:-400}" "$program" --gtest_filter="$filter" --gtest_output="xml:$xml" \
        </dev/null >"$RESULTS/$name.all.log" 2>&1 || status=$?
    # What went well says nothing; what was begun and not ended is the test that hung or crashed.
    awk '/^\[ RUN  / { run = $0; next } /^\[       OK / { run = ""; next } /^\[---/ || /^$/ { next }
        run != "" { print run; run = "" } { print } END { if (run != "") print run, " <- not ended" }' \
        "$RESULTS/$name.all.log" >"$RESULTS/$name.log"
    rm -f "$RESULTS/$name.all.log"
    [ "$status" -eq 0 ] || echo "exit status $status" >>"$RESULTS/$name.log"
    count_xml "$xml" "$status" >"$RESULTS/$name.count"
}

run_pytest_suite() { # NAME FOLDER PYTEST_ARGUMENTS...
    local name=$1 folder=$2 status=0 xml=$RESULTS/$1.xml
    shift 2
    rm -f "$xml" "$RESULTS/$name.unsteady"
    PYTHONDONTWRITEBYTECODE=1 timeout -k 10 "${FLOTILLA_SUITE_TIMEOUT:-900}" "$PYTHON" -m pytest -q -p no:cacheprovider --tb=short \
        --junit-xml="$xml" "$@" "$folder" </dev/null >"$RESULTS/$name.log" 2>&1 || status=$?
    [ "$status" -ne 5 ] || status=0 # no test matched
    count_xml "$xml" "$status" >"$RESULTS/$name.count"
    [ "$status" -ne 1 ] || try_alone "$name"
}

# These tests start many programs side by side, and a machine may be too slow for all of them at once. A failure that is
# not there when nothing else runs is told as unsteady, and not as a failure. More than three are no coincidence.
try_alone() { # NAME
    local name=$1 failed passed failures
    mapfile -t failed < <(sed -n 's/^\(FAILED\|ERROR\) \([^ ]*\).*/\2/p' "$RESULTS/$name.log")
    [ ${#failed[@]} -ge 1 ] && [ ${#failed[@]} -le 3 ] || return 0
    PYTHONDONTWRITEBYTECODE=1 timeout -k 10 300 "$PYTHON" -m pytest -q -p no:cacheprovider --tb=short "${failed[@]}" \
        </dev/null >"$RESULTS/$name.again.log" 2>&1 || return 0
    read -r passed failures <"$RESULTS/$name.count"
    echo "$((passed + failures)) 0" >"$RESULTS/$name.count"
    printf '%s\n' "${failed[@]}" >"$RESULTS/$name.unsteady"
}

run_fuzz_suite() { # NAME PROGRAM SECONDS SEEDS
    local name=$1 program=$2 seconds=$3 seeds=$4 corpus=build/fuzz/corpus/$1
    mkdir -p "$corpus" build/fuzz/found
    [ -d "$seeds" ] || seeds=$corpus
    if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/found/$name-" "$corpus" "$seeds" </dev/null >"$RESULTS/$name.log" 2>&1; then
        echo "1 0" >"$RESULTS/$name.count"
    else
        echo "0 1" >"$RESULTS/$name.count"
    fi
}

# ---- the pool --------------------------------------------------------------------------------------------------------

passed_total=0 failed_total=0 jobs_running=0

report_suite() { # NAME SECONDS
    local name=$1 passed failed
    read -r passed failed <"$RESULTS/$name.count"
    passed_total=$((passed_total + passed)) failed_total=$((failed_total + failed))
    if [ "$failed" -gt 0 ]; then
        say "${RED}FAILED${PLAIN}  $name: $failed of $((passed + failed)) ($2 s)"
        tail -n 200 "$RESULTS/$name.log" | sed 's/^/    /'
    elif [ "$passed" -gt 0 ]; then
        say "${GREEN}ok${PLAIN}      $name: $passed ($2 s)"
    fi
    if [ -s "$RESULTS/$name.unsteady" ]; then
        sed 's/^/  unsteady, passed alone: /' "$RESULTS/$name.unsteady"
        tail -n 60 "$RESULTS/$name.log" | sed 's/^/    /'
    fi
}

declare -A suite_of_job=() start_of_job=()

await_one_job() {
    local pid=0
    wait -n -p pid "${!suite_of_job[@]}" || true
    report_suite "${suite_of_job[$pid]}" $((SECONDS - start_of_job[$pid]))
    unset "suite_of_job[$pid]"
    jobs_running=$((jobs_running - 1))
}

# start_suite NAME COMMAND...: runs it beside others, as many as there are cores.
start_suite() {
    local name=$1
    shift
    while [ "$jobs_running" -ge "$(nproc)" ]; do await_one_job; done
    echo "0 1" >"$RESULTS/$name.count"
    "$@" &
    suite_of_job[$!]=$name start_of_job[$!]=$SECONDS
    jobs_running=$((jobs_running + 1))
}

await_all_jobs() { while [ "$jobs_running" -gt 0 ]; do await_one_job; done; }

# ---- filters ----------------------------------------------------------------------------------------------------------

filters=()

is_module() { [ -d "modules/$1" ] || [ -d "servers/$1" ] || [[ $1 == shop_* && -d shop/${1#shop_} ]]; }

# Of the filters, those that name modules, and those that name tests.
module_filters() { local f; for f in "${filters[@]}"; do if is_module "$f"; then printf '%s\n' "$f"; fi; done; }

test_filters() { local f; for f in "${filters[@]}"; do if ! is_module "$f"; then printf '%s\n' "$f"; fi; done; }

gtest_filter() {
    local f pattern=''
    for f in $(test_filters); do pattern+="${pattern:+:}*$f*"; done
    printf '%s' "${pattern:-*}"
}

wants_module() { # NAME: no module is named, or this one
    local named
    named=$(module_filters)
    [ -z "$named" ] || grep -qxF "$1" <<<"$named"
}

# ---- the kinds ----------------------------------------------------------------------------------------------------------

test_unit() { # PRESET
    local preset=$1 targets name program module
    mapfile -t targets < <(module_filters | sed 's/.*/flotilla_&_tests/')
    [ ${#targets[@]} -gt 0 ] || targets=(unit_tests)
    build_targets "$preset" "${targets[@]}"
    while read -r name program; do
        module=${name#flotilla_}
        module=${module%_tests}
        wants_module "$module" || continue
        start_suite "$preset-$module" run_gtest_suite "$preset-$module" "$program" "$(gtest_filter)"
    done < <(programs_of "$preset" test)
    await_all_jobs
}

pytest_filter() {
    local f words=''
    for f in $(test_filters); do words+="${words:+ or }$f"; done
    [ -z "$words" ] || printf -- '-k\n%s\n' "$words"
}

test_build_rules() {
    [ -z "$(module_filters)" ] || return 0
    local arguments
    mapfile -t arguments < <(pytest_filter)
    build_targets release modules # the install fixture takes them
    start_suite build-rules run_pytest_suite build-rules tests/build -n "$(nproc)" "${arguments[@]}"
    await_all_jobs
}

test_wire() {
    [ -z "$(module_filters)" ] || return 0
    local arguments
    mapfile -t arguments < <(pytest_filter)
    build_targets release programs
    ensure_node_packages
    start_suite wire run_pytest_suite wire tests/wire -n "$(($(nproc) * 2))" "${arguments[@]}"
    await_all_jobs
}

test_e2e_fast() {
    [ -z "$(module_filters)" ] || return 0
    local arguments
    mapfile -t arguments < <(pytest_filter)
    build_targets release programs
    start_suite e2e-fast run_pytest_suite e2e-fast tests/e2e -m fast -n "$(nproc)" "${arguments[@]}"
    await_all_jobs
}

# The others measure times, or want the machine for themselves: one after the other.
test_e2e() {
    [ -z "$(module_filters)" ] || return 0
    local arguments
    mapfile -t arguments < <(pytest_filter)
    test_e2e_fast
    FLOTILLA_SUITE_TIMEOUT=${FLOTILLA_SUITE_TIMEOUT:-1800} start_suite e2e run_pytest_suite e2e tests/e2e -m 'not fast' "${arguments[@]}"
    await_all_jobs
}

test_interop() {
    [ -z "$(module_filters)" ] || return 0
    local arguments
    mapfile -t arguments < <(pytest_filter)
    ensure_packages interop
    build_targets release programs
    # Most of it is what it downloads when it runs for the first time: 250 MB.
    FLOTILLA_SUITE_TIMEOUT=${FLOTILLA_SUITE_TIMEOUT:-1500} start_suite interop run_pytest_suite interop tests/interop "${arguments[@]}"
    await_all_jobs
}

test_fuzz() { # SECONDS
    local name program
    build_targets fuzz fuzzers
    while read -r name program; do
        start_suite "$name" run_fuzz_suite "$name" "$program" "$1" "$(fuzz_seeds "${name#fuzz_}")"
    done < <(programs_of fuzz fuzz)
    await_all_jobs
}

fuzz_seeds() { # STEM: modules/*/fuzz/corpus/STEM
    compgen -G "modules/*/fuzz/corpus/$1" | head -n1 || true
}

use_sanitizer_options() {
    export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
    export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
    export TSAN_OPTIONS=${TSAN_OPTIONS:-second_deadlock_stack=1}
    if [ -x /usr/bin/llvm-symbolizer-19 ]; then
        export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19 TSAN_OPTIONS="$TSAN_OPTIONS:external_symbolizer_path=/usr/bin/llvm-symbolizer-19"
    fi
}

# The last line counts, also when a build broke before its tests could run.
after_failed_test_run() { say "$passed_total passed, $((failed_total + 1)) failed"; }

run_test() {
    local kinds=() seconds=60 kind
    while [ $# -gt 0 ]; do
        case $1 in
            --unit | --build | --wire | --e2e | --interop | --asan | --tsan | --gcc) kinds+=("${1#--}") ;;
            --fuzz)
                kinds+=(fuzz)
                if [[ ${2:-} =~ ^[0-9]+$ ]]; then
                    seconds=$2
                    shift
                fi
                ;;
            --all) kinds=(unit build wire e2e interop asan tsan gcc fuzz) ;;
            -*) usage_error "test: unknown option $1 (./dev help test)" ;;
            *) filters+=("$1") ;;
        esac
        shift
    done
    [ ${#kinds[@]} -gt 0 ] || kinds=(unit build wire e2e-fast)
    mkdir -p "$RESULTS"
    # shellcheck disable=SC2317 # fail calls it
    after_failure() { after_failed_test_run; }
    use_sanitizer_options
    for kind in "${kinds[@]}"; do
        case $kind in
            unit) test_unit release ;;
            build) test_build_rules ;;
            wire) test_wire ;;
            e2e) test_e2e ;;
            e2e-fast) test_e2e_fast ;;
            interop) test_interop ;;
            fuzz) test_fuzz "$seconds" ;;
            *) test_unit "$kind" ;;
        esac
    done
    if [ $((passed_total + failed_total)) -eq 0 ]; then
        note "no test matches: ${filters[*]}"
        failed_total=1
    fi
    say "$passed_total passed, $failed_total failed"
    [ "$failed_total" -eq 0 ]
}
