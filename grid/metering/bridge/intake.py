"""From messages to results: topics, batches, and what a broken record may not do to the others."""

import logging
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import unquote

import msgspec
from django.db import InterfaceError, OperationalError, close_old_connections

from grid.metering.api.results import result_document
from grid.metering.errors import Unavailable
from grid.metering.services import ItemResult, ingest

READINGS = "grid/v1/+/+/reading"
"""What is subscribed: community and meter serial, the serial percent-encoded as in a URL."""
DATABASE_DOWN = (OperationalError, InterfaceError)

logger = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class Message(NamedTuple):
    """One record as it came: where to, and its bytes in either form."""

    topic: str
    payload: bytes


def answer_topic(topic: str) -> str:
    """Where the result of a reading goes."""
    return topic.removesuffix("reading") + "ack"


def serial_of(topic: str) -> str:
    """The meter that a reading's topic names; a topic that names none gives what no meter is called."""
    levels = topic.split("/")
    return unquote(levels[3]) if len(levels) > 3 else ""


def take_in(messages: Sequence[Message], *, now: datetime) -> list[bytes]:
    """Ingest a batch and return the result of each message as JSON.

    It is the HTTP API's result, and "record", the SHA-256 of the message: answers may come twice, so a device
    cannot count them. Raises one of DATABASE_DOWN when there is no result yet: the same batch again is as good
    as new.
    """
    close_old_connections()  # one that broke meanwhile is replaced; no request does it for us
    return [
        _encode({"record": sha256(message.payload).hexdigest(), **result_document(result)})
        for message, result in zip(messages, _ingest(messages, now), strict=True)
    ]


def _ingest(messages: Sequence[Message], now: datetime) -> list[ItemResult]:
    try:
        return ingest(
            records=[message.payload for message in messages],
            serials=[serial_of(message.topic) for message in messages],
            now=now,
        )
    except DATABASE_DOWN:
        raise
    except Exception:
        # A record that breaks us must neither take the others along nor come back for ever.
        if len(messages) > 1:
            return [result for message in messages for result in _ingest([message], now)]
        logger.exception("a reading on %s could not be taken in", messages[0].topic)
        refusal = Unavailable("record", "the platform failed on it", "Send the same record again later")
        return [ItemResult("rejected", refusal=refusal)]
