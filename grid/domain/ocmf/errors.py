"""Why a record is refused. `code` is stable: devices and documentation rely on it.

RecordError
├── Malformed            not OCMF 1.3.1 as described in docs: structure, field or number
├── Oversized            more bytes or readings than a record may have
├── WrongUnit            energy in another unit than Wh or kWh, or a fraction of a Wh
├── OffSlot              a time that is not on the border of a 15-minute slot
├── NothingUsable        every reading is marked unusable by the meter itself
├── ClockUnsynchronised  every reading has an unknown time
├── Unsigned             no signature section, or an empty one
├── UnsupportedSuite     a signature algorithm or encoding that is not accepted here
└── BadSignature         the signature does not fit payload and key
"""


class RecordError(ValueError):
    """A record that cannot be accepted: which field, what is wrong with it, and the remedy."""

    code = "record-refused"

    def __init__(self, field: str, detail: str, remedy: str) -> None:
        super().__init__(f"{field}: {detail}. {remedy}")
        self.field = field
        self.detail = detail
        self.remedy = remedy


class Malformed(RecordError):
    code = "malformed"


class Oversized(RecordError):
    code = "oversized"


class WrongUnit(RecordError):
    code = "wrong-unit"


class OffSlot(RecordError):
    code = "off-slot"


class NothingUsable(RecordError):
    code = "nothing-usable"


class ClockUnsynchronised(RecordError):
    code = "clock-unsynchronised"


class Unsigned(RecordError):
    code = "unsigned"


class UnsupportedSuite(RecordError):
    code = "unsupported-suite"


class BadSignature(RecordError):
    code = "bad-signature"
