"""Words that contracts pack by hand: typed words of leaves, shown facts of a slot, an account's word.

Layouts are those written above the Solidity libraries; here they are written once more, so that a shift by one bit
in either place is noticed.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain.entries import run_key
from tests.evm.chain import Chain, Deployed, Reverted
from tests.evm.world import ZONE, World

NONE = 2**64 - 1
ENERGY, TRADE, LOCAL, TARIFF = 1, 2, 4, 8

uint40 = st.integers(0, 2**40 - 1)
int64 = st.integers(-(2**63), 2**63 - 1)
uint64 = st.integers(0, 2**64 - 1)
word256 = st.integers(0, 2**256 - 1)
flags16 = st.integers(0, 63)
quick = settings(max_examples=60, deadline=None)


def harness(name: str) -> Deployed:
    return Chain(1_000_000).create(name, [], "0x" + "11" * 20)


@pytest.fixture(scope="module")
def words() -> Deployed:
    return harness("WordsHarness")


@pytest.fixture(scope="module")
def account_word() -> Deployed:
    return harness("AccountWordHarness")


def refused(deployed: Deployed, function: str, *args: Any) -> tuple[str, tuple[Any, ...]]:
    with pytest.raises(Reverted) as failure:
        deployed.read(function, *args)
    return failure.value.name, failure.value.values


def as_word(value: int) -> bytes:
    return (value % 2**256).to_bytes(32, "big")


def shown(value: int) -> str:
    return "0x" + as_word(value).hex()


EDGES = {
    "asUint": ([0, 1, NONE - 1], [NONE, NONE + 1, 2**255, 2**256 - 1]),
    "asIndex": ([0, 1, NONE - 1, NONE], [NONE + 1, 2**64 + 5, 2**256 - 1]),
    "asInt": ([0, 1, -1, 2**95 - 1, -(2**95)], [2**95, -(2**95) - 1, 2**96, -(2**96), 2**255 - 1, -(2**255)]),
    "asBool": ([0, 1], [2, 256, 2**255]),
    "asAddress": ([0, 1, 2**160 - 1], [2**160, 2**160 + 1, 2**255]),
}


@pytest.mark.parametrize("function", EDGES)
def test_a_word_is_read_in_its_type_or_refused(words: Deployed, function: str) -> None:
    taken, wrong = EDGES[function]
    for value in taken:
        answer = words.read(function, as_word(value))
        assert (int(answer, 16) if isinstance(answer, str) else int(answer)) == value
    for value in wrong:
        assert refused(words, function, as_word(value)) == ("WordRefused", (shown(value),))


def test_several_words_are_refused_where_one_is(words: Deployed) -> None:
    for function, count in (("requireUints", 4), ("requireInts", 3)):
        taken, wrong = EDGES["asUint" if function == "requireUints" else "asInt"]
        for value in taken:
            words.read(function, *[value] * count)
        for place in range(count):
            for value in taken:
                words.read(function, *[value if place == i else taken[0] for i in range(count)])
            for value in wrong:
                args = [value if place == i else taken[-1] for i in range(count)]
                assert refused(words, function, *args) == ("WordRefused", (shown(value),))


def numbers(energy: tuple[int, ...], paid: int, flags: int) -> int:
    """The first word: four times 40 bits, 80 of what was paid, 16 of flags."""
    imported, exported, bought, sold = energy
    if not flags & ENERGY:
        imported = exported = 0
    if not flags & TRADE:
        bought = sold = 0
    word = 0
    for value in (imported, exported, bought, sold):
        word = word << 40 | value
    return (word << 80 | paid) << 16 | flags


def prices(values: tuple[int, ...], flags: int) -> int:
    """The second word: four times 64 bits."""
    local, fee, imported, exported = values
    if not flags & LOCAL:
        local = 0
    if not flags & TARIFF:
        fee = imported = exported = 0
    word = 0
    for value in (local, fee, imported, exported):
        word = word << 64 | value % 2**64
    return word


@quick
@given(energy=st.tuples(uint40, uint40, uint40, uint40), paid=st.integers(0, 2**80 - 1), flags=flags16)
def test_shown_energy_is_packed_and_laid_over_a_line(energy: tuple[int, ...], paid: int, flags: int) -> None:
    words = harness("WordsHarness")
    word = words.read("numbersOf", energy, paid, flags)
    assert word == numbers(energy, paid, flags)
    line = (11, 12, 13, 14)
    expected = (energy[:2] if flags & ENERGY else line[:2]) + (energy[2:] if flags & TRADE else line[2:])
    assert values_of(words.read("laid", word, flags, line)) == expected


@quick
@given(values=st.tuples(int64, st.integers(0, 2**63 - 1), int64, int64), flags=flags16)
def test_shown_prices_are_packed_and_laid_over_a_header(values: tuple[int, ...], flags: int) -> None:
    words = harness("WordsHarness")
    word = words.read("pricesOf", values, flags)
    assert word == prices(values, flags)
    header = (-11, 12, -13, -14)
    expected = (values[:1] if flags & LOCAL else header[:1]) + (values[1:] if flags & TARIFF else header[1:])
    assert values_of(words.read("laidPrices", word, flags, header)) == expected


def values_of(answer: Any) -> tuple[int, ...]:
    """Numbers of a struct, in order."""
    return tuple(int(value) for value in (answer.values() if isinstance(answer, dict) else answer))


def test_what_is_too_large_for_its_place_is_refused(words: Deployed) -> None:
    for place in range(4):
        energy = tuple(2**40 if place == i else 0 for i in range(4))
        assert refused(words, "numbersOf", energy, 0, ENERGY | TRADE) == ("FactTooLarge", (2**40,))
    for place in (0, 2, 3):
        for value in (2**63, -(2**63) - 1):
            given_prices = tuple(value if place == i else 0 for i in range(4))
            assert refused(words, "pricesOf", given_prices, LOCAL | TARIFF) == ("FactTooLarge", (value,))


FIELDS = (("free", 96), ("cap", 88), ("validFrom", 32), ("validTo", 32), ("receivable", 1), ("older", 1), ("zone", 6))


def account(**fields: int) -> int:
    """An account's word, its fields from the lowest bit up."""
    word = shift = 0
    for name, bits in FIELDS:
        assert fields.get(name, 0) < 2**bits
        word |= fields.get(name, 0) << shift
        shift += bits
    assert shift == 256
    return word


