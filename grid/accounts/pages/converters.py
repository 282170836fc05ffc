"""Parts of addresses: calendar days and account ids."""

from datetime import date


class DateConverter:
    """A calendar day, 2026-11-22; what is no day of the calendar does not match."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


class AddressConverter:
    """A 20-byte account id, 0x and 40 hex digits of any case."""

    regex = r"0x[0-9a-fA-F]{40}"

    def to_python(self, value: str) -> str:
        return value.lower()

    def to_url(self, value: str) -> str:
        return value
