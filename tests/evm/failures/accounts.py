"""Accounts: enrolment, change, recovery and delegation."""

from collections.abc import Callable, Mapping
from typing import Any

from eth_utils.crypto import keccak

from tests.evm import signing
from tests.evm.chain import Deployed
from tests.evm.failures.catalogue import Call, Catalogue, Due, word
from tests.evm.world import NOBODY, UNLIMITED, World, person

ACCOUNTS = Catalogue("Accounts")
failure, works = ACCOUNTS.failure, ACCOUNTS.works


def verifier(world: World) -> Deployed:
    """A verifier of a kind of key whose signature is keccak256(key || hash)."""
    for made in world.chain.addresses.values():
        if made.contract.name == "TestVerifier" and world.chain.evm.get_code(made.address):
            return made
    return world.chain.create("TestVerifier", [], world["admin"])


def key_signer(world: World, key: bytes = b"key one") -> bytes:
    return bytes.fromhex(verifier(world).address[2:]) + key


def id_of(signer: bytes) -> str:
    return "0x" + keccak(signer)[-20:].hex()


def wallet(name: str) -> bytes:
    return bytes.fromhex(person(name).address[2:])


def call(world: World, function: str, *args: Any, sender: str = "stranger") -> Call:
    return Call(world.accounts, function, args, world[sender])


def signed(world: World, name: str, kind: str, fields: Mapping[str, Any], account: str | None = None) -> list[Any]:
    """Account, fields, nonce, deadline and the signature of `name`."""
    nonce, deadline = world.fresh()
    message = {"account": account or world[name], **fields, "nonce": nonce, "deadline": deadline}
    return [*message.values(), person(name).sign(digest(world, kind, message))]


def digest(world: World, kind: str, message: Mapping[str, Any]) -> bytes:
    return world.accounts.digest_of(signing.struct_hash(kind, message))


def changing(world: World, new: str = "carol", signer: bytes | None = None) -> Call:
    """Alice's account is to be signed for by another wallet, or by a key's signer with an empty signature."""
    return _succession(world, "SignerChange", "alice", new, signer)


def recovering(world: World, new: str = "carol", signer: bytes | None = None) -> Call:
    """The same by Bob, whom Alice has named."""
    if world.accounts.read("recoveryOf", world["alice"]) == NOBODY:
        name_recovery(world, wallet("bob"))
    return _succession(world, "Recovery", "bob", new, signer)


def _succession(world: World, kind: str, by: str, new: str, signer: bytes | None) -> Call:
    nonce, deadline = world.fresh()
    new_signer = wallet(new) if signer is None else signer
    message = {"account": world["alice"], "newSigner": new_signer, "nonce": nonce, "deadline": deadline}
    hashed = digest(world, kind, message)
    other = person(new).sign(hashed) if signer is None else keccak(signer[20:] + hashed)
    function = {"SignerChange": "requestSignerChange", "Recovery": "requestRecovery"}[kind]
    return call(world, function, *message.values(), person(by).sign(hashed), other)


def send(made: Call) -> None:
    made.contract.send(made.function, *made.args, sender=made.sender)


def setting(world: World, recovery: bytes) -> Call:
    return call(world, "setRecovery", *signed(world, "alice", "RecoverySetting", {"recovery": recovery}))


def name_recovery(world: World, recovery: bytes) -> None:
    send(setting(world, recovery))


def cancelling(world: World) -> Call:
    return call(world, "cancelSignerChange", *signed(world, "alice", "SignerChangeCancel", {}))


def delegating(world: World, delegate: str | None = None, until: int | None = None) -> Call:
    fields = {"delegate": delegate or world["bob"], "until": world.chain.time + 9 if until is None else until}
    return call(world, "setDelegation", *signed(world, "alice", "Delegation", fields))


@works
def enrol(world: World) -> Call:
    return call(world, "enrol", key_signer(world))


@works
def request_change(world: World) -> Call:
    return changing(world)


