#!/bin/sh
# Compiles the contracts and writes artifacts/<Name>.json; with --check compares with the committed ones instead.
# Usage: contracts/scripts/build.sh [--check]
. "$(dirname -- "$0")/env.sh"
exec "$PYTHON" scripts/build.py "$@"
