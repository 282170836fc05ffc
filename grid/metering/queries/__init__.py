"""What others read of metering."""

from grid.metering.queries.bindings import BindingBook, bindings_of
from grid.metering.queries.envelopes import raw_record
from grid.metering.queries.intervals import SlotTotal, energy_by_slot, interval_versions, intervals
from grid.metering.queries.registers import last_registers

__all__ = [
    "BindingBook",
    "SlotTotal",
    "bindings_of",
    "energy_by_slot",
    "interval_versions",
    "intervals",
    "last_registers",
    "raw_record",
]
