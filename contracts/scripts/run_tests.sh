#!/bin/sh
# Runs the contract tests with Brownie on anvil; arguments pass through to pytest.
# Usage: contracts/scripts/run_tests.sh [pytest arguments]
# Needs uv, node, and the anvil that ./watt installs (or ANVIL naming the binary).
. "$(dirname -- "$0")/env.sh"
anvil=${ANVIL:-}
# The npm command is a Node wrapper that keeps signals to itself: the platform's binary is what Brownie starts.
for candidate in "$CONTRACTS"/../.tools/anvil/node_modules/@foundry-rs/anvil-*/bin/anvil; do
    if [ -z "$anvil" ] && [ -x "$candidate" ] && "$candidate" --version >/dev/null 2>&1; then anvil=$candidate; fi
done
if [ -z "$anvil" ]; then
    echo "contracts: no anvil; run ./watt test, which installs it, or set ANVIL" >&2
    exit 1
fi
PATH=$(CDPATH= cd -- "$(dirname -- "$anvil")" && pwd):$PATH
export PATH
"$PYTHON" scripts/network.py "$HOME/.brownie"
exec "$PYTHON" -m pytest "$@"
