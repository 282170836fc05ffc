import hmac
import time
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain import entries, merkle
from grid.domain.entries import FIELDS, NONE, TAGS, UNSALTED, EntryKind, LeafKind
from grid.domain.keccak import keccak256
from tests.vectors.entries_cases import typical_fields

KINDS = [*EntryKind, *LeafKind]
SALT = sha256(b"salt").digest()
VALUES = {
    "uint": st.integers(0, 2**64 - 2),
    "index": st.none() | st.integers(0, 2**64 - 2),
    "int": st.integers(-(2**95), 2**95 - 1),
    "bytes32": st.binary(min_size=32, max_size=32),
    "address": st.binary(min_size=20, max_size=20),
    "bool": st.booleans(),
}


def salt_of(kind):
    return None if kind in UNSALTED else SALT


@pytest.mark.parametrize("name", TAGS)
def test_tags_are_the_keccak_of_their_names(name):
    assert TAGS[name] == keccak256(f"commonwatt.{name}.v1".encode())


def test_tags_are_all_different():
    assert len(set(TAGS.values())) == len(TAGS)


@given(st.data())
def test_decoding_gives_back_what_was_encoded(data):
    kind = data.draw(st.sampled_from(KINDS))
    fields = {name: data.draw(VALUES[codec.name]) for name, codec in FIELDS[kind]}
    encoded = entries.encode(kind, fields, salt_of(kind))
    assert len(encoded) == entries.encoded_size(kind)
    decoded = entries.decode(kind, encoded)
    assert decoded.pop("salt", None) == salt_of(kind)
    assert decoded == fields
    assert entries.kind_of(encoded) is kind


@given(st.data())
def test_what_decodes_is_what_is_encoded_again(data):
    """One fact has one encoding: no word that a reader accepts is written otherwise."""
    kind = data.draw(st.sampled_from(KINDS))
    encoded = bytearray(entries.encode(kind, typical_fields(kind), salt_of(kind)))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        decoded = entries.decode(kind, bytes(encoded))
    except ValueError:
        return
    salt = decoded.pop("salt", None)
    assert entries.encode(kind, decoded, salt) == bytes(encoded)


@pytest.mark.parametrize("kind", KINDS)
def test_each_missing_field_is_named(kind):
    for name, _ in FIELDS[kind]:
        fields = typical_fields(kind)
        del fields[name]
        with pytest.raises(ValueError, match=rf"{kind.name}\.{name} is missing"):
            entries.encode(kind, fields, salt_of(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_field_is_named(kind):
    with pytest.raises(ValueError, match="no field watts"):
        entries.encode(kind, {**typical_fields(kind), "watts": 1}, salt_of(kind))


@pytest.mark.parametrize(
    ("codec", "bad"),
    [
        ("uint", [-1, 2**64 - 1, 2**64, None, True, "1", 1.0, b"\x01"]),
        ("index", [-1, 2**64 - 1, False, "1"]),
        ("int", [2**95, -(2**95) - 1, None, True, 1.5]),
        ("bytes32", [bytes(31), bytes(33), "00" * 32, 0, None, bytearray(32)]),
        ("address", [bytes(19), bytes(32), None]),
        ("bool", [0, 1, None]),
    ],
)
def test_each_field_refuses_what_does_not_fit(codec, bad):
    kind, name = next((k, n) for k in KINDS for n, c in FIELDS[k] if c.name == codec)
    for value in bad:
        with pytest.raises(ValueError, match=rf"{kind.name}\.{name}: "):
            entries.encode(kind, {**typical_fields(kind), name: value}, salt_of(kind))


def test_salts_are_required_where_they_belong_and_nowhere_else():
    with pytest.raises(ValueError, match=r"LINE\.salt"):
        entries.encode(LeafKind.LINE, typical_fields(LeafKind.LINE))
    with pytest.raises(ValueError, match="takes no salt"):
        entries.encode(LeafKind.TARIFF_SLOT, typical_fields(LeafKind.TARIFF_SLOT), SALT)


def test_a_leaf_cannot_pose_as_another_kind():
    order = entries.encode(LeafKind.ORDER, typical_fields(LeafKind.ORDER), SALT)
    with pytest.raises(ValueError, match="tag"):
        entries.decode(EntryKind.AUCTION, order)
    with pytest.raises(ValueError, match="bytes instead of"):
        entries.decode(LeafKind.LINE, order)
    with pytest.raises(ValueError, match="no known tag"):
        entries.kind_of(bytes(32))


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("slot", (2**64 - 1).to_bytes(32, "big")),
        ("slot", b"\x01" + bytes(31)),
        ("fillIndex", (2**64).to_bytes(32, "big")),
        ("amount", (2**95).to_bytes(32, "big")),
        ("amount", b"\x80" + bytes(31)),
    ],
)
def test_a_word_that_no_writer_makes_is_named(name, word):
    kind = LeafKind.LINE
    at = 32 * (1 + [known for known, _ in FIELDS[kind]].index(name))
    data = entries.encode(kind, typical_fields(kind), SALT)
    with pytest.raises(ValueError, match=rf"LINE\.{name}"):
        entries.decode(kind, data[:at] + word + data[at + 32 :])


