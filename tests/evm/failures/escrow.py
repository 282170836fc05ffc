"""Escrow: money in, money out, mandates, and who may move what."""

from typing import Any

from tests.evm import signing
from tests.evm.chain import domain_separator
from tests.evm.failures.catalogue import Call, Catalogue, Due, word
from tests.evm.reentry import ENTRIES, TRIGGERS, entry_call, refused_anyhow
from tests.evm.world import DAY, NOBODY, TOKEN, UNLIMITED, World, person, row

ESCROW = Catalogue("Escrow")
failure, works = ESCROW.failure, ESCROW.works
ZERO32 = b"\x00" * 32


def send(world: World, function: str, *args: Any, sender: str = "admin") -> Call:
    return Call(world.escrow, function, args, world[sender])


# Deposits


@works
def deposit(world: World) -> Call:
    return send(world, "deposit", world["alice"], 10)


@works
def deposit_by_permit(world: World) -> Call:
    world.token.send("transfer", world["alice"], 10, sender=world["admin"])
    deadline, signature = world.permit("alice", 10)
    args = (10, deadline, signature[64], signature[:32], signature[32:64])
    return send(world, "depositWithPermit", world["alice"], world["alice"], *args)


@failure("a deposit of nothing", "ZeroAmount")
def _(world: World) -> Due:
    return Due(deposit(world).but(1, 0))


@failure("a deposit on no account", "AccountInvalid")
def _(world: World) -> Due:
    return Due(deposit(world).but(0, NOBODY))


@failure("a deposit while paused", "EscrowPaused")
def _(world: World) -> Due:
    world.escrow.send("pause", sender=world["guardian"])
    return Due(deposit(world))


@failure("a deposit by a permit while paused", "EscrowPaused")
def _(world: World) -> Due:
    call = deposit_by_permit(world)
    world.escrow.send("pause", sender=world["guardian"])
    return Due(call)


@failure("a deposit of tokens that the payer has not allowed", "ERC20InsufficientAllowance")
def _(world: World) -> Due:
    return Due(deposit(world).by(world["stranger"]), (world.escrow.address, 0, 10))


@failure("a deposit of tokens that the payer does not have", "ERC20InsufficientBalance")
def _(world: World) -> Due:
    world.token.send("approve", world.escrow.address, 10, sender=world["stranger"])
    return Due(deposit(world).by(world["stranger"]), (world["stranger"], 0, 10))


@failure("a deposit of the largest number", "Panic")
def _(world: World) -> Due:
    return Due(deposit(world).but(1, UNLIMITED), (0x11,))


@failure("a deposit beyond what the ledger can count", "LiabilitiesTooLarge")
def _(world: World) -> Due:
    present, most = world.escrow.read("totalLiabilities"), 2**95 - 1
    return Due(deposit(world).but(1, most - present + 1), (most + 1, most))


@failure("a permit paid into another's account", "PermitForAnotherAccount")
def _(world: World) -> Due:
    return Due(deposit_by_permit(world).but(0, world["bob"]), (world["bob"], world["alice"]))


@failure("an expired permit", "ERC2612ExpiredSignature")
def _(world: World) -> Due:
    call = deposit_by_permit(world)
    world.chain.travel(call.args[3] + 1)
    return Due(call, (call.args[3],))


@failure("a permit for another amount", "ERC2612InvalidSigner")
def _(world: World) -> Due:
    return Due(deposit_by_permit(world).but(2, 9))


@failure("a permit with a malleated signature", "ECDSAInvalidSignatureS")
def _(world: World) -> Due:
    call = deposit_by_permit(world)
    other = signing.malleated(call.args[5] + call.args[6] + bytes([call.args[4]]))
    return Due(call.but(6, other[32:64]).but(4, other[64]), (word(other[32:64]),))


@failure("a permit that was spent", "ERC2612InvalidSigner")
def _(world: World) -> Due:
    call = deposit_by_permit(world)
    world.escrow.send(call.function, *call.args, sender=call.sender)
    return Due(call)


# Tokens that misbehave


def hostile(world: World, *, fee: int = 0, false: bool = False, refused: str = NOBODY) -> None:
    world.token.send("misbehave", fee, false, refused, sender=world["admin"])


def matured(world: World) -> Call:
    """A withdrawal that is ready."""
    index = world.request("alice", 10).answer
    world.chain.travel(world.chain.time + world.terms.withdrawal_delay)
    return send(world, "executeWithdrawal", world["alice"], index, sender="stranger")


@failure("a token that takes a fee on a deposit", "TransferInexact", token="HostileToken")
def _(world: World) -> Due:
    hostile(world, fee=3)
    return Due(deposit(world), (10, 7))


@failure("a token that takes a fee on a top-up", "TransferInexact", token="HostileToken")
def _(world: World) -> Due:
    hostile(world, fee=3)
    return Due(send(world, "topUpBond", 10), (10, 7))


