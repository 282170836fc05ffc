#!/bin/sh
# Deploys to the network behind a JSON-RPC URL and writes deployments/<chain id>.json.
# Usage: contracts/scripts/deploy.sh --host URL --plan plan.json --keystore key.json
. "$(dirname -- "$0")/env.sh"
exec "$PYTHON" scripts/deploy.py "$@"