def test_an_address_word_with_bytes_in_front_is_refused():
    data = entries.encode(LeafKind.POINT, typical_fields(LeafKind.POINT), SALT)
    with pytest.raises(ValueError, match=r"POINT\.account"):
        entries.decode(LeafKind.POINT, data[:128] + b"\x01" + data[129:])


def test_a_bool_word_of_two_is_refused():
    data = entries.encode(LeafKind.REGISTERS, typical_fields(LeafKind.REGISTERS), SALT)
    with pytest.raises(ValueError, match=r"REGISTERS\.interpolated"):
        entries.decode(LeafKind.REGISTERS, data[:-33] + b"\x02" + data[-32:])


def test_absent_indices_are_written_as_the_largest_uint64():
    fields = {**typical_fields(LeafKind.LINE), "fillIndex": None}
    data = entries.encode(LeafKind.LINE, fields, SALT)
    assert data[4 * 32 : 5 * 32] == NONE.to_bytes(32, "big")


def test_the_salt_is_an_hmac_over_place():
    key, tree = b"k" * 32, b"t" * 32
    message = TAGS["LINE"] + tree + (2).to_bytes(32, "big") + (7).to_bytes(32, "big")
    expected = hmac.new(key, message, "sha256").digest()
    assert entries.salt(key, "LINE", tree=tree, sequence=2, position=7) == expected


def test_an_order_hash_covers_each_term():
    terms = {"mandate": SALT, "point": bytes(32), "slot": 5, "side": 1, "limit_price": -3, "quantity_wh": 9}
    changed = {"mandate": bytes(32), "point": SALT, "slot": 6, "side": 0, "limit_price": 3, "quantity_wh": 8}
    hashes = {entries.mandate_order_hash(**{**terms, name: value}) for name, value in changed.items()}
    hashes.add(entries.mandate_order_hash(**terms))
    assert len(hashes) == 7


def test_run_and_auction_ids_do_not_collide():
    assert entries.run_key(SALT, 5) != entries.auction_tree(SALT, 5)
    assert entries.run_key(SALT, 5) != entries.run_key(SALT, 6)


def test_a_month_of_a_small_town_is_encoded_in_seconds():
    """10,000 INTERVAL entries with their nested REGISTERS; the target is 75,000 in 2 s."""
    key, point = SALT, bytes(32)
    registers, interval = typical_fields(LeafKind.REGISTERS), typical_fields(EntryKind.INTERVAL)
    started = time.process_time()
    for position in range(10_000):
        salt = entries.salt(key, "REGISTERS", tree=point, position=position)
        nested = merkle.leaf_hash(entries.encode(LeafKind.REGISTERS, registers, salt))
        fields = {**interval, "slot": position, "registersCommitment": nested}
        entry_salt = entries.salt(key, "INTERVAL", position=position)
        merkle.leaf_hash(entries.encode(EntryKind.INTERVAL, fields, entry_salt))
    assert time.process_time() - started < 1.0