@failure("a token that answers false to a deposit", "SafeERC20FailedOperation", token="HostileToken")
def _(world: World) -> Due:
    hostile(world, false=True)
    return Due(deposit(world), (world.token.address,))


@failure("a token that answers false to a withdrawal", "SafeERC20FailedOperation", token="HostileToken")
def _(world: World) -> Due:
    call = matured(world)
    hostile(world, false=True)
    return Due(call, (world.token.address,))


@failure("a token that answers false to the bond's withdrawal", "SafeERC20FailedOperation", token="HostileToken")
def _(world: World) -> Due:
    hostile(world, false=True)
    return Due(send(world, "withdrawBond", world["admin"], 10), (world.token.address,))


@failure("a token that blocks the receiver", "ReceiverRefused", token="HostileToken")
def _(world: World) -> Due:
    call = matured(world)
    hostile(world, refused=world["alice"])
    return Due(call, (world["alice"],))


@failure("a token without permits", "Unknown", token="HostileToken")
def _(world: World) -> Due:
    args = (world["alice"], world["alice"], 10, UNLIMITED, 27, b"\x01" * 32, b"\x01" * 32)
    return Due(send(world, "depositWithPermit", *args), ("0x",))


def _register_reentry(trigger: str, entry: str) -> None:
    @failure(f"{trigger} re-entered by {entry}", "ReentrancyGuardReentrantCall", token="HostileToken")
    def _(world: World) -> Due:
        world.request("alice", 10)
        outer = {
            "deposit": deposit(world),
            "topUpBond": send(world, "topUpBond", 10),
            "executeWithdrawal": matured(world),
            "withdrawBond": send(world, "withdrawBond", world["admin"], 10),
        }[trigger]
        data = entry_call(world, entry)
        world.token.send("callBack", world.escrow.address, data, sender=world["admin"])
        return Due(outer)


for _trigger in TRIGGERS:
    for _entry in ENTRIES:
        if not refused_anyhow(_entry):
            _register_reentry(_trigger, _entry)


# Withdrawals


@works
def request(world: World) -> Call:
    return send(world, "requestWithdrawal", *world.withdrawal("alice", 10))


@works
def cancel(world: World) -> Call:
    index = world.request("alice", 10).answer
    return send(world, "cancelWithdrawal", *world.signed("alice", "WithdrawalCancel", {"index": index}))


@works
def execute(world: World) -> Call:
    return matured(world)


def asking(world: World, amount: int, to: str | None = None) -> Call:
    return send(world, "requestWithdrawal", *world.withdrawal("alice", amount, to))


@failure("a withdrawal of nothing", "ZeroAmount")
def _(world: World) -> Due:
    return Due(asking(world, 0))


@failure("a withdrawal of one unit too much", "InsufficientBalance")
def _(world: World) -> Due:
    return Due(asking(world, 500 * TOKEN + 1), (world["alice"], 500 * TOKEN + 1, 500 * TOKEN))


@failure("a withdrawal of the largest number", "InsufficientBalance")
def _(world: World) -> Due:
    return Due(asking(world, UNLIMITED), (world["alice"], UNLIMITED, 500 * TOKEN))


@failure("a withdrawal of what is pending", "InsufficientBalance")
def _(world: World) -> Due:
    world.request("alice", 500 * TOKEN)
    return Due(asking(world, 1), (world["alice"], 1, 0))


@failure("a withdrawal to nobody", "ReceiverInvalid")
def _(world: World) -> Due:
    return Due(asking(world, 1, NOBODY), (NOBODY,))


@failure("a withdrawal to the escrow", "ReceiverInvalid")
def _(world: World) -> Due:
    return Due(asking(world, 1, world.escrow.address), (world.escrow.address,))


@failure("a fifth open withdrawal", "TooManyRequests")
def _(world: World) -> Due:
    for _ in range(4):
        world.request("alice", 1)
    return Due(asking(world, 1), (world["alice"], 4))


@failure("a withdrawal pulled a second before its time", "WithdrawalNotReady")
def _(world: World) -> Due:
    call = matured(world)
    ready = world.chain.time
    world.chain.travel(ready - 1)
    return Due(call, (ready, ready - 1))


@failure("a withdrawal pulled twice", "UnknownRequest")
def _(world: World) -> Due:
    call = matured(world)
    world.escrow.send(call.function, *call.args, sender=call.sender)
    return Due(call, (world["alice"], call.args[1]))


@failure("a cancelled withdrawal pulled", "UnknownRequest")
def _(world: World) -> Due:
    call = matured(world)
    world.cancel("alice", call.args[1])
    return Due(call, (world["alice"], call.args[1]))


@failure("another account's withdrawal pulled", "UnknownRequest")
def _(world: World) -> Due:
    return Due(matured(world).but(0, world["bob"]), (world["bob"], 0))


