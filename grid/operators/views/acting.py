"""What pages on which a person decides share: refusals in words, input that comes back, moments of a form."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from grid.accounts.models import Community
from grid.domain.refusals import Refused
from grid.metering.errors import MeteringError

_WORDS: dict[str, Any] = {
    "not_allowed": _("Your role does not allow this."),
    "no_reason": _("Say why."),
    "long_reason": _("Say it in at most 500 characters."),
    "too_many_codes": _("Too many claim codes are open: use them, or let them expire."),
    "decided": _("Somebody has decided this already."),
    "still_bound": _("A point still has this meter: exchange it first."),
    "key_state": _("The meter's state does not allow this."),
    "key_malformed": _("This is no new public key of the suite: 66 hexadecimal digits."),
    "key_counter": _("This counter is not possible: begin above the present key's first one."),
    "meter_state": _("The meter is not in use."),
    "meter_elsewhere": _("Another point has this meter then."),
    "correction_days": _("A correction reaches back 100 days at most."),
    "handover": _("The exchange cannot have been like this: check day, time and registers."),
    "signature": _("This is not the account's signature over these terms."),
    "bulk_size": _("The file is larger than 1 MiB: send it in parts."),
    "bulk_encoding": _("The file is not UTF-8 text: save it as CSV UTF-8."),
    "bulk_columns": _("The columns are not as expected."),
    "bulk_rows": _("The file has more than 5,000 rows: send it in parts."),
    "bulk_empty": _("The file has no rows."),
    "bulk_errors": _("Rows have errors, and all or none are to be registered: correct the file."),
    "edit_range": _("Choose 1 to 96 closed slots in a row."),
    "edit_values": _("Energy is a whole number of Wh, not negative, at most twice what the fuse carries."),
    "edit_same": _("These slots have these values already."),
    "terms": _("These terms are not possible."),
}
_DETAILED = {"bulk_columns", "terms", "handover", "key_counter"}


class Invalid(Exception):
    """Input that cannot be read; the message is for the person."""


def words(refused: Refused) -> str:
    """A refusal in the reader's language, with the detail where it names a field."""
    text = str(_WORDS.get(refused.code, refused))
    return f"{text} ({refused})" if refused.code in _DETAILED else text


def attempt(work: Callable[[], Any]) -> tuple[Any, str]:
    """Run a change; return its result, or what went wrong in words."""
    try:
        return work(), ""
    except Refused as refused:
        return None, words(refused)
    except MeteringError as error:
        return None, f"{_WORDS['terms']} ({error})"
    except Invalid as invalid:
        return None, str(invalid)


def number(request: HttpRequest, name: str, default: int | None = None) -> int:
    """A whole number of a form. Raises Invalid."""
    text = request.POST.get(name, "").strip().replace("\u202f", "").replace(" ", "")
    if not text and default is not None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid(str(_("Write whole numbers where numbers are asked for.")))
    return int(text)


def moment(text: str, community: Community) -> datetime | None:
    """A `datetime-local` value in the community's time; None when empty or no moment."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(community.time_zone))
