"""The projection (intervals, zone sums, registers) made again from the log and the envelopes, and compared."""

from grid.metering.services.projection.report import Difference, Report
from grid.metering.services.projection.running import check, rebuild

__all__ = ["Difference", "Report", "check", "rebuild"]
