"""The registers of one record in one row: how they are packed, and read back.

A block is a head and up to four columns, little-endian:

    form u8        bit 0: instants at equal steps (no column of them)   bit 1: all synchronised   bit 2: no export
    widths u8 u8   bytes of a rise of import, of export: 1, 2, 4 or 8; 8 is signed
    count u16, first instant u32 in slots, step u16 in slots, first import u64, first export u64
    then count - 1 rises of time (u32, slots) unless at equal steps, of import, of export unless there is none, and
    ceil(count / 8) bytes of clock states unless all are synchronised (bit i % 8 of byte i // 8)

A day of quarter hours takes some 220 to 400 bytes.
"""

import struct
from collections.abc import Sequence
from itertools import accumulate, pairwise

from grid.domain.ocmf.records import RegisterReading
from grid.domain.registers import clock_is_trusted
from grid.domain.slots import SLOT_SECONDS

_HEAD = struct.Struct("<BBBHIHQQ")
_EVEN, _SYNCHRONISED, _NO_EXPORT = 1, 2, 4
_CODES = {1: "B", 2: "H", 4: "I", 8: "q"}
_WIDEST_STEP = 0xFFFF


def doubted(readings: tuple[RegisterReading, ...], received_at: int) -> tuple[RegisterReading, ...]:
    """Return readings whose clock state is what counts: one stamped after it came has a clock that runs ahead."""
    if not readings or clock_is_trusted(readings[-1].at, synchronised=True, received_at=received_at):
        return readings
    return tuple(
        reading._replace(
            synchronised=clock_is_trusted(reading.at, synchronised=reading.synchronised, received_at=received_at)
        )
        for reading in readings
    )


def pack(readings: Sequence[RegisterReading]) -> bytes:
    """Return readings, in order of time and on slot borders, as one block."""
    count = len(readings)
    first = readings[0]
    if count == 1:
        form = _EVEN | (first.synchronised and _SYNCHRONISED) | (not first.export_wh and _NO_EXPORT)
        head = _HEAD.pack(form, 1, 1, 1, first.at // SLOT_SECONDS, 0, first.import_wh, first.export_wh)
        return head if first.synchronised else head + b"\x00"
    times, imported, exported, clocks = zip(*readings, strict=True)
    steps = [(after - before) // SLOT_SECONDS for before, after in pairwise(times)]
    even = steps[0] <= _WIDEST_STEP and min(steps) == max(steps)
    synchronised, none = all(clocks), not any(exported)
    import_width, imports = _rises(imported)
    export_width, exports = (1, b"") if none else _rises(exported)
    form = (even and _EVEN) | (synchronised and _SYNCHRONISED) | (none and _NO_EXPORT)
    step = steps[0] if even else 0
    head = _HEAD.pack(form, import_width, export_width, count, first.at // SLOT_SECONDS, step, imported[0], exported[0])
    time_column = b"" if even else struct.pack(f"<{count - 1}I", *steps)
    clock_column = b"" if synchronised else _bits(clocks)
    return head + time_column + imports + exports + clock_column


def _rises(values: Sequence[int]) -> tuple[int, bytes]:
    rises = [after - before for before, after in pairwise(values)]
    most = max(rises)
    width = 8 if min(rises) < 0 or most >= 2**32 else 1 if most < 2**8 else 2 if most < 2**16 else 4
    return width, struct.pack(f"<{len(rises)}{_CODES[width]}", *rises)


def _bits(states: Sequence[bool]) -> bytes:
    return sum(1 << index for index, state in enumerate(states) if state).to_bytes(-(-len(states) // 8), "little")


def unpack(block: bytes) -> list[RegisterReading]:
    """Return the readings of a block, in order of time."""
    form, import_width, export_width, count, start, step, import_wh, export_wh = _HEAD.unpack_from(block)
    position = _HEAD.size
    first = start * SLOT_SECONDS
    if form & _EVEN:
        times = [first + index * step * SLOT_SECONDS for index in range(count)]
    else:
        steps = struct.unpack_from(f"<{count - 1}I", block, position)
        times = [slot * SLOT_SECONDS for slot in accumulate(steps, initial=start)]
        position += 4 * (count - 1)
    imported = list(
        accumulate(struct.unpack_from(f"<{count - 1}{_CODES[import_width]}", block, position), initial=import_wh)
    )
    position += import_width * (count - 1)
    exported = [0] * count
    if not form & _NO_EXPORT:
        rises = struct.unpack_from(f"<{count - 1}{_CODES[export_width]}", block, position)
        exported = list(accumulate(rises, initial=export_wh))
        position += export_width * (count - 1)
    clocks = [True] * count
    if not form & _SYNCHRONISED:
        bits = int.from_bytes(block[position : position + -(-count // 8)], "little")
        clocks = [bool(bits >> index & 1) for index in range(count)]
    return list(map(RegisterReading, times, imported, exported, clocks))
