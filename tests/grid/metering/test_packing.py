"""Register blocks: whatever readings go in come out, and a day is small."""

from hypothesis import given
from hypothesis import strategies as st

from grid.domain.ocmf import RegisterReading
from grid.metering.compression import compress, decompress
from grid.metering.packing import pack, unpack

registers = st.integers(0, 10**15 - 1)


@given(
    st.dictionaries(st.integers(0, 2**32 - 1), st.tuples(registers, registers, st.booleans()), min_size=1, max_size=99)
)
def test_any_readings_come_back(found: dict[int, tuple[int, int, bool]]) -> None:
    readings = [RegisterReading(slot * 900, *values) for slot, values in sorted(found.items())]

    assert unpack(pack(readings)) == readings


@given(st.integers(1, 512), st.integers(1, 96), st.booleans(), st.booleans())
def test_even_steps_come_back(count: int, step: int, has_export: bool, synchronised: bool) -> None:
    readings = [
        RegisterReading(900 * (7 + step * i), 10 + 300 * i, 5 + i if has_export else 0, synchronised or i % 3 > 0)
        for i in range(count)
    ]

    assert unpack(pack(readings)) == readings


def test_a_day_takes_few_bytes() -> None:
    day = [RegisterReading(900 * i, 10**7 + 137 * i, 10**6 + 11 * i, True) for i in range(96)]

    assert len(pack(day)) <= 27 + 2 * 95


@given(st.binary(max_size=3_000))
def test_a_packed_record_comes_back(record: bytes) -> None:
    assert decompress(compress(record)) == record
