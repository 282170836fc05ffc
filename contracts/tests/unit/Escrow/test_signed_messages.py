"""What must hold for every message that members sign for the escrow, whatever it says."""

import pytest
import signing
from brownie import ZERO_ADDRESS, web3
from signers import rejected
from world import CHALLENGE_WINDOW, TOKEN, WITHDRAWAL_DELAY, Person, refused

FUNCTIONS = {
    "Mandate": "registerMandate",
    "MandateEnd": "endMandate",
    "Withdrawal": "requestWithdrawal",
    "WithdrawalCancel": "cancelWithdrawal",
    "NonceCancel": "cancelNonce",
}


class Message:
    """A good message of one kind by alice, and what is sent when it is relayed."""

    def __init__(self, world, kind: str) -> None:
        nonce, deadline = world.fresh()
        values = {
            "Mandate": {
                "validFromDay": world.today + 365,
                "validToDay": world.today + 400,
                "capPerDay": TOKEN,
                "terms": signing.DEMO_TERMS,
            },
            "MandateEnd": {"mandateIndex": 0, "endDay": world.today + 100},
            "Withdrawal": {"to": world["alice"], "amount": TOKEN},
            "WithdrawalCancel": {"index": 0},
            "NonceCancel": {},
        }[kind]
        self.world, self.kind = world, kind
        self.fields = {"account": world["alice"], **values, "nonce": nonce, "deadline": deadline}

    def sign(self, **domain) -> bytes:
        return self.world.sign("alice", self.kind, self.fields, {**self.world.domain, **domain})

    def arguments(self, signature: bytes, **changes) -> list:
        sent = {**self.fields, **changes}
        if self.kind != "Mandate":
            return [*sent.values(), signature]
        sent["terms"] = changes.get("terms", signing.terms_hash(signing.DEMO_TERMS))
        return [tuple(sent.values()), signature]

    def relay(self, signature: bytes, escrow=None, **changes):
        call = getattr(escrow or self.world.escrow, FUNCTIONS[self.kind])
        return call(*self.arguments(signature, **changes), {"from": self.world.mallory})

    def try_out(self, signature: bytes):
        """Relay it without sending a transaction."""
        call = getattr(self.world.escrow, FUNCTIONS[self.kind]).call
        return call(*self.arguments(signature), {"from": self.world.mallory})

    @property
    def spent(self) -> bool:
        return self.world.escrow.nonceUsed(self.fields["account"], self.fields["nonce"])


@pytest.fixture(params=list(FUNCTIONS))
def message(request, world) -> Message:
    if request.param == "WithdrawalCancel":
        world.request("alice", TOKEN)
    return Message(world, request.param)


def test_anyone_relays_and_the_same_again__reverts(message):
    signature = message.sign()
    message.relay(signature)
    assert message.spent
    with refused("NonceAlreadyUsed", message.fields["account"], message.fields["nonce"]):
        message.relay(signature)


@pytest.mark.parametrize("part", ["chainId", "verifyingContract", "version", "name"])
def test_signed_for_elsewhere__reverts(message, part):
    other = {"chainId": 1, "verifyingContract": message.world.accounts.address, "version": "2", "name": "Commonwatts"}
    digest = signing.digest(message.world.domain, message.kind, message.fields)
    with refused("SignatureInvalid", message.fields["account"], digest):
        message.relay(message.sign(**{part: other[part]}))
    assert not message.spent


def test_replayed_on_a_second_deployment__reverts(message, project):
    """Another escrow of the same accounts, as after a new version is deployed."""
    world = message.world
    system = [world[name] for name in ("supplier", "fee", "dust", "balancing")]
    callers = [world["settlement"], world["recomputation"], world["disputes"]]
    second = project.Escrow.deploy(
        world.manager, world.token, world.accounts, callers, system, WITHDRAWAL_DELAY, CHALLENGE_WINDOW,
        {"from": world.admin},
    )  # fmt: skip
    with rejected("SignatureInvalid"):
        message.relay(message.sign(), second)


def test_deadline_is_the_last_second(message):
    signature, deadline = message.sign(), message.fields["deadline"]
    message.world.next_at(deadline)
    message.relay(signature)
    assert message.spent


def test_a_second_later__reverts(message):
    signature, deadline = message.sign(), message.fields["deadline"]
    message.world.next_at(deadline + 1)
    with refused("SignatureExpired", deadline, deadline + 1):
        message.relay(signature)
    assert not message.spent


@pytest.mark.parametrize("deadline", [0, 1])
def test_deadline_long_past__reverts(message, deadline):
    message.fields["deadline"] = deadline
    with rejected("SignatureExpired"):
        message.relay(message.sign())


@pytest.mark.parametrize("nonce", [0, 2**256 - 1])
def test_extreme_nonce_without_a_deadline(message, nonce):
    message.fields |= {"nonce": nonce, "deadline": 2**256 - 1}
    message.relay(message.sign())
    assert message.spent


def test_every_member_is_signed(message):
    world, signature = message.world, message.sign()
    for member, value in message.fields.items():
        if member == "terms":
            other = signing.terms_hash({**signing.DEMO_TERMS, "sellFloor": 0})
        else:
            other = world["bob"] if isinstance(value, str) else value + 1
        with rejected("SignatureInvalid"):
            message.relay(signature, **{member: other})
    message.relay(signature)


def test_other_forms_of_the_signature__reverts(message):
    """The message is spent by its nonce, so a second form of its signature would be of no use; it is refused anyway."""
    good = message.sign()
    forms = [signing.malleated(good), signing.compact(good), b"", good[:64], good + b"\x00", bytes(65)]
    forms += [good[:64] + bytes([v]) for v in (0, 1, 29)]
    for bad in forms:
        with rejected("SignatureInvalid"):
            message.relay(bad)
    message.relay(good)


def test_another_signer__reverts(message):
    message.world.people["alice"] = Person("mallory")
    digest = signing.digest(message.world.domain, message.kind, message.fields)
    signature = message.sign()
    message.world.people["alice"] = Person("alice")
    with refused("SignatureInvalid", message.fields["account"], digest):
        message.relay(signature)


def test_the_zero_account__reverts(message):
    """What ecrecover answers for no signature at all is nobody's account."""
    message.fields["account"] = ZERO_ADDRESS
    for signature in (bytes(65), message.sign()):
        with rejected("SignatureInvalid"):
            message.relay(signature)


def test_after_a_fork_old_signatures_are_of_the_other_chain(message):
    """The domain is not remembered: when the chain's id changes, so does what must be signed."""
    here = web3.eth.chain_id
    old, new = message.sign(), message.sign(chainId=here + 1)
    message.try_out(old)
    web3.provider.make_request("anvil_setChainId", [here + 1])
    try:
        with rejected("SignatureInvalid"):
            message.try_out(old)
        message.try_out(new)
    finally:
        web3.provider.make_request("anvil_setChainId", [here])
    with rejected("SignatureInvalid"):
        message.try_out(new)
