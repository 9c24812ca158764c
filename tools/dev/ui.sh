# How ./dev speaks: steps, progress, failures. Sourced by ./dev.
# shellcheck shell=bash

# shellcheck disable=SC2034 # used by the other pieces
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    BOLD=$'\e[1m' RED=$'\e[31m' GREEN=$'\e[32m' DIM=$'\e[2m' PLAIN=$'\e[0m'
else
    BOLD='' RED='' GREEN='' DIM='' PLAIN=''
fi

say() { printf '%s\n' "$*"; }

note() { printf '%s\n' "${DIM}$*${PLAIN}"; }

# A command may have something to say after a failure.
after_failure() { :; }

# fail STEP WHAT_TO_DO [LOG]: the one way to give up.
fail() {
    local step=$1 advice=$2 log=${3:-}
    {
        [ -z "$log" ] || [ ! -s "$log" ] || tail -n 30 "$log"
        printf '\n%s./dev: failed: %s%s\n' "$RED" "$step" "$PLAIN"
        printf '  what to do: %s\n' "$advice"
        [ -z "$log" ] || printf '  full output: %s\n' "$log"
    } >&2
    after_failure
    exit 1
}

usage_error() {
    printf './dev: %s\n' "$*" >&2
    exit 2
}

# Follows a command's output: leaves out what nobody reads, and of "[7/120] ..." lines one in each tenth of the way.
# A terminal gets a counter that rewrites itself.
progress_filter() {
    local line tenth last=-1 open=
    while IFS= read -r line; do
        if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
            tenth=$((BASH_REMATCH[1] * 10 / BASH_REMATCH[2]))
            if [ -n "$PLAIN" ]; then
                printf '\r\e[K  %s' "${line:0:100}"
                open=1
            elif [ "$tenth" -ne "$last" ]; then
                printf '  %s\n' "$line"
            fi
            last=$tenth
        elif [[ ! $line =~ ^(-- |ninja: (Entering|no work)|Preset CMake variables:|\ +[A-Z_]+(:[A-Z]+)?=|$) ]]; then
            [ -z "$open" ] || printf '\r\e[K'
            printf '  %s\n' "$line"
            open=
        fi
    done
    [ -z "$open" ] || printf '\r\e[K'
}

# step NAME WHAT_TO_DO_IF_IT_FAILS COMMAND...: runs a long command with progress, keeps its whole output.
step() {
    local name=$1 advice=$2 log status=0 started=$SECONDS
    shift 2
    mkdir -p build/log
    log=build/log/${name//[^A-Za-z0-9]/-}.log
    say "${BOLD}==> $name${PLAIN}"
    "$@" </dev/null 2>&1 | tee "$log" | progress_filter || status=${PIPESTATUS[0]}
    [ "$status" -eq 0 ] || fail "$name" "$advice" "$log"
    [ $SECONDS -eq $started ] || note "    $((SECONDS - started)) s"
}
