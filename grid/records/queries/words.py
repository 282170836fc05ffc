"""The table of words, kept for this process: it only grows, so what was committed once stays true."""

from collections.abc import Collection, Iterable

from django.db import transaction

from grid.domain.words import ZERO
from grid.records import log_key
from grid.records.models import Word

MAC_SIZE = 8
NOTHING = 0
"""The number of the word of zeros, which is no row."""
_PAGE = 1_024
_CACHE_LIMIT = 200_000

_by_number: dict[int, bytes] = {}
_by_word: dict[bytes, int] = {}


def mac(number: int, word: bytes) -> bytes:
    """Return the mark by which a check of the log sees that a word was changed."""
    return log_key.mac(b"word" + number.to_bytes(4, "big") + word)[:MAC_SIZE]


class Book(dict[int, bytes]):
    """Words by number, read a page at a time as they are asked for. Raises KeyError for one there is none of."""

    def __missing__(self, number: int) -> bytes:
        if number == NOTHING:
            return ZERO
        if number not in _by_number:
            start = number - number % _PAGE
            rows = list(Word.objects.filter(id__gte=start, id__lt=start + _PAGE))
            self.update((row.id, bytes(row.word)) for row in rows)
            _remember_later(rows)
            return self[number] if number in self else _unknown(number)
        return _by_number[number]


def numbers(words: Collection[bytes]) -> dict[bytes, int]:
    """Return the numbers of those words that have one."""
    found = {word: _by_word[word] for word in words if word in _by_word}
    if len(found) < len(words):
        rows = list(Word.objects.filter(word__in=[word for word in words if word not in found]))
        found.update((bytes(row.word), row.id) for row in rows)
        _remember_later(rows)
    return found


def forget() -> None:
    """Drop what this process knows, as when another database takes the place of this one."""
    _by_number.clear()
    _by_word.clear()


def _unknown(number: int) -> bytes:
    raise KeyError(number)


def _remember_later(rows: Iterable[Word]) -> None:
    """Keep rows once they are committed: one made in this very transaction may yet be rolled back."""
    known = {row.id: bytes(row.word) for row in rows}
    if known:
        transaction.on_commit(lambda: _remember(known))


def _remember(known: dict[int, bytes]) -> None:
    if len(_by_number) + len(known) > _CACHE_LIMIT:
        forget()
    _by_number.update(known)
    _by_word.update((word, number) for number, word in known.items())
