# ./dev lint and format. Sourced by ./dev.
# shellcheck shell=bash
#
# A check is a function lint_NAME that prints what it found and fails, or is silent.

LINT_CHECKS="format scripts packages rules paths modules headers tidy"

tracked() { git ls-files --cached --others --exclude-standard -- "$@" | while read -r f; do [ ! -f "$f" ] || echo "$f"; done; }

cxx_files() { tracked '*.cpp' '*.hpp'; }

# found WHAT: fails if there is input, shows it under that headline.
found() {
    local lines
    lines=$(cat)
    [ -n "$lines" ] || return 0
    printf '%s\n%s\n' "$1:" "$lines"
    return 1
}

lint_format() (
    set +o pipefail # a grep that finds nothing is good news
    cxx_files | xargs -r -P "$(nproc)" -n 20 clang-format-19 --dry-run --Werror 2>&1 |
        grep -E 'error:' | cut -d: -f1 | sort -u | found "not in the one format (./dev format mends it)"
)

bash_scripts() {
    tracked dev '.ci/*' '*.sh'
    tracked | xargs -r grep -lE -m1 '^#!.*\b(ba)?sh$' || true
}

lint_scripts() { bash_scripts | sort -u | xargs -r shellcheck -x; }

lint_packages() (
    set +o pipefail # a grep that finds nothing is good news
    local status=0
    grep -vE '^(#|$)' packages.txt | grep -vE '^[a-z0-9.+-]+ +(has:[^ ]+ +)?(for:[^ ]+ +)?# .' | found "packages.txt: a package without a reason" || status=1
    grep -vE '^(#|$)' packages.txt | awk '{ print $1 }' | sort | uniq -d | found "packages.txt: twice" || status=1
    tracked '*package-lock.json' | xargs -r grep -n '"resolved"' | found "a lock file names a registry (npm install --omit-lockfile-registry-resolved)" || status=1
    exit $status
)

# Rules that a regular expression can tell.
lint_rules() (
    set +o pipefail # a grep that finds nothing is good news
    local status=0
    cxx_files | grep -vE '^(modules/(base|runtime)|bench)/|/bench/' |
        xargs -r grep -nE '(steady|system|high_resolution)_clock::now\(\)' |
        found "time comes from Clock (only base and runtime read the clock)" || status=1
    tracked '*.cpp' '*.hpp' '*.cmake' '*.sh' '*.py' '*CMakeLists.txt' dev | xargs -r grep -nE '\b(TO''DO|FIX''ME)\b' | grep -vE '#[0-9]+' |
        found "a to-do without the number of an issue" || status=1
    tracked '*.hpp' | grep -v '^cmake/pch/' | while read -r f; do grep -q '^#pragma once$' "$f" || echo "$f"; done | found "no #pragma once" || status=1
    cxx_files | xargs -r grep -nE 'NOLINT' | grep -vE 'NOLINT(NEXTLINE|BEGIN|END)?\([a-z*].*\)' |
        found "a suppression must name its check, and say why" || status=1
    tracked 'modules/*/tests/*.cpp' | xargs -r grep -nE 'this_thread::sleep|usleep\(|\bsleep\([0-9]' |
        found "unit tests do not sleep: wind a ManualClock, or wait for an event" || status=1
    cxx_files | xargs -r grep -nP '\b(if|while) \((?:[^()=;]|(?<p>\((?:[^()]|(?&p))*\)))*\(?\bco_await\b' |
        found "g++ 12 breaks co_await in a condition: if (const bool sent = co_await write(); !sent)" || status=1
    exit $status
)

# The repository must work anywhere: no folder of one machine, no registry of one network.
lint_paths() (
    set +o pipefail # a grep that finds nothing is good news
    local status=0
    tracked | grep -v '^LICENSE$' | xargs -r grep -nIE '(^|[^A-Za-z0-9_./{}$-])/(home|root|work|Users|mnt|workspace)/[A-Za-z0-9]' |
        found "a path of one machine" || status=1
    tracked | grep -vE '^tools/dev/lint.sh$' |
        xargs -r grep -nIE 'https?://(registry\.|repo1?\.|deb\.|pypi\.|files\.pythonhosted|index\.crates|proxy\.golang)' |
        found "the address of a package registry" || status=1
    exit $status
)

lint_modules() {
    configure release >&2
    diff docs/modules.md build/release/modules.md >/dev/null || echo "docs/modules.md" | found "not what the build says (./dev format refreshes it)"
}

lint_headers() {
    # The step shows its progress itself, and fails with the first header that does not compile alone.
    (build_targets release all_verify_interface_header_sets) >&2
}

lint_tidy() {
    (
        configure lint
        "$PYTHON" tools/dev/tidy.py build/lint/compile_commands.json build/lint/cache "${lint_folders[@]}"
    ) >&2
}

help_lint() {
    cat <<TEXT
./dev lint [check...] [folder...]   static checks; all of them, over everything, if nothing is named

Checks: $LINT_CHECKS
  format    clang-format-19                  scripts   shellcheck
  packages  packages.txt, lock files         rules     clocks, to-dos, suppressions, sleeps
  paths     nothing of one machine           modules   docs/modules.md is what the build says
  headers   every header compiles alone      tidy      clang-tidy-19, and the rule about co_await (.clang-tidy)
Folders limit tidy: ./dev lint tidy modules/http. What passed is remembered in build/lint/cache.
TEXT
}

run_lint() {
    local checks=() check status=0 started
    lint_folders=()
    while [ $# -gt 0 ]; do
        if [[ " $LINT_CHECKS " == *" $1 "* ]]; then checks+=("$1"); elif [ -d "$1" ]; then lint_folders+=("${1%/}"); else
            usage_error "lint: neither a check nor a folder: $1 (./dev help lint)"
        fi
        shift
    done
    # shellcheck disable=SC2206 # one word per check
    [ ${#checks[@]} -gt 0 ] || checks=($LINT_CHECKS)
    ensure_packages
    local passed=0 failed=0
    for check in "${checks[@]}"; do
        started=$SECONDS
        if "lint_$check"; then
            say "${GREEN}ok${PLAIN}      lint-$check ($((SECONDS - started)) s)"
            passed=$((passed + 1))
        else
            say "${RED}FAILED${PLAIN}  lint-$check"
            failed=$((failed + 1)) status=1
        fi
    done
    say "$passed passed, $failed failed"
    return $status
}

help_format() {
    cat <<'TEXT'
./dev format            put the C++ sources into the one format (clang-format-19, .clang-format), refresh docs/modules.md
TEXT
}

run_format() {
    ensure_packages
    cxx_files | xargs -r -P "$(nproc)" -n 20 clang-format-19 -i
    configure release
    cp build/release/modules.md docs/modules.md
}
