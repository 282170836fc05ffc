"""Escrow: signatures, the same for every signed message."""

from typing import Any

from tests.evm import signing
from tests.evm.chain import domain_separator
from tests.evm.failures.catalogue import Call, Catalogue, Due, word
from tests.evm.failures.escrow import cancel, request, send
from tests.evm.world import NOBODY, TOKEN, UNLIMITED, World, person

SIGNATURES = Catalogue("Escrow")
failure, works = SIGNATURES.failure, SIGNATURES.works


# Signatures, the same for every signed message


@works
def register(world: World) -> Call:
    first = world.today + 400
    return send(world, "registerMandate", *world.mandate("alice", TOKEN, first, first + 5))


@works
def end(world: World) -> Call:
    fields = {"mandateIndex": 0, "endDay": world.today + 5}
    return send(world, "endMandate", *world.signed("alice", "MandateEnd", fields))


@works
def cancel_nonce(world: World) -> Call:
    return send(world, "cancelNonce", *world.signed("alice", "NonceCancel", {}))


SIGNED = {
    "requestWithdrawal": (request, "Withdrawal"),
    "cancelWithdrawal": (cancel, "WithdrawalCancel"),
    "registerMandate": (register, "Mandate"),
    "endMandate": (end, "MandateEnd"),
    "cancelNonce": (cancel_nonce, "NonceCancel"),
}
MEMBERS = {
    "Mandate": ("account", "validFromDay", "validToDay", "capPerDay", "terms", "nonce", "deadline"),
    "MandateEnd": ("account", "mandateIndex", "endDay", "nonce", "deadline"),
    "Withdrawal": ("account", "to", "amount", "nonce", "deadline"),
    "WithdrawalCancel": ("account", "index", "nonce", "deadline"),
    "NonceCancel": ("account", "nonce", "deadline"),
}


def message_of(call: Call, kind: str) -> dict[str, Any]:
    values = call.args[0] if kind == "Mandate" else call.args[:-1]
    return dict(zip(MEMBERS[kind], values, strict=True))


def resigned(call: Call, kind: str, signature: bytes, **changes: Any) -> Call:
    """The same message with another signature, and members changed after it was signed."""
    values = list((message_of(call, kind) | changes).values())
    args = [values, signature] if kind == "Mandate" else [*values, signature]
    return Call(call.contract, call.function, args, call.sender)


def digest_of(call: Call, kind: str, **changes: Any) -> bytes:
    return call.contract.digest_of(signing.struct_hash(kind, message_of(call, kind) | changes))


def _register_signed(function: str) -> None:
    make, kind = SIGNED[function]

    def invalid(world: World, call: Call, signature: bytes, **changes: Any) -> Due:
        account = changes.get("account", world["alice"])
        return Due(resigned(call, kind, signature, **changes), (account, word(digest_of(call, kind, **changes))))

    @failure(f"{function}: replayed", "NonceAlreadyUsed")
    def _(world: World) -> Due:
        call = make(world)
        world.chain.send(call.sender, world.escrow.address, call.data())
        return Due(call, (world["alice"], message_of(call, kind)["nonce"]))

    @failure(f"{function}: a second late", "SignatureExpired")
    def _(world: World) -> Due:
        call = make(world)
        deadline = message_of(call, kind)["deadline"]
        world.chain.travel(deadline + 1)
        return Due(call, (deadline, deadline + 1))

    @failure(f"{function}: signed by another", "SignatureInvalid")
    def _(world: World) -> Due:
        call = make(world)
        return invalid(world, call, person("bob").sign(digest_of(call, kind)))

    @failure(f"{function}: for another account", "SignatureInvalid")
    def _(world: World) -> Due:
        call = make(world)
        return invalid(world, call, call.args[-1], account=world["bob"])

    @failure(f"{function}: for nobody", "SignatureInvalid")
    def _(world: World) -> Due:
        call = make(world)
        return invalid(world, call, b"\x00" * 65, account=NOBODY)

    @failure(f"{function}: nonce changed on the way", "SignatureInvalid")
    def _(world: World) -> Due:
        call = make(world)
        return invalid(world, call, call.args[-1], nonce=UNLIMITED)

    @failure(f"{function}: deadline changed on the way", "SignatureInvalid")
    def _(world: World) -> Due:
        call = make(world)
        return invalid(world, call, call.args[-1], deadline=UNLIMITED)

    for form, altered in {
        "high s": signing.malleated,
        "64 bytes": signing.compact,
        "a byte missing": lambda good: good[:-1],
        "a byte more": lambda good: good + b"\x00",
        "empty": lambda good: b"",
        "v of 0 or 1": lambda good: good[:64] + bytes([good[64] - 27]),
        "v of 29": lambda good: good[:64] + b"\x1d",
        "zeros": lambda good: b"\x00" * 65,
    }.items():

        @failure(f"{function}: signature with {form}", "SignatureInvalid")
        def _(world: World, altered: Any = altered) -> Due:
            call = make(world)
            return invalid(world, call, altered(call.args[-1]))

    for where, (chain, name, version) in {
        "chain": (1, b"Commonwatt", b"1"),
        "name": (0, b"Commonwealth", b"1"),
        "version": (0, b"Commonwatt", b"2"),
    }.items():

        @failure(f"{function}: signed for another {where}", "SignatureInvalid")
        def _(world: World, chain: int = chain, name: bytes = name, version: bytes = version) -> Due:
            call = make(world)
            struct = signing.struct_hash(kind, message_of(call, kind))
            separator = domain_separator(world.chain.chain_id + chain, world.escrow.address, name, version)
            return invalid(world, call, person("alice").sign(signing.keccak(b"\x19\x01" + separator + struct)))

    @failure(f"{function}: signed for another contract", "SignatureInvalid")
    def _(world: World) -> Due:
        call = make(world)
        struct = signing.struct_hash(kind, message_of(call, kind))
        return invalid(world, call, person("alice").sign(world.accounts.digest_of(struct)))


for _function in SIGNED:
    _register_signed(_function)


@failure("a message whose nonce its signer has cancelled", "NonceAlreadyUsed")
def _(world: World) -> Due:
    call = request(world)
    nonce = call.args[3]
    message = {"account": world["alice"], "nonce": nonce, "deadline": call.args[4]}
    signature = world.sign("alice", "NonceCancel", message)
    world.escrow.send("cancelNonce", *message.values(), signature, sender=world["stranger"])
    return Due(call, (world["alice"], nonce))


@failure("a withdrawal with its receiver changed on the way", "SignatureInvalid")
def _(world: World) -> Due:
    call = request(world)
    digest = digest_of(call, "Withdrawal", to=world["bob"])
    return Due(call.but(1, world["bob"]), (world["alice"], word(digest)))


@failure("a withdrawal with its amount changed on the way", "SignatureInvalid")
def _(world: World) -> Due:
    call = request(world)
    return Due(call.but(2, 11), (world["alice"], word(digest_of(call, "Withdrawal", amount=11))))
