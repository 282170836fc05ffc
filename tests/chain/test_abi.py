"""Our ABI encoder says the same bytes as eth_abi, whatever the types and values."""

from typing import Any

import pytest
from eth_abi.abi import encode as reference
from hypothesis import given
from hypothesis import strategies as st

from grid.chain import abi
from grid.chain.contracts import type_of

WORDS = st.sampled_from(["uint8", "uint64", "uint256", "int16", "int256", "bool", "address", "bytes4", "bytes32"])
SIMPLE = st.one_of(WORDS, st.sampled_from(["bytes", "string"]))


@st.composite
def parameters(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """A parameter of a contract: a word, bytes, a list of a fixed or free length, or a struct."""
    shape = draw(st.sampled_from(["simple", "list", "fixed", "tuple"] if depth else ["simple"]))
    if shape == "simple":
        return {"type": draw(SIMPLE)}
    if shape == "tuple":
        parts = draw(st.lists(parameters(depth=depth - 1), min_size=1, max_size=3))
        return {"type": "tuple", "components": [{**part, "name": f"part{at}"} for at, part in enumerate(parts)]}
    inner = draw(parameters(depth=depth - 1))
    length = draw(st.integers(1, 3)) if shape == "fixed" else ""
    return {**inner, "type": f"{inner['type']}[{length}]"}


def values(parameter: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a parameter as the outbox stores them, and as eth_abi takes them."""
    kind = parameter["type"]
    if kind.endswith("]"):
        start = kind.rindex("[")
        item = values({**parameter, "type": kind[:start]})
        length = kind[start + 1 : -1]
        size = {"min_size": int(length), "max_size": int(length)} if length else {"max_size": 4}
        return st.lists(item, **size).map(lambda found: ([ours for ours, _ in found], [other for _, other in found]))
    if kind == "tuple":
        names = [part["name"] for part in parameter["components"]]
        parts = st.tuples(*(values(part) for part in parameter["components"]))
        return parts.map(
            lambda found: (
                dict(zip(names, (ours for ours, _ in found), strict=True)),
                tuple(other for _, other in found),
            )
        )
    if kind == "bool":
        return st.booleans().map(lambda value: (value, value))
    if kind == "string":
        return st.text(max_size=70).map(lambda value: (value, value))
    if kind.startswith(("uint", "int")):
        bits = int(kind.lstrip("uint"))
        low, high = (0, 2**bits - 1) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return st.integers(low, high).map(lambda value: (value, value))
    size = 20 if kind == "address" else int(kind.removeprefix("bytes") or 0) or None
    raw = st.binary(max_size=70) if size is None else st.binary(min_size=size, max_size=size)
    as_text = kind == "address"
    return raw.map(lambda value: ("0x" + value.hex(), "0x" + value.hex() if as_text else value))


CALLS = st.lists(parameters(), min_size=1, max_size=3).flatmap(
    lambda found: st.tuples(st.just(found), st.tuples(*(values(part) for part in found)))
)


@given(CALLS)
def test_bytes_are_those_of_eth_abi(call: tuple[list[dict[str, Any]], tuple[tuple[Any, Any], ...]]) -> None:
    types, found = call
    expected = reference([type_of(part) for part in types], [other for _, other in found])
    assert abi.encode(types, [ours for ours, _ in found]) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("int8", 128),
        ("int8", -129),
        ("uint256", 2**256),
        ("uint256", "1"),
        ("uint256", 1.0),
        ("uint256", True),
        ("uint256", None),
        ("bool", 1),
        ("address", "0x12"),
        ("address", "0x" + "1" * 42),
        ("bytes4", "0x1234567890"),
        ("bytes32", "0x" + "zz" * 32),
        ("bytes", 7),
        ("bytes32[]", "0x" + "11" * 32),
        ("bytes32[]", ["0x" + "11" * 33]),
        ("bytes32[]", ["0x" + "1" * 62 + "  "] * 2),
        ("bytes32[]", 5),
        ("uint8[2]", [1]),
        ("uint8[2]", [1, 2, 3]),
        ("fixed128x18", 1),
    ],
)
def test_what_does_not_fit_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        abi.encode([{"type": kind}], [value])


def test_a_struct_of_another_size_or_without_a_field_is_refused() -> None:
    struct = {"type": "tuple", "components": [{"type": "uint8", "name": "a"}, {"type": "uint8", "name": "b"}]}
    with pytest.raises(ValueError, match="b is missing"):
        abi.encode([struct], [{"a": 1}])
    with pytest.raises(ValueError, match="2 fields, not 3"):
        abi.encode([struct], [[1, 2, 3]])
