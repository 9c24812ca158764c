# ./dev up, down, status: the parts of the table in parts.sh as processes. Sourced by ./dev.
# shellcheck shell=bash
#
# Each part runs in a session of its own, so that Ctrl-C reaches ./dev alone, which then stops the parts in order.
# build/run/NAME.pid holds "pid start-time": a process id that was given to somebody else in the meantime is not ours.

# shellcheck source=tools/dev/parts.sh
. "${FLOTILLA_PARTS:-tools/dev/parts.sh}"

RUN=${FLOTILLA_RUN_DIR:-build/run}
GRACE=3500 # milliseconds between SIGTERM and SIGKILL

# The table as it was when the parts were started: ports may have been given for that start alone.
current_parts() { if [ -s "$RUN/parts" ]; then cat "$RUN/parts"; else parts_table; fi; }

# for_each_part FUNCTION: called as FUNCTION NAME PORT HEALTH PAGE COMMAND...
for_each_part() {
    local name port health page command
    while IFS='|' read -r name port health page command; do
        # shellcheck disable=SC2086 # words are what is wanted
        "$1" $name $port $health $page $command || return
    done < <(current_parts)
}

start_time_of() { # PID: field 22 of its stat line, counted after the name in parentheses
    local line
    line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # shellcheck disable=SC2086
    set -- ${line##*) }
    [ "$1" != Z ] || return 1
    echo "${20}"
}

pid_of() { # NAME: its pid if it runs
    local pid started
    read -r pid started 2>/dev/null <"$RUN/$1.pid" || return 1
    [ "$(start_time_of "$pid")" = "$started" ] || return 1
    echo "$pid"
}

holder_of_port() { # PORT: "nginx (pid 17)", nothing if it is free
    local line
    line=$(ss -Hltnp "sport = :$1" | head -n1)
    [ -n "$line" ] || return 0
    if [[ $line =~ \(\(\"([^\"]+)\",pid=([0-9]+) ]]; then
        echo "${BASH_REMATCH[1]} (pid ${BASH_REMATCH[2]})"
    else
        echo "a process of another user"
    fi
}

is_healthy() { curl -fsS -m 1 -o "${2:-/dev/null}" "$1" >/dev/null 2>&1; }

# ---- start --------------------------------------------------------------------------------------------------------------

check_port() { # NAME PORT ...
    local holder
    pid_of "$1" >/dev/null && return 0
    holder=$(holder_of_port "$2")
    [ -z "$holder" ] || fail "start $1" "port $2 is held by $holder: stop it, or choose another port by FLOTILLA_${1^^}_PORT=..."
}

start_part() { # NAME PORT HEALTH PAGE COMMAND...
    local name=$1
    if pid_of "$name" >/dev/null; then
        say "$name runs already"
        return 0
    fi
    shift 4
    : >"$RUN/$name.log"
    setsid "$@" </dev/null >>"$RUN/$name.log" 2>&1 &
    local pid=$!
    echo "$pid $(start_time_of "$pid" || echo gone)" >"$RUN/$name.pid"
}

await_part() { # NAME PORT HEALTH ...
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        pid_of "$1" >/dev/null || fail "start $1" "it ended at once; its last words are above" "$RUN/$1.log"
        if is_healthy "$3"; then return 0; fi
        sleep 0.1
    done
    fail "start $1" "no healthy answer from $3 within 30 s" "$RUN/$1.log"
}

show_part() { # NAME PORT HEALTH PAGE ...
    printf '  %-14s %-44s pid %s\n' "$1" "$4" "$(pid_of "$1")"
}

start_all_parts() {
    mkdir -p "$RUN"
    parts_table >"$RUN/parts"
    for_each_part check_port
    for_each_part start_part
    for_each_part await_part
    say "Up and healthy:"
    for_each_part show_part
}

# ---- stop ----------------------------------------------------------------------------------------------------------------

# Stops the named parts: SIGTERM to all, then SIGKILL to what is left.
stop_parts() {
    local name pid deadline
    local -A left=()
    for name in "$@"; do
        pid=$(pid_of "$name") || continue
        left[$name]=$pid
        kill -TERM "$pid" 2>/dev/null || true
    done
    deadline=$((${EPOCHREALTIME/./} + GRACE * 1000))
    while [ ${#left[@]} -gt 0 ] && [ "${EPOCHREALTIME/./}" -lt $deadline ]; do
        for name in "${!left[@]}"; do pid_of "$name" >/dev/null || unset "left[$name]"; done
        [ ${#left[@]} -eq 0 ] || sleep 0.05
    done
    for name in "${!left[@]}"; do
        say "$name did not stop within $GRACE ms: killed"
        kill -KILL "${left[$name]}" 2>/dev/null || true
    done
    for name in "${!left[@]}"; do
        for _ in {1..50}; do
            pid_of "$name" >/dev/null || break
            sleep 0.02
        done
    done
    for name in "$@"; do rm -f "$RUN/$name.pid"; done
}

# Whoever has a pid file, the last started first: also parts that the table no longer names.
stop_all_parts() {
    local files=() names=() file
    mapfile -t files < <(compgen -G "$RUN/*.pid" || true)
    for file in "${files[@]}"; do
        file=${file##*/}
        names=("${file%.pid}" "${names[@]}")
    done
    [ ${#names[@]} -eq 0 ] || stop_parts "${names[@]}"
    rm -f "$RUN/parts"
}

# ---- foreground ------------------------------------------------------------------------------------------------------------

PART_COLOURS=($'\e[36m' $'\e[35m' $'\e[33m' $'\e[34m' $'\e[32m' $'\e[96m' $'\e[95m' $'\e[93m')
followers=()

follow_part() { # NAME ...: its log, each line with the part's name before it
    local colour='' prefix
    [ -z "$PLAIN" ] || colour=${PART_COLOURS[${#followers[@]} % ${#PART_COLOURS[@]}]}
    prefix=$(printf '%s%-10s|%s ' "$colour" "$1" "$PLAIN")
    # shellcheck disable=SC2016 # the inner shell expands it
    setsid bash -c 'tail -n +1 -F "$1" 2>/dev/null | sed -u "s/^/$2/"' follow "$RUN/$1.log" "$prefix" </dev/null &
    followers+=($!)
}

stop_followers() {
    local pid
    for pid in "${followers[@]}"; do kill -- "-$pid" 2>/dev/null || true; done
    followers=()
}

stop_foreground() {
    trap '' INT TERM
    say ""
    say "Stopping ..."
    stop_all_parts
    sleep 0.2 # the last log lines are on their way through the followers
    stop_followers
    say "Stopped."
}

declare -A mourned=()
alive=0

# A part that dies is told once, and the others go on: that they do is what this is about.
look_after_part() { # NAME ...
    if pid_of "$1" >/dev/null; then
        alive=$((alive + 1))
        unset "mourned[$1]"
    elif [ -z "${mourned[$1]:-}" ]; then
        mourned[$1]=1
        say "$1 ended by itself (its last words: $RUN/$1.log); './dev up --detach' starts it again"
    fi
}

watch_parts() {
    while [ -z "$asked_to_stop" ]; do
        alive=0
        for_each_part look_after_part
        [ "$alive" -gt 0 ] || break
        sleep 0.3
    done
    stop_foreground
    [ -n "$asked_to_stop" ] || fail "run" "nothing runs any more: look into $RUN/*.log"
}

help_up() {
    cat <<'TEXT'
./dev up                install, build, start every part, show where they are, follow their logs; Ctrl-C stops all
./dev up --detach       the same, but leave them running: './dev status' looks at them, './dev down' stops them

Logs are in build/run/NAME.log. What runs is one table: tools/dev/parts.sh. FLOTILLA_HELLO_PORT=9102 moves a part to
another port.
TEXT
}

run_up() {
    local detach=
    case ${1:-} in
        --detach | -d) detach=1 ;;
        '') ;;
        *) usage_error "up: unknown argument $1 (./dev help up)" ;;
    esac
    build_targets release programs
    trap 'stop_all_parts; exit 130' INT TERM
    if ! (start_all_parts); then
        stop_all_parts
        exit 1
    fi
    if [ -n "$detach" ]; then
        say "Logs: $RUN/NAME.log. Look: ./dev status. Stop: ./dev down"
        return 0
    fi
    # Only noted here: a handler that stops things would run in the middle of whatever is being done.
    asked_to_stop=''
    trap 'asked_to_stop=1' INT TERM
    say "Ctrl-C stops everything."
    for_each_part follow_part
    watch_parts
}

help_down() {
    cat <<'TEXT'
./dev down              stop what './dev up --detach' started
TEXT
}

run_down() {
    [ $# -eq 0 ] || usage_error "down takes no arguments"
    stop_all_parts
    say "Nothing runs."
}

# ---- status ----------------------------------------------------------------------------------------------------------------

part_health() { # NAME HEALTH_URL
    if ! pid_of "$1" >/dev/null; then echo down; elif is_healthy "$2"; then echo up; else echo ailing; fi
}

resident_kib() { awk '/^VmRSS:/ { print $2 }' "/proc/$1/status" 2>/dev/null; }

status_line() { # NAME PORT HEALTH ...
    local pid health kib='' memory='' uptime=''
    pid=$(pid_of "$1") || pid=
    health=$(part_health "$1" "$3")
    if [ -n "$pid" ]; then kib=$(resident_kib "$pid") uptime=$(ps -o etimes= -p "$pid" | tr -d ' '); fi
    [ -z "$kib" ] || memory=$((kib * 1024))
    if [ "$status_format" = json ]; then
        printf '%s{"name":"%s","pid":%s,"port":%s,"health":"%s","memory_bytes":%s,"uptime_seconds":%s}' \
            "$status_separator" "$1" "${pid:-null}" "$2" "$health" "${memory:-null}" "${uptime:-null}"
        status_separator=,
    else
        printf '%-14s %8s %6s  %-8s %9s %9s\n' "$1" "${pid:--}" "$2" "$health" "${kib:+$((kib / 1024)) MB}" "${uptime:+$uptime s}"
    fi
    [ "$health" = up ] || all_up=
}

help_status() {
    cat <<'TEXT'
./dev status [--json]   what runs where: name, pid, port, health, memory, uptime; fails unless everything is up
TEXT
}

run_status() {
    status_format=table status_separator='' all_up=1
    case ${1:-} in
        --json) status_format=json ;;
        '') ;;
        *) usage_error "status: unknown argument $1 (./dev help status)" ;;
    esac
    if [ $status_format = json ]; then printf '['; else
        printf '%-14s %8s %6s  %-8s %9s %9s\n' PART PID PORT HEALTH MEMORY UPTIME
    fi
    for_each_part status_line
    [ $status_format != json ] || printf ']\n'
    [ -n "$all_up" ]
}
