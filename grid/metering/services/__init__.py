"""What changes metering: taking in records, the registry, closing slots."""

from grid.metering.services.ingest import ItemResult, ingest

__all__ = ["ItemResult", "ingest"]
