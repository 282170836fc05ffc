"""The database itself refuses to change what meters sent and who owned which point."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from grid.metering.models import Binding, Envelope
from grid.metering.services import ingest
from tests.grid.metering.conftest import FIRST_SLOT, Home, at_slot
from tests.rights import owner


@pytest.mark.parametrize(
    "change",
    [
        lambda: Envelope.objects.update(sealed=b"other"),
        lambda: Envelope.objects.update(log_index=0),
        lambda: Envelope.objects.update(fork=True),
        lambda: Envelope.objects.all()._raw_delete("default"),
        lambda: Binding.objects.update(to_day=1),
        lambda: Binding.objects.all()._raw_delete("default"),
    ],
)
def test_change_is_refused(alice: Home, change: Callable[[], object]) -> None:
    ingest(records=[alice.record(1, [(FIRST_SLOT, 1, 1)])], now=at_slot(FIRST_SLOT, 1))

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), owner():
        change()
