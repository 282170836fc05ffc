#!/bin/sh
# Runs Slither over the contracts; the exit code is 1 if it finds something that slither.json does not answer.
# Usage: contracts/scripts/slither.sh [--write]      --write renders SLITHER.md from slither.json
# The tool comes in an environment of its own (uv), since its pins and the project's have nothing in common.
. "$(dirname -- "$0")/env.sh"
"$NODE" scripts/build_info.js build/slither/build-info/all.json
rm -f build/slither/found.json
"$UV" tool run --quiet --from slither-analyzer==0.11.6 slither . --compile-force-framework hardhat --ignore-compile \
    --hardhat-artifacts-directory build/slither --filter-paths 'node_modules|src/mocks' \
    --json build/slither/found.json >build/slither/log.txt 2>&1 || [ -s build/slither/found.json ] || {
    cat build/slither/log.txt >&2
    exit 1
}
exec "$PYTHON" scripts/slither.py "$@"
