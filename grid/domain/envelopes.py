"""Signed records of either form, told apart by their first bytes."""

from grid.domain import native, ocmf
from grid.domain.ocmf import Record


def parse(raw: str | bytes) -> Record:
    """Return the record that a meter signed: OCMF text, or the compact native form.

    Raises a RecordError that names the field and the remedy.
    """
    if isinstance(raw, bytes) and raw.startswith(native.MAGIC):
        return native.parse(raw)
    return ocmf.parse(raw)