def fields_of(word: int) -> tuple[int, ...]:
    found = []
    for _, bits in FIELDS:
        found.append(word % 2**bits)
        word >>= bits
    return tuple(found)


@quick
@given(word=word256)
def test_an_accounts_word_says_what_its_bits_say(word: int) -> None:
    assert values_of(harness("AccountWordHarness").read("shown", word)) == fields_of(word)


@quick
@given(
    free=st.integers(0, 2**96 - 1), cap=st.integers(0, 2**88 - 1), days=st.tuples(*[st.integers(0, 2**32 - 1)] * 2),
    flags=st.tuples(*[st.integers(0, 1)] * 2), zone=st.integers(0, 63), data=st.data(),
)  # fmt: skip
def test_one_field_is_changed_and_no_other(
    free: int, cap: int, days: tuple[int, int], flags: tuple[int, int], zone: int, data: st.DataObject
) -> None:
    deployed = harness("AccountWordHarness")
    fields = (free, cap, *days, *flags, zone)
    before = {name: value for (name, _), value in zip(FIELDS, fields, strict=True)}
    word = account(**before)

    def expect(function: str, *args: Any, **changes: int) -> None:
        assert as_int(deployed.read(function, word, *args)) == account(**{**before, **changes})

    more, less = data.draw(st.integers(0, 2**96 - 1 - free)), data.draw(st.integers(0, free))
    expect("plus", more, free=free + more)
    expect("minus", less, free=free - less)
    expect("withReceivable", True, receivable=1)
    expect("withReceivable", False, receivable=0)
    expect("withMandate", 2**88 - 1, 7, 2**32 - 2, False, cap=2**88 - 1, validFrom=7, validTo=2**32 - 2)
    expect("withMandate", 5, 2**32 - 1, 9, True, cap=5, validFrom=2**32 - 1, validTo=9, older=1)
    bare, number = account(**{**before, "zone": 0}), data.draw(st.integers(0, 63))
    assert as_int(deployed.read("withZone", bare, number)) == account(**{**before, "zone": number})


def as_int(answer: Any) -> int:
    return int(answer, 16) if isinstance(answer, str) else int(answer)


def test_a_run_key_is_the_domains(world: World) -> None:
    for zone in (ZONE, bytes(range(1, 33)), b"\xff" * 32):
        for day in (0, 1, 20_000, 2**32 - 1):
            assert world.settlement.read("runKeyOf", zone, day) == "0x" + run_key(zone, day).hex()