@works
def request_change_to_a_key(world: World) -> Call:
    return changing(world, signer=key_signer(world))


@works
def request_recovery(world: World) -> Call:
    return recovering(world)


@works
def set_recovery(world: World) -> Call:
    return setting(world, wallet("bob"))


@works
def set_recovery_by_a_key(world: World) -> Call:
    return setting(world, key_signer(world))


@works
def cancel(world: World) -> Call:
    send(changing(world))
    return cancelling(world)


@works
def cancel_recovery(world: World) -> Call:
    send(recovering(world))
    return cancelling(world)


@works
def execute(world: World) -> Call:
    send(changing(world))
    world.chain.travel(world.chain.time + world.terms.signer_delay)
    return call(world, "executeSignerChange", world["alice"])


@works
def execute_recovery(world: World) -> Call:
    send(recovering(world))
    world.chain.travel(world.chain.time + world.terms.signer_delay)
    return call(world, "executeRecovery", world["alice"])


@works
def delegate(world: World) -> Call:
    return delegating(world)


@works
def revoke(world: World) -> Call:
    return delegating(world, until=0)


# Enrolment


for _length in (0, 1, 19, 20):

    @failure(f"a signer of {_length} bytes enrolled", "SignerTooShort")
    def _(world: World, length: int = _length) -> Due:
        return Due(call(world, "enrol", (b"\x07" * 20)[:length]), (length,))


@failure("a signer whose verifier has no code", "VerifierHasNoCode")
def _(world: World) -> Due:
    return Due(call(world, "enrol", wallet("bob") + b"key"), (world["bob"],))


@failure("a signer of nobody's verifier", "SignerZero")
def _(world: World) -> Due:
    return Due(call(world, "enrol", b"\x00" * 20 + b"key"))


@failure("a signer enrolled twice", "AlreadyEnrolled")
def _(world: World) -> Due:
    made = enrol(world)
    send(made)
    return Due(made, (id_of(key_signer(world)),))


# Change and recovery


def both(name: str, error: str) -> Callable[[Callable[[World, Callable[..., Call]], Due]], None]:
    """Register a failure of a change and of a recovery."""

    def register(make: Callable[[World, Callable[..., Call]], Due]) -> None:
        failure(f"{name} by a change", error)(lambda world: make(world, changing))
        failure(f"{name} by a recovery", error)(lambda world: make(world, recovering))

    return register


@both("the present signer again", "SignerUnchanged")
def _(world: World, make: Callable[..., Call]) -> Due:
    return Due(make(world, new="alice"), (world["alice"],))


@both("a signer that is too short", "SignerTooShort")
def _(world: World, make: Callable[..., Call]) -> Due:
    return Due(make(world, signer=b"\x07" * 19), (19,))


@both("the zero signer", "SignerZero")
def _(world: World, make: Callable[..., Call]) -> Due:
    return Due(make(world, signer=b"\x00" * 20))


@both("a verifier without code", "VerifierHasNoCode")
def _(world: World, make: Callable[..., Call]) -> Due:
    return Due(make(world, signer=wallet("bob") + b"k"), (world["bob"],))


@both("a signer that has not signed", "NewSignerInvalid")
def _(world: World, make: Callable[..., Call]) -> Due:
    made = make(world)
    kind = "SignerChange" if made.function == "requestSignerChange" else "Recovery"
    message = dict(zip(("account", "newSigner", "nonce", "deadline"), made.args[:4], strict=True))
    return Due(made.but(5, b"\x01" * 65), (world["alice"], word(digest(world, kind, message))))


@both("a second one that waits", "AlreadyWaiting")
def _(world: World, make: Callable[..., Call]) -> Due:
    send(make(world))
    return Due(make(world, new="dora"), (world["alice"], world.chain.time + world.terms.signer_delay))


