"""How a failure is written down."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.evm.chain import Deployed
from tests.evm.world import World


@dataclass(frozen=True)
class Call:
    """A call that could be sent."""

    contract: Deployed
    function: str
    args: Sequence[Any]
    sender: str

    def data(self) -> bytes:
        return self.contract.data(self.function, *self.args)

    def but(self, place: int, value: Any) -> "Call":
        """The same with another argument at a place."""
        args = list(self.args)
        args[place] = value
        return replace(self, args=args)

    def by(self, sender: str) -> "Call":
        return replace(self, sender=sender)


@dataclass(frozen=True)
class Due:
    """A call and the values that its custom error has to carry; `data` replaces the calldata."""

    call: Call
    values: tuple[Any, ...] = ()
    data: bytes | None = None


@dataclass(frozen=True)
class Failure:
    """One entry of the catalogue. `token` names a mock that takes the token's place."""

    name: str
    error: str
    make: Callable[[World], Due]
    token: str | None = None


@dataclass
class Catalogue:
    """The entries of one contract, and the valid calls they start from."""

    contract: str
    entries: list[Failure] = field(default_factory=list)
    valid: dict[str, Callable[[World], Call]] = field(default_factory=dict)

    def failure(self, name: str, error: str, token: str | None = None) -> Callable[[Callable[[World], Due]], None]:
        """Register a failure under a name that is unique in the contract."""

        def register(make: Callable[[World], Due]) -> None:
            assert all(entry.name != name for entry in self.entries), name
            self.entries.append(Failure(name, error, make, token))

        return register

    def works(self, make: Callable[[World], Call]) -> Callable[[World], Call]:
        """Register a call that has to go through as it is."""
        self.valid[make.__name__] = make
        return make


def word(value: bytes) -> str:
    """Bytes as errors show them."""
    return "0x" + value.hex()
