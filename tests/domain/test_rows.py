import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain import merkle, rows
from grid.domain.entries import TAGS
from grid.domain.rows import Row

some_rows = st.lists(st.builds(Row, st.binary(min_size=20, max_size=20), st.integers(-(2**95), 2**95 - 1)), max_size=60)


@given(some_rows)
def test_words_give_back_their_rows(posted):
    words = rows.pack_rows(posted)
    assert [rows.unpack_row(word) for word in words] == posted
    assert [row for chunk in rows.row_chunks(words) for row in rows.rows_of_chunk(chunk)] == posted


@given(some_rows.filter(bool))
def test_a_chunk_is_proven_under_the_root(posted):
    words = rows.pack_rows(posted)
    tree = rows.rows_tree(words)
    for index, chunk in enumerate(rows.row_chunks(words)):
        leaf = merkle.leaf_hash(chunk)
        merkle.verify_inclusion(leaf, index, tree.size, tree.inclusion_proof(index), rows.rows_root(words))


def test_a_negative_net_is_in_twos_complement():
    assert rows.pack_row(Row(b"\x11" * 20, -2)) == b"\x11" * 20 + b"\xff" * 11 + b"\xfe"


def test_a_chunk_holds_sixteen_rows_and_the_last_one_the_rest():
    words = rows.pack_rows([Row(bytes([place + 1]) * 20, place) for place in range(33)])
    assert [len(chunk) // 32 - 1 for chunk in rows.row_chunks(words)] == [16, 16, 1]
    assert all(chunk.startswith(TAGS["ROWS"]) for chunk in rows.row_chunks(words))


@pytest.mark.parametrize("row", [Row(bytes(19), 0), Row(bytes(20), 2**95), Row(bytes(20), -(2**95) - 1)])
def test_what_does_not_fit_a_word_is_refused(row):
    with pytest.raises(ValueError, match="row "):
        rows.pack_row(row)


def test_more_rows_than_512_members_and_the_system_are_refused():
    assert len(rows.pack_rows([Row(bytes(20), 0)] * 516)) == 516
    with pytest.raises(ValueError, match="517 rows"):
        rows.pack_rows([Row(bytes(20), 0)] * 517)


@pytest.mark.parametrize("size", [32, 33, 32 * 18, 65])
def test_a_chunk_of_a_length_no_chunk_has_is_refused(size):
    with pytest.raises(ValueError, match="bytes; a chunk holds"):
        rows.rows_of_chunk((TAGS["ROWS"] + bytes(32 * 20))[:size])


def test_a_chunk_with_another_tag_is_refused():
    with pytest.raises(ValueError, match="tag"):
        rows.rows_of_chunk(TAGS["LINE"] + bytes(32))


def test_a_row_word_of_another_length_is_refused():
    with pytest.raises(ValueError, match="31 bytes"):
        rows.unpack_row(bytes(31))
