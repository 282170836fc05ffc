"""Cursors: opaque to the caller, a number to us. They stay valid while new rows come."""

import base64
import binascii

from grid.portal.api.problems import Refused


def cursor_of(position: int) -> str:
    """Return the cursor that continues at a position."""
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def position_of(cursor: str | None, default: int) -> int:
    """Return the position of a cursor. Raises Refused for one that we never gave."""
    if cursor is None:
        return default
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        position = int(text) if text.isdigit() and len(text) < 19 else None
    except (binascii.Error, ValueError):
        position = None
    if position is None:
        detail = "This is not a cursor of ours: take next_cursor of the page before."
        raise Refused("bad-parameter", detail, [{"field": "cursor", "detail": detail}])
    return position
