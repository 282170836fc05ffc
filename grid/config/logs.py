"""Log lines as JSON, one object a line, from Django, Celery and our own code alike."""

import logging
from collections.abc import MutableMapping
from typing import Any

import structlog

_time = structlog.processors.TimeStamper(fmt="iso", utc=True)
_render = structlog.processors.JSONRenderer()


def render(logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
    """The last step of `ProcessorFormatter`: level, logger, time, then the line itself."""
    record: logging.LogRecord = event.pop("_record")
    event.pop("_from_structlog", None)
    event = dict(structlog.processors.format_exc_info(logger, name, event))
    event |= {"level": record.levelname.lower(), "logger": record.name}
    return str(_render(logger, name, _time(logger, name, event)))


def formatter() -> structlog.stdlib.ProcessorFormatter:
    """The formatter of every handler; structlog's own lines are led to the same handlers.

    `render` is its only step and needs the record, so it takes that out itself.
    """
    structlog.configure(
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return structlog.stdlib.ProcessorFormatter(processors=[render], foreign_pre_chain=[])
