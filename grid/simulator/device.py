"""A virtual meter: numbers its records, chains them, signs them."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from grid.domain import native, ocmf
from grid.simulator.identity import MeterIdentity
from grid.simulator.journal import MeterState


class VirtualMeter:
    """A meter with its key and its place in the street."""

    def __init__(self, identity: MeterIdentity, *, position: int, has_export: bool, compact: bool = False) -> None:
        self.identity = identity
        self.position = position
        self.has_export = has_export
        self.compact = compact

    def record(self, state: MeterState, registers: Sequence[tuple[int, int, int]]) -> str:
        """Return the next signed record over registers (unix, import Wh, export Wh); `state` moves on.

        A compact record is returned as base64, as a JSON request holds it.
        """
        suite, serial = self.identity.suite, self.identity.serial
        readings = [(at, imported, exported if self.has_export else None) for at, imported, exported in registers]
        previous = bytes.fromhex(state.previous) if state.previous else None
        counter = state.counter + 1
        if self.compact:
            payload = native.build(serial=serial, counter=counter, suite=suite, registers=readings, previous=previous)
            raw = native.render(payload, ocmf.sign(payload, suite=suite, private_key=self.identity.private_key))
            text = b64encode(raw).decode()
        else:
            payload = ocmf.build_payload(serial=serial, counter=counter, registers=readings, previous=previous)
            signature = ocmf.sign(payload, suite=suite, private_key=self.identity.private_key)
            text = ocmf.render(payload, suite=suite, signature=signature)
            raw = text.encode()
        state.counter = counter
        state.previous = sha256(raw).hexdigest()
        return text
