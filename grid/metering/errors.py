"""Why the platform refuses a well-formed record, beside what `grid.domain.ocmf.errors` refuses.

RecordError
├── UnknownMeter      no meter of this serial is registered
├── MeterRevoked      the meter, or its key from this counter on, is no longer trusted
├── MeterUnbound      no metering point has this meter at that time
├── NotFiscal         a reading within a charging transaction
├── FutureReading     a time that has not come yet
├── TooOld            a first reading older than what is still taken
├── RateLimited       more records of this meter than are taken in a minute
├── WrongTopic        an MQTT topic that names another meter
├── Unavailable       the platform failed on the record; nothing of it was kept
└── CounterReplayed   the counter was used before, for other readings: kept as evidence of a fork

MeteringError         a change of the registry that would contradict what stands in it
"""

from grid.domain.ocmf import RecordError


class UnknownMeter(RecordError):
    code = "unknown-meter"


class MeterRevoked(RecordError):
    code = "meter-revoked"


class MeterUnbound(RecordError):
    code = "meter-unbound"


class NotFiscal(RecordError):
    code = "not-fiscal"


class FutureReading(RecordError):
    code = "future"


class TooOld(RecordError):
    code = "too-old"


class RateLimited(RecordError):
    code = "rate-limited"


class WrongTopic(RecordError):
    code = "wrong-topic"


class Unavailable(RecordError):
    code = "unavailable"


class CounterReplayed(RecordError):
    code = "counter-replayed"


class MeteringError(ValueError):
    """The registry cannot take this; the message names the field and the remedy."""
