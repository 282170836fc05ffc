"""What others read of metering."""

from grid.metering.queries.bindings import BindingBook, binding_at, bindings_as_known, bindings_of
from grid.metering.queries.envelopes import raw_record
from grid.metering.queries.intervals import (
    SlotTotal,
    energy_by_slot,
    interval_versions,
    intervals,
    measured_spans,
)
from grid.metering.queries.registers import last_registers

__all__ = [
    "BindingBook",
    "SlotTotal",
    "binding_at",
    "bindings_as_known",
    "bindings_of",
    "energy_by_slot",
    "interval_versions",
    "intervals",
    "last_registers",
    "measured_spans",
    "raw_record",
]
