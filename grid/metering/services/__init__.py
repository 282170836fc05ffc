"""What changes metering: taking in records, the registry, closing slots."""

from grid.metering.services.ingest import ItemResult, ingest, ingest_shared

__all__ = ["ItemResult", "ingest", "ingest_shared"]
