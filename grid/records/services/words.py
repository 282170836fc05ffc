"""Giving numbers to words that entries repeat."""

from collections.abc import Collection

from django.db.models import Max

from grid.domain.words import ZERO
from grid.records.models import Word
from grid.records.queries import words as known


def intern(words: Collection[bytes]) -> dict[bytes, int]:
    """Return the number of every word, giving the next numbers to new ones. The log must be locked."""
    numbers = known.numbers(words)
    new = sorted(set(words) - numbers.keys())
    if new:
        last = Word.objects.aggregate(last=Max("id"))["last"] or known.NOTHING
        given = dict(zip(new, range(last + 1, last + 1 + len(new)), strict=True))
        Word.objects.bulk_create(
            Word(id=number, word=word, mac=known.mac(number, word)) for word, number in given.items()
        )
        numbers |= given
    return numbers | {ZERO: known.NOTHING}
