# ./dev setup: Debian packages, and the Node packages of the wire tests. Sourced by ./dev.
# shellcheck shell=bash

# The packages of packages.txt that this machine lacks, one per line; those "for:KIND" only when that kind is named.
missing_packages() { # [KIND]
    local name rest kind=${1:-}
    local -A installed=()
    while read -r name rest; do
        [ "$rest" = installed ] && installed[$name]=1
    done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null)
    while read -r name rest; do
        case $name in '' | '#'*) continue ;; esac
        [ -z "${installed[$name]:-}" ] || continue
        if [[ $rest =~ for:([^ ]+) ]] && [ "${BASH_REMATCH[1]}" != "$kind" ]; then continue; fi
        if [[ $rest =~ has:([^ ]+) ]] && command -v "${BASH_REMATCH[1]}" >/dev/null; then continue; fi
        printf '%s\n' "$name"
    done <packages.txt
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Installing nginx or prometheus would start them as services; Debian asks this file first.
readonly POLICY=${FLOTILLA_POLICY_FILE:-/usr/sbin/policy-rc.d}

hold_services() {
    if [ -e "$POLICY" ]; then as_root mv "$POLICY" "$POLICY.before-flotilla"; fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
    as_root chmod 755 "$POLICY"
}

release_services() {
    as_root rm -f "$POLICY"
    if [ -e "$POLICY.before-flotilla" ]; then as_root mv "$POLICY.before-flotilla" "$POLICY"; fi
}

# Nor may they start with the next boot: they are tools of the tests here. Only those that were just installed.
disable_new_services() {
    command -v systemctl >/dev/null || return 0
    local name
    for name in "$@"; do
        case $name in
            apache2 | nginx | prometheus | squid | varnish)
                as_root systemctl disable --quiet "$name" 2>/dev/null || true
                ;;
        esac
    done
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" </dev/null 2>&1 | tee -a build/log/apt.log | apt_progress
}

# Turns apt's talk into "[done/all] package" lines: each package is unpacked, and then set up.
apt_progress() {
    local line all=0 at=0
    while IFS= read -r line; do
        case $line in
            *' newly installed'*) [[ $line =~ ([0-9]+)\ newly ]] && all=$((BASH_REMATCH[1] * 2)) ;;
            'Unpacking '* | 'Setting up '*)
                [ "$at" -ge "$all" ] || at=$((at + 1))
                [ "$all" -eq 0 ] || printf '[%d/%d] %s\n' "$at" "$all" "$line"
                ;;
            E:* | W:* | Err:* | dpkg:* | Sub-process*) printf '%s\n' "$line" ;;
        esac
    done
}

# apt's lists may be older than the archive: refresh them when they are missing, or when an install failed.
lists_are_missing() { ! compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null; }

install_packages() {
    if lists_are_missing; then as_root apt-get update -q; fi
    apt_install "$@" && return 0
    say "once more, with fresh package lists"
    as_root apt-get update -q
    apt_install "$@"
}

# shellcheck disable=SC2120 # test.sh passes a kind
ensure_packages() { # [KIND]
    [ -z "${FLOTILLA_SKIP_SETUP:-}" ] || return 0
    command -v dpkg-query >/dev/null ||
        fail "install packages" "this is no Debian: install what packages.txt names, then set FLOTILLA_SKIP_SETUP=1"
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    require_debian_12 "${missing[@]}"
    require_root "${missing[@]}"
    say "Missing packages: ${missing[*]}"
    hold_services
    trap release_services EXIT
    step "install packages" "read the lines above; then run: apt-get install --no-install-recommends ${missing[*]}" \
        install_packages "${missing[@]}"
    disable_new_services "${missing[@]}"
    release_services
    trap - EXIT
    hash -r
}

require_debian_12() {
    # shellcheck source=/dev/null
    if (. /etc/os-release && [ "${VERSION_CODENAME:-}" = bookworm ]); then return 0; fi
    fail "install packages" "the list is made for Debian 12 (bookworm), this is another system:
    install the like of '$*' yourself, then set FLOTILLA_SKIP_SETUP=1"
}

require_root() {
    [ "$(id -u)" != 0 ] || return 0
    command -v sudo >/dev/null ||
        fail "install packages" "no root and no sudo; as root run: apt-get install --no-install-recommends $*"
    if [ -t 0 ]; then sudo -v; else sudo -n true 2>/dev/null; fi ||
        fail "install packages" "sudo asks for a password; as root run: apt-get install --no-install-recommends $*"
}

# The WebSocket client of the wire tests, at exactly the version of the lock file.
ensure_node_packages() {
    local folder=tests/wire lock
    lock=$folder/package-lock.json
    [ ! "$folder/node_modules/.package-lock.json" -nt "$lock" ] || return 0
    step "fetch Node packages" "look at the network and npm's registry setting (npm config get registry), then run it again" \
        npm ci --prefix "$folder" --no-audit --no-fund --loglevel=error
    touch "$folder/node_modules/.package-lock.json"
}

help_setup() {
    cat <<'TEXT'
./dev setup             install what is missing: the packages of packages.txt, and the Node packages of the wire tests

Every other command that needs it does this first. Nothing that is installed is touched or upgraded, no service is
started. As a user without root it calls sudo.
TEXT
}

run_setup() {
    [ $# -eq 0 ] || usage_error "setup takes no arguments"
    # shellcheck disable=SC2119 # what everybody needs
    ensure_packages
    ensure_node_packages
    say "Everything is in place."
}
