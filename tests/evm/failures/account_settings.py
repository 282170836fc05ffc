"""Accounts: what an account sets for itself."""

from collections.abc import Callable

from tests.evm import signing
from tests.evm.failures.accounts import delegating, name_recovery, send, setting, wallet
from tests.evm.failures.catalogue import Call, Catalogue, Due
from tests.evm.world import NOBODY, World

ACCOUNT_SETTINGS = Catalogue("Accounts")
failure, works = ACCOUNT_SETTINGS.failure, ACCOUNT_SETTINGS.works


# Settings


@failure("an account that recovers itself", "RecoveryInvalid")
def _(world: World) -> Due:
    return Due(setting(world, wallet("alice")), (world["alice"], world["alice"]))


@failure("the same recovery account again", "RecoveryInvalid")
def _(world: World) -> Due:
    name_recovery(world, wallet("bob"))
    return Due(setting(world, wallet("bob")), (world["alice"], world["bob"]))


@failure("no recovery account taken back", "RecoveryInvalid")
def _(world: World) -> Due:
    return Due(setting(world, b""), (world["alice"], NOBODY))


@failure("a recovery account that is too short", "SignerTooShort")
def _(world: World) -> Due:
    return Due(setting(world, b"\x07"), (1,))


@failure("a recovery account whose verifier has no code", "VerifierHasNoCode")
def _(world: World) -> Due:
    return Due(setting(world, wallet("bob") + b"k"), (world["bob"],))


@failure("a delegation to nobody", "DelegateInvalid")
def _(world: World) -> Due:
    return Due(delegating(world, NOBODY), (NOBODY,))


@failure("a delegation to oneself", "DelegateInvalid")
def _(world: World) -> Due:
    return Due(delegating(world, world["alice"]), (world["alice"],))


@failure("a delegation that ends this second", "DelegationOver")
def _(world: World) -> Due:
    now = world.chain.time
    return Due(delegating(world, until=now), (now, now))


for _kind, _make in {"delegation": delegating, "setting": lambda world: setting(world, wallet("bob"))}.items():

    @failure(f"a {_kind} a second late", "SignatureExpired")
    def _(world: World, make: Callable[[World], Call] = _make) -> Due:
        made = make(world)
        deadline = made.args[-2]
        world.chain.travel(deadline + 1)
        return Due(made, (deadline, deadline + 1))

    @failure(f"a {_kind} relayed twice", "NonceAlreadyUsed")
    def _(world: World, make: Callable[[World], Call] = _make) -> Due:
        made = make(world)
        send(made)
        return Due(made, (world["alice"], made.args[-3]))

    @failure(f"a {_kind} with high s", "SignatureInvalid")
    def _(world: World, make: Callable[[World], Call] = _make) -> Due:
        made = make(world)
        return Due(made.but(len(made.args) - 1, signing.malleated(made.args[-1])))