@failure("a withdrawal of the largest number pulled", "UnknownRequest")
def _(world: World) -> Due:
    return Due(matured(world).but(1, 2**32 - 1), (world["alice"], 2**32 - 1))


@failure("an unknown withdrawal cancelled", "UnknownRequest")
def _(world: World) -> Due:
    args = world.signed("alice", "WithdrawalCancel", {"index": 7})
    return Due(send(world, "cancelWithdrawal", *args), (world["alice"], 7))


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


# Mandates


def mandate(world: World, cap: int, first: int, end_day: int) -> Call:
    return send(world, "registerMandate", *world.mandate("alice", cap, first, end_day))


@failure("a mandate without a day", "MandateDaysEmpty")
def _(world: World) -> Due:
    first = world.today + 400
    return Due(mandate(world, 1, first, first), (first, first))


@failure("a mandate that ends before it begins", "MandateDaysEmpty")
def _(world: World) -> Due:
    first = world.today + 400
    return Due(mandate(world, 1, first, first - 1), (first, first - 1))


@failure("a mandate that begins before the newest ends", "MandateOverlaps")
def _(world: World) -> Due:
    last = world.today + 365
    return Due(mandate(world, 1, last - 1, last + 9), (last - 1, last))


@failure("a mandate for a day that is settled", "MandateDaySettled")
def _(world: World) -> Due:
    world.post({"alice": 1})
    settled = world.today - 1
    return Due(mandate(world, 1, settled, settled + 900), (settled, settled))


@failure("a cap one beyond what can be kept", "CapTooLarge")
def _(world: World) -> Due:
    first = world.today + 400
    return Due(mandate(world, 2**88, first, first + 1), (2**88, 2**88 - 1))


@failure("a cap of the largest number", "CapTooLarge")
def _(world: World) -> Due:
    first = world.today + 400
    return Due(mandate(world, UNLIMITED, first, first + 1), (UNLIMITED, 2**88 - 1))


def ending(world: World, index: int, day: int) -> Call:
    return send(world, "endMandate", *world.signed("alice", "MandateEnd", {"mandateIndex": index, "endDay": day}))


@failure("the end of a mandate that was never given", "UnknownMandate")
def _(world: World) -> Due:
    return Due(ending(world, 1, world.today + 5), (world["alice"], 1, 1))


@failure("a mandate ended for the day whose gate has closed", "EndDayOutOfRange")
def _(world: World) -> Due:
    return Due(ending(world, 0, world.today), (world.today, world.today + 1, world.today + 364))


@failure("a mandate ended after the market's lead over midnight", "EndDayOutOfRange")
def _(world: World) -> Due:
    today = world.today
    world.chain.travel((today + 1) * DAY - world.terms.gate_lead)
    return Due(ending(world, 0, today + 1), (today + 1, today + 2, today + 364))


@failure("a mandate ended when it ends anyhow", "EndDayOutOfRange")
def _(world: World) -> Due:
    last = world.today + 365
    return Due(ending(world, 0, last), (last, world.today + 1, last - 1))


@failure("a mandate ended before its first day", "EndDayOutOfRange")
def _(world: World) -> Due:
    first = world.today + 400
    world.register("alice", 1, first, first + 9)
    return Due(ending(world, 1, first - 1), (first - 1, first, first + 8))


# Bond, pause, roles


@works
def top_up(world: World) -> Call:
    return send(world, "topUpBond", 10)


@works
def withdraw_bond(world: World) -> Call:
    return send(world, "withdrawBond", world["admin"], 10)


@works
def pause(world: World) -> Call:
    return send(world, "pause", sender="guardian")


@failure("a top-up of nothing", "ZeroAmount")
def _(world: World) -> Due:
    return Due(top_up(world).but(0, 0))


