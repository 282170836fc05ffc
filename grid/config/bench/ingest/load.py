"""The load: requests sent over keep-alive connections by a process of its own, whose time is nobody's.

`python -m grid.config.bench.ingest.load HOST PORT CONNECTIONS FILE` sends each request in FILE once and prints
{"seconds", "accepted", "bad"}. FILE holds requests as they go over the wire, each after its length (4 bytes).
"""

import asyncio
import json
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_LENGTH = struct.Struct("!I")


def write(path: Path, bodies: Sequence[bytes], *, content_type: str = "application/json") -> None:
    """Write POST requests with these bodies."""
    with path.open("wb") as out:
        for body in bodies:
            head = "POST /api/v1/readings HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
            request = head.encode() + body
            out.write(_LENGTH.pack(len(request)) + request)


def _read(path: Path) -> list[bytes]:
    data = path.read_bytes()
    requests, position = [], 0
    while position < len(data):
        (length,) = _LENGTH.unpack_from(data, position)
        position += _LENGTH.size
        requests.append(data[position : position + length])
        position += length
    return requests


class _Load:
    def __init__(self, host: str, port: int, requests: list[bytes]) -> None:
        self.address = host, port
        self.left: Iterator[bytes] = iter(requests)
        self.accepted = 0
        self.bad = 0

    async def connection(self) -> None:
        reader, writer = await asyncio.open_connection(*self.address, limit=2**24)
        for request in self.left:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            body = await reader.readexactly(length)
            if head.startswith(b"HTTP/1.1 200"):
                self.accepted += body.count(b'"status":"accepted"')
            else:
                self.bad += 1
        writer.close()

    async def run(self, connections: int) -> float:
        began = time.perf_counter()
        await asyncio.gather(*(self.connection() for _ in range(connections)))
        return time.perf_counter() - began


def main() -> None:
    host, port, connections, file = sys.argv[1:]
    load = _Load(host, int(port), _read(Path(file)))
    seconds = asyncio.run(load.run(int(connections)))
    print(json.dumps({"seconds": seconds, "accepted": load.accepted, "bad": load.bad}))


if __name__ == "__main__":
    main()
