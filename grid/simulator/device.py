"""A virtual meter: numbers its records, chains them, signs them."""

from collections.abc import Sequence
from hashlib import sha256

from grid.domain import ocmf
from grid.simulator.identity import MeterIdentity
from grid.simulator.journal import MeterState


class VirtualMeter:
    """A meter with its key and its place in the street."""

    def __init__(self, identity: MeterIdentity, *, position: int, has_export: bool) -> None:
        self.identity = identity
        self.position = position
        self.has_export = has_export

    def record(self, state: MeterState, registers: Sequence[tuple[int, int, int]]) -> str:
        """Return the next signed record over registers (unix, import Wh, export Wh); `state` moves on."""
        payload = ocmf.build_payload(
            serial=self.identity.serial,
            counter=state.counter + 1,
            registers=[(at, imported, exported if self.has_export else None) for at, imported, exported in registers],
            previous=bytes.fromhex(state.previous) if state.previous else None,
        )
        suite = self.identity.suite
        signature = ocmf.sign(payload, suite=suite, private_key=self.identity.private_key)
        text = ocmf.render(payload, suite=suite, signature=signature)
        state.counter += 1
        state.previous = sha256(text.encode()).hexdigest()
        return text
