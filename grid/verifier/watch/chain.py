"""What the chain says of the account's zones: runs that were posted, whether the platform shows them or not."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from grid.domain.keccak import keccak256
from grid.verifier.chain_checks import Rpc
from grid.verifier.report import CheckFailed

RUN_POSTED = keccak256(b"RunPosted(bytes32,uint32,uint16,bytes32,uint16,bytes32,uint64,bytes32,uint8,bytes32,uint64)")
BLOCKS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class PostedRun:
    """A run that the chain took."""

    zone: bytes
    day: int
    sequence: int
    block: int


def posted_runs(rpc: Rpc, settlement: bytes, zones: Collection[bytes], first: int, last: int) -> Iterator[PostedRun]:
    """Yield the runs posted for zones in blocks [first, last]. Raises CheckFailed when the node does not answer."""
    for start in range(first, last + 1, BLOCKS_AT_ONCE):
        query = {
            "address": "0x" + settlement.hex(),
            "fromBlock": hex(start),
            "toBlock": hex(min(last, start + BLOCKS_AT_ONCE - 1)),
            "topics": ["0x" + RUN_POSTED.hex(), ["0x" + zone.hex() for zone in sorted(zones)]],
        }
        answer = rpc.ask("eth_getLogs", [query])
        if not isinstance(answer, list):
            raise CheckFailed(f"eth_getLogs answered {json.dumps(answer)[:200]}")
        yield from map(_posted, answer)


def _posted(event: Any) -> PostedRun:
    try:
        _, zone, day = (bytes.fromhex(topic.removeprefix("0x")) for topic in event["topics"])
        data = bytes.fromhex(event["data"].removeprefix("0x"))
        return PostedRun(
            zone, int.from_bytes(day, "big"), int.from_bytes(data[:32], "big"), int(event["blockNumber"], 16)
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise CheckFailed(f"eth_getLogs answered an event that is none: {error}") from None
