"""Every refusal of the device API: its page under /problems/<code>, its status, and what to do.

The codes are stable: devices may rely on them.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ProblemKind:
    """A kind of RFC 9457 problem."""

    title: str
    status: int
    remedy: str

    @staticmethod
    def path(code: str) -> str:
        return f"/problems/{code}"

    def document(self, code: str, detail: str) -> dict[str, Any]:
        """Return the problem of one occasion, ready for JSON."""
        return {
            "type": self.path(code),
            "title": self.title,
            "status": self.status,
            "detail": detail,
            "remedy": self.remedy,
        }


PROBLEMS: dict[str, ProblemKind] = {
    # Of a single record; the others of the request are not touched by it.
    "malformed": ProblemKind("The record is not OCMF as accepted here", 422, "Compare the field with OCMF 1.3.1."),
    "oversized": ProblemKind("The record is too large", 413, "Send at most 512 readings and 64 KiB per record."),
    "wrong-unit": ProblemKind("The energy is not a whole number of Wh", 422, "Send RU Wh, or kWh with three decimals."),
    "off-slot": ProblemKind(
        "The reading is not on a slot border", 422, "Read registers at :00, :15, :30 and :45 of the hour."
    ),
    "nothing-usable": ProblemKind(
        "The meter marks every reading as unusable", 422, "Repair the meter; send readings in state G without flags."
    ),
    "clock-unsynchronised": ProblemKind(
        "The meter does not know the time", 422, "Synchronise its clock; send readings with time state S."
    ),
    "unsigned": ProblemKind("The record has no signature", 401, "Sign the payload with the meter's key."),
    "unsupported-suite": ProblemKind(
        "The signature algorithm is not accepted", 422, "Use ECDSA-secp256r1-SHA256 or ECDSA-secp256k1-SHA256, DER."
    ),
    "bad-signature": ProblemKind(
        "The signature does not fit", 401, "Sign the payload exactly as sent, with the key registered for the meter."
    ),
    "unknown-meter": ProblemKind("The meter is not registered", 404, "Ask the operator to register serial and key."),
    "meter-revoked": ProblemKind("The meter or its key is no longer trusted", 403, "Ask the operator for a new key."),
    "meter-unbound": ProblemKind(
        "No metering point has this meter", 409, "Ask the operator to bind the meter to its point."
    ),
    "not-fiscal": ProblemKind("The record belongs to a charging transaction", 422, "Send fiscal records, PG F1, F2 …"),
    "future": ProblemKind("The reading's time has not come yet", 422, "Set the meter's clock; send after the slot."),
    "too-old": ProblemKind("The readings are too old", 422, "Send readings within 400 days."),
    "counter-replayed": ProblemKind(
        "The counter was used before for other readings",
        409,
        "Continue with the next counter. Both records are kept as evidence; the first one counts.",
    ),
    "wrong-topic": ProblemKind(
        "The MQTT topic names another meter", 422, "Publish to grid/v1/<community>/<serial>/reading, with its serial."
    ),
    # Of a record or of a whole request.
    "rate-limited": ProblemKind(
        "More records than are taken in a minute", 429, "Send the same records again after Retry-After seconds."
    ),
    # Of a meter that asks to be registered, or for a new key.
    "claim-unknown": ProblemKind(
        "No such claim is open", 404, "Ask the operator for a new claim code; one is good once, for a day."
    ),
    "claim-malformed": ProblemKind("The claim cannot be taken", 422, "Compare the field named with docs/DEVICES.md."),
    "claim-serial": ProblemKind(
        "This serial number is registered already", 409, "Rotate its key, or ask the operator to refuse the other one."
    ),
    "key-malformed": ProblemKind("The new key cannot be taken", 422, "Send a new compressed point of the suite."),
    "key-counter": ProblemKind(
        "The new key begins at an impossible counter", 422, "Begin above the present key's first counter."
    ),
    "key-state": ProblemKind("The meter's state allows no new key", 409, "Ask the operator about the meter."),
    "too-many-tries": ProblemKind("Too many tries", 429, "Wait as long as Retry-After says."),
    "method-get": ProblemKind("Only GET is served here", 405, "Ask by GET."),
    # Of a whole request.
    "method": ProblemKind("Only POST is served here", 405, "Send records by POST."),
    "bad-request": ProblemKind("The request cannot be read", 400, 'Send {"records": ["OCMF|…|…", …]} as JSON, UTF-8.'),
    "too-large": ProblemKind("The request is too large", 413, "Send at most 96 records and 4 MiB, also unpacked."),
    "encoding": ProblemKind("The content encoding is not known", 415, "Send plain JSON, or JSON packed by gzip."),
    "unavailable": ProblemKind("The platform cannot take readings now", 503, "Send the same request again later."),
}
