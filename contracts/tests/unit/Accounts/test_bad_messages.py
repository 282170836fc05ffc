"""What must hold for every signed message of the registry, whatever it says."""

import pytest
import signing
from brownie.exceptions import VirtualMachineError
from signers import FUNCTIONS, Registry, rejected
from world import refused


@pytest.fixture(params=["SignerChange", "SignerChangeCancel", "RecoverySetting", "Recovery", "Delegation"])
def case(request, registry, alice, laptop, phone, recoverable):
    """A kind of message, a good one of it, and its signers."""
    kind, world = request.param, registry.world
    values, signers = {
        "SignerChange": ([phone.signer], [alice, phone]),
        "SignerChangeCancel": ([], [alice]),
        "RecoverySetting": ([registry.wallet("bob").signer], [alice]),
        "Recovery": ([phone.signer], [laptop, phone]),
        "Delegation": ([world["adviser"], 2**64 - 1], [alice]),
    }[kind]
    if kind == "SignerChangeCancel":
        registry.change(alice.account, alice, phone)
    return kind, registry.message(kind, alice.account, *values), signers


def send(registry, kind, arguments):
    return getattr(registry.contract, FUNCTIONS[kind])(*arguments, {"from": registry.world.mallory})


def spender(kind, signers, message):
    """Whose nonce a message spends."""
    return signers[0].account if kind == "Recovery" else message["account"]


def test_anyone_relays_and_the_same_again__reverts(registry, case):
    kind, message, signers = case
    arguments = registry.arguments(kind, message, *signers)
    send(registry, kind, arguments)
    with refused("NonceAlreadyUsed", spender(kind, signers, message), message["nonce"]):
        send(registry, kind, arguments)


def test_last_second_is_in_time_and_the_next_is_not(registry, case):
    kind, message, signers = case
    arguments = registry.arguments(kind, message, *signers)
    registry.world.next_at(message["deadline"] + 1)
    with refused("SignatureExpired", message["deadline"], message["deadline"] + 1):
        send(registry, kind, arguments)


def test_on_its_deadline_it_is_taken(registry, case):
    kind, message, signers = case
    registry.world.next_at(message["deadline"])
    send(registry, kind, registry.arguments(kind, message, *signers))
    assert registry.contract.nonceUsed(spender(kind, signers, message), message["nonce"])


@pytest.mark.parametrize("extreme", [0, 2**256 - 1])
def test_extreme_nonce_and_deadline(registry, case, extreme):
    kind, message, signers = case
    message["nonce"] = extreme
    send(registry, kind, registry.arguments(kind, message, *signers))
    assert registry.contract.nonceUsed(spender(kind, signers, message), extreme)
    never = {**message, "nonce": 77, "deadline": 0}
    with rejected("SignatureExpired"):
        send(registry, kind, registry.arguments(kind, never, *signers))


@pytest.mark.parametrize("part", ["chainId", "verifyingContract", "version", "name"])
def test_signed_for_elsewhere__reverts(registry, case, part):
    kind, message, signers = case
    other = {"chainId": 1, "verifyingContract": registry.world.escrow.address, "version": "2", "name": "Commonwatts"}
    domain = {**registry.domain, part: other[part]}
    digest = signing.digest(registry.domain, kind, message)
    with refused("SignatureInvalid", spender(kind, signers, message), digest):
        send(registry, kind, registry.arguments(kind, message, *signers, domain=domain))
    assert not registry.contract.nonceUsed(spender(kind, signers, message), message["nonce"])


def test_replayed_on_a_second_deployment__reverts(registry, project, case):
    kind, message, signers = case
    world = registry.world
    second = Registry(world, registry.verifier, project.Accounts.deploy(86_400, {"from": world.admin}))
    arguments = registry.arguments(kind, message, *signers)
    reason = "NoRecovery" if kind == "Recovery" else "SignatureInvalid"
    with rejected(reason):
        send(second, kind, arguments)


def test_every_member_is_signed(registry, case):
    kind, message, signers = case
    changed = {
        "account": registry.world["bob"],
        "newSigner": registry.wallet("mallory").signer,
        "recovery": registry.wallet("mallory").signer,
        "delegate": registry.world["mallory"],
        "until": 2**63,
        "nonce": message["nonce"] + 1,
        "deadline": message["deadline"] + 1,
    }
    signatures = registry.arguments(kind, message, *signers)[len(message) :]
    for member in message:
        arguments = [*{**message, member: changed[member]}.values(), *signatures]
        with rejected(r"SignatureInvalid|NoRecovery"):
            send(registry, kind, arguments)


def test_calldata_that_ends_early__reverts(registry, case):
    kind, message, signers = case
    call = getattr(registry.contract, FUNCTIONS[kind])
    data = call.encode_input(*registry.arguments(kind, message, *signers))
    for cut in (len(data) - 64, len(data) // 2, 74, 10):
        with pytest.raises(VirtualMachineError):
            registry.world.mallory.transfer(registry.contract, data=data[:cut])
    assert not registry.contract.nonceUsed(spender(kind, signers, message), message["nonce"])
    registry.world.mallory.transfer(registry.contract, data=data)
    assert registry.contract.nonceUsed(spender(kind, signers, message), message["nonce"])


def test_malleated_signature__reverts(registry, alice, case):
    kind, message, signers = case
    if alice not in signers:
        registry.name_recovery(alice.account, alice, registry.wallet("bob").signer)
        signers = [registry.wallet("bob"), *signers[1:]]
    arguments = registry.arguments(kind, message, *signers)
    place = len(message)
    for bad in (signing.malleated(arguments[place]), signing.compact(arguments[place])):
        twisted = [*arguments[:place], bad, *arguments[place + 1 :]]
        with rejected("SignatureInvalid"):
            send(registry, kind, twisted)
    send(registry, kind, arguments)


def test_other_kind_of_the_same_members__reverts(registry, alice, phone, recoverable):
    """SignerChange and Recovery, SignerChangeCancel and NonceCancel have the same members; their types differ."""
    message = registry.message("SignerChange", alice.account, phone.signer)
    arguments = registry.arguments("Recovery", message, alice, phone)
    with rejected("SignatureInvalid"):
        send(registry, "SignerChange", arguments)
    registry.change(alice.account, alice, phone)
    message = registry.message("SignerChangeCancel", alice.account)
    arguments = registry.arguments("NonceCancel", message, alice)
    with rejected("SignatureInvalid"):
        send(registry, "SignerChangeCancel", arguments)
