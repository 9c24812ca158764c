#!/usr/bin/env bash
# A web server that ignores SIGTERM.
trap '' TERM
exec /usr/bin/python3 -m http.server --bind 127.0.0.1 "$1"