@both("a new signer other than the one that was signed for", "SignatureInvalid")
def _(world: World, make: Callable[..., Call]) -> Due:
    made = make(world)
    kind, by = ("SignerChange", "alice") if made.function == "requestSignerChange" else ("Recovery", "bob")
    message = dict(zip(("account", "newSigner", "nonce", "deadline"), made.args[:4], strict=True))
    changed = digest(world, kind, message | {"newSigner": wallet("mallory")})
    return Due(made.but(1, wallet("mallory")), (world[by], word(changed)))


@both("one that was relayed before", "NonceAlreadyUsed")
def _(world: World, make: Callable[..., Call]) -> Due:
    made = make(world)
    send(made)
    by = "alice" if made.function == "requestSignerChange" else "bob"
    return Due(made, (world[by], made.args[2]))


@failure("a change signed by the recovery account", "SignatureInvalid")
def _(world: World) -> Due:
    made = changing(world)
    return Due(made.but(4, person("bob").sign(b"\x01" * 32)))


@failure("a recovery that nobody was named for", "NoRecovery")
def _(world: World) -> Due:
    made = call(world, "requestRecovery", world["carol"], wallet("dora"), 1, UNLIMITED, b"", b"")
    return Due(made, (world["carol"],))


@failure("a recovery by the owner", "SignatureInvalid")
def _(world: World) -> Due:
    made = recovering(world)
    message = dict(zip(("account", "newSigner", "nonce", "deadline"), made.args[:4], strict=True))
    hashed = digest(world, "Recovery", message)
    return Due(made.but(4, person("alice").sign(hashed)), (world["bob"], word(hashed)))


@failure("a change put into effect a second early", "SignerNotReady")
def _(world: World) -> Due:
    made = execute(world)
    ready = world.chain.time
    world.chain.travel(ready - 1)
    return Due(made, (ready, ready - 1))


@failure("a recovery put into effect a second early", "SignerNotReady")
def _(world: World) -> Due:
    made = execute_recovery(world)
    ready = world.chain.time
    world.chain.travel(ready - 1)
    return Due(made, (ready, ready - 1))


@failure("a change put into effect twice", "NothingWaits")
def _(world: World) -> Due:
    made = execute(world)
    send(made)
    return Due(made, (world["alice"],))


@failure("a recovery put into effect twice", "NothingWaits")
def _(world: World) -> Due:
    made = execute_recovery(world)
    send(made)
    return Due(made, (world["alice"],))


@failure("a change that a recovery ended", "NothingWaits")
def _(world: World) -> Due:
    send(changing(world))
    send(execute_recovery(world))
    return Due(call(world, "executeSignerChange", world["alice"]), (world["alice"],))


@failure("a cancelled change put into effect", "NothingWaits")
def _(world: World) -> Due:
    made = execute(world)
    send(cancelling(world))
    return Due(made, (world["alice"],))


@failure("a cancelled recovery put into effect", "NothingWaits")
def _(world: World) -> Due:
    made = execute_recovery(world)
    send(cancelling(world))
    return Due(made, (world["alice"],))


@failure("a recovery whose account was taken back", "NothingWaits")
def _(world: World) -> Due:
    made = execute_recovery(world)
    name_recovery(world, b"")
    return Due(made, (world["alice"],))


@failure("nothing cancelled", "NothingWaits")
def _(world: World) -> Due:
    return Due(cancelling(world), (world["alice"],))


@failure("a message of the signer that was replaced", "SignatureInvalid")
def _(world: World) -> Due:
    send(execute(world))
    made = delegating(world)
    fields = dict(zip(("account", "delegate", "until", "nonce", "deadline"), made.args[:5], strict=True))
    return Due(made, (world["alice"], word(digest(world, "Delegation", fields))))


@failure("a withdrawal by the signer that was replaced", "SignatureInvalid")
def _(world: World) -> Due:
    send(execute(world))
    return Due(Call(world.escrow, "requestWithdrawal", world.withdrawal("alice", 1), world["stranger"]))
