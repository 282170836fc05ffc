"""Write Brownie's network file for one test run: anvil on a port that is free now.

Brownie attaches to whatever listens on its port instead of starting its own node, so a run never uses a fixed one.
Usage: network.py <folder>, where the folder is Brownie's data folder (HOME/.brownie).
"""

import socket
import sys
from pathlib import Path

import yaml

# Room for a run of 512 accounts; the tests keep each transaction under the 16.78 M of EIP-7825 themselves.
BLOCK_GAS_LIMIT = 30_000_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def networks(port: int) -> dict:
    anvil = {
        "name": "Anvil",
        "id": "development",
        "cmd": "anvil",
        "host": "http://127.0.0.1",
        "cmd_settings": {"port": port, "gas_limit": BLOCK_GAS_LIMIT, "accounts": 10, "base_fee": 0},
    }
    return {"live": [], "development": [anvil]}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "network-config.yaml").write_text(yaml.safe_dump(networks(free_port())))


if __name__ == "__main__":
    main()
