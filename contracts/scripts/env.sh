# Sourced by the scripts beside it: installs what the locks name, then keeps Brownie's writes inside this folder.
# Needs uv and node; UV and NODE may name the binaries. Sets CONTRACTS and PYTHON.
set -eu
CONTRACTS=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
UV=${UV:-uv}
NODE=${NODE:-node}
for tool in "$UV" "$NODE"; do
    command -v "$tool" >/dev/null 2>&1 || {
        echo "contracts: '$tool' is not on PATH; install it or name it in UV or NODE" >&2
        exit 1
    }
done
NODE=$(command -v "$NODE")
PATH=$(dirname -- "$NODE"):$PATH
cd "$CONTRACTS"

# Another project's environment must not be taken for this one.
unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT
"$UV" sync --frozen --quiet
if ! cmp -s package-lock.json node_modules/.lock-installed; then
    npm ci --ignore-scripts --no-audit --no-fund --silent
    cp package-lock.json node_modules/.lock-installed
fi

# Brownie writes to HOME as soon as it is imported, and looks for compilers in SOLCX_BINARY_PATH.
HOME=$CONTRACTS/.home
SOLCX_BINARY_PATH=$HOME/solcx
mkdir -p "$SOLCX_BINARY_PATH"
printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$NODE" "$CONTRACTS/scripts/solc.js" >"$SOLCX_BINARY_PATH/solc-v0.8.37.new"
chmod +x "$SOLCX_BINARY_PATH/solc-v0.8.37.new"
mv "$SOLCX_BINARY_PATH/solc-v0.8.37.new" "$SOLCX_BINARY_PATH/solc-v0.8.37"
PYTHON=$CONTRACTS/.venv/bin/python
PYTHONWARNINGS=ignore::FutureWarning
export HOME NODE PATH SOLCX_BINARY_PATH PYTHONWARNINGS
