#!/bin/sh
# A web server as the child of a shell: wrapped_server.sh PORT
echo "wrapped"
/usr/bin/python3 -m http.server --bind 127.0.0.1 "$1"
exit $?
