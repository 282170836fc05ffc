"""Which key of a meter is good for a record: the one that its signature fits, of those good for its counter."""

from grid.domain import ocmf
from grid.metering.errors import MeterRevoked
from grid.metering.models import Meter, MeterKey
from grid.metering.services.verification import verify


def check(meter: Meter, record: ocmf.Record) -> MeterKey:
    """Return the key that signed a record, newest first where two overlap. `meter.keys` should be prefetched.

    Raises MeterRevoked when no key is good for the counter, BadSignature when none of those that are signed it.
    """
    suite = ocmf.SUITE_NAMES[record.suite]
    fitting = [
        key
        for key in meter.keys.all()
        if key.from_counter <= record.counter and (key.to_counter is None or record.counter < key.to_counter)
    ]
    if not fitting:
        raise MeterRevoked(
            "PG", f"no key of the meter is good for counter {record.counter}", "Ask the operator for a key"
        )
    same = sorted(
        (key for key in fitting if key.suite == suite), key=lambda key: (key.from_counter, key.pk), reverse=True
    )
    if not same:
        raise ocmf.BadSignature("SA", f"the meter's key is for {fitting[-1].suite}", "Sign with the registered key")
    for key in same[:-1]:
        try:
            verify(record, bytes(key.public_key))
        except ocmf.BadSignature:
            continue
        return key
    verify(record, bytes(same[-1].public_key))
    return same[-1]