@failure("the bond withdrawn by a stranger", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    return Due(withdraw_bond(world).by(world["stranger"]), (world["stranger"],))


@failure("the bond withdrawn to nobody", "ReceiverInvalid")
def _(world: World) -> Due:
    return Due(withdraw_bond(world).but(0, NOBODY), (NOBODY,))


@failure("the bond withdrawn to the escrow", "ReceiverInvalid")
def _(world: World) -> Due:
    return Due(withdraw_bond(world).but(0, world.escrow.address), (world.escrow.address,))


@failure("more than the bond withdrawn", "InsufficientBalance")
def _(world: World) -> Due:
    bond = world.escrow.read("bond")
    return Due(withdraw_bond(world).but(1, bond + 1), (world.escrow.address, bond + 1, bond))


@failure("the part of the bond withdrawn that an open run requires", "BondInUse")
def _(world: World) -> Due:
    world.post({"alice": 7 * TOKEN})
    bond = world.escrow.read("bond")
    return Due(withdraw_bond(world).but(1, bond - 7 * TOKEN + 1), (7 * TOKEN - 1, 7 * TOKEN))


@failure("the part of the bond withdrawn that a case reserved", "BondInUse")
def _(world: World) -> Due:
    world.escrow.send("reserveBond", 100, sender=world["disputes"])
    bond = world.escrow.read("bond")
    return Due(withdraw_bond(world).but(1, bond - 99), (99, 100))


def claimed(world: World) -> int:
    """Have the bond owe what it lacks; returns how much."""
    lacking = 5
    sum_due = world.escrow.read("bond") + lacking
    args = (b"\x01" * 32, 0, world["alice"], sum_due)
    world.escrow.send("payRemedy", *args, sender=world["recomputation"])
    return lacking


@failure("the bond withdrawn while it owes", "BondClaimsOpen")
def _(world: World) -> Due:
    return Due(withdraw_bond(world), (claimed(world),))


@failure("a pause by a stranger", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    return Due(pause(world).by(world["stranger"]), (world["stranger"],))


@failure("a pause by the poster", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    return Due(pause(world).by(world["poster"]), (world["poster"],))


@failure("a second pause", "EscrowPaused")
def _(world: World) -> Due:
    call = pause(world)
    world.escrow.send("pause", sender=call.sender)
    return Due(call)


@failure("the end of no pause", "EscrowNotPaused")
def _(world: World) -> Due:
    return Due(send(world, "unpause", sender="guardian"))


@failure("a pause ended by a stranger", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    world.escrow.send("pause", sender=world["guardian"])
    return Due(send(world, "unpause", sender="stranger"), (world["stranger"],))


@failure("another authority named by a stranger", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    return Due(send(world, "setAuthority", world["stranger"], sender="stranger"), (world["stranger"],))


@failure("rows applied past Settlement", "NotSettlement")
def _(world: World) -> Due:
    args: tuple[Any, ...] = (ZERO32, 0, world.today - 1, 1, [row(world["alice"], 1)], [])
    return Due(send(world, "applyRun", *args, sender="poster"), (world["poster"],))


CALLER_ONLY: dict[str, tuple[Any, ...]] = {
    "payRemedy": (ZERO32, 0, 1),
    "payDefault": (ZERO32, 0, 1),
    "takeDeposit": (1,),
    "returnDeposit": (0,),
    "reserveBond": (1,),
    "releaseBond": (0,),
}
for _name, _given in CALLER_ONLY.items():
    for _sender in ("admin", "poster", "alice"):

        @failure(f"{_name} by {_sender}", "NotDisputing")
        def _(world: World, name: str = _name, given: tuple[Any, ...] = _given, sender: str = _sender) -> Due:
            args: list[Any] = list(given)
            if name in ("payRemedy", "payDefault"):
                args.insert(2, world["alice"])
            elif name in ("takeDeposit", "returnDeposit"):
                args.insert(0, world["alice"])
            return Due(send(world, name, *args, sender=sender), (world[sender],))


@failure("a deposit taken by the contract of proofs", "NotDisputing")
def _(world: World) -> Due:
    return Due(send(world, "takeDeposit", world["alice"], 1, sender="recomputation"), (world["recomputation"],))


@failure("a deposit larger than the balance", "InsufficientBalance")
def _(world: World) -> Due:
    args = (world["alice"], 500 * TOKEN + 1)
    return Due(send(world, "takeDeposit", *args, sender="disputes"), (*args, 500 * TOKEN))


@failure("a deposit returned that was never taken", "DepositsTooSmall")
def _(world: World) -> Due:
    return Due(send(world, "returnDeposit", world["alice"], 1, sender="disputes"), (1, 0))


@failure("a reserve released that was never made", "ReserveTooSmall")
def _(world: World) -> Due:
    return Due(send(world, "releaseBond", 1, sender="disputes"), (1, 0))


@failure("a reserve beyond what can be kept", "SafeCastOverflowedUintDowncast")
def _(world: World) -> Due:
    return Due(send(world, "reserveBond", 2**96, sender="disputes"), (96, 2**96))


@failure("a call of nothing", "Unknown")
def _(world: World) -> Due:
    return Due(deposit(world), ("0x",), data=b"")


@failure("calldata cut short", "Unknown")
def _(world: World) -> Due:
    call = request(world)
    return Due(call, ("0x",), data=call.data()[:-40])


@failure("a signature that claims to be longer than the calldata", "Unknown")
def _(world: World) -> Due:
    call = request(world)
    data = call.data()
    at = 4 + 32 * 6
    return Due(call, ("0x",), data=data[:at] + (2**64).to_bytes(32, "big") + data[at + 32 :])


@failure("a function that is not there", "Unknown")
def _(world: World) -> Due:
    return Due(deposit(world), ("0x",), data=b"\xde\xad\xbe\xef")
