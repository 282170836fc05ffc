"""What a deployment cannot be built with, and what it tells of itself."""

import pytest

from tests.evm.chain import Reverted
from tests.evm.world import CALLERS, DAY, NOBODY, SYSTEM, TOKEN, Terms, World, build, person


def test_each_contract_names_its_neighbours(world: World) -> None:
    escrow, settlement, terms = world.escrow, world.settlement, world.terms
    told = {view: escrow.read(view) for view in ("token", "settlement", "accounts", "authority", *CALLERS)}
    assert told == {
        "token": world.token.address,
        "settlement": settlement.address,
        "accounts": world.accounts.address,
        "authority": world.manager.address,
        "recomputation": world["recomputation"],
        "disputes": world["disputes"],
    }
    views = ("supplier", "fee", "dust", "balancingAccount")
    assert [escrow.read(view) for view in views] == [world[name] for name in SYSTEM]
    assert (escrow.read("withdrawalDelay"), escrow.read("gateLead")) == (terms.withdrawal_delay, terms.gate_lead)
    assert escrow.read("MAX_OPEN_REQUESTS") == 4
    assert settlement.read("escrow") == escrow.address
    assert settlement.read("recordAnchor") == world.anchor.address
    assert settlement.read("disputes") == world["disputes"]
    numbers = ("challengeWindow", "postingLag", "correctionLag", "fixedSum", "exposureRatio")
    due = [terms.challenge_window, terms.posting_lag, terms.correction_lag, terms.fixed_sum, terms.exposure_ratio]
    assert [settlement.read(view) for view in numbers] == due


def test_an_empty_log_has_no_latest_checkpoint(world: World) -> None:
    anchor = world.chain.create("RecordAnchor", [world.manager.address], world["stranger"])
    with pytest.raises(Reverted) as refused:
        anchor.read("latest")
    assert (refused.value.name, refused.value.values) == ("UnknownCheckpoint", (0, 0))


def refusal(**terms: int) -> tuple[str, tuple[object, ...]]:
    with pytest.raises(Reverted) as refused:
        build(terms=Terms(**terms))
    return refused.value.name, refused.value.values


def test_withdrawals_wait_for_windows_and_lags() -> None:
    assert refusal(withdrawal_delay=2 * DAY - 1) == ("WithdrawalDelayTooShort", (2 * DAY - 1, 2 * DAY))
    longer = {"challenge_window": 5 * DAY, "withdrawal_delay": 5 * DAY - 1}
    assert refusal(**longer) == ("WithdrawalDelayTooShort", (5 * DAY - 1, 5 * DAY))
    assert build(terms=Terms(challenge_window=5 * DAY, withdrawal_delay=5 * DAY))


def test_the_bond_counts_at_least_once() -> None:
    assert refusal(exposure_ratio=0) == ("RatioInvalid", (0,))


def doubled() -> list[str]:
    """Four system accounts by a letter each, one of them replaced by another or by nobody."""
    pairs = [(place, letter) for place in range(4) for letter in "0sfdb" if letter != "sfdb"[place]]
    return ["sfdb"[:place] + letter + "sfdb"[place + 1 :] for place, letter in pairs]


@pytest.mark.parametrize("system", doubled())
def test_system_accounts_are_four(world: World, system: str) -> None:
    accounts = [NOBODY if letter == "0" else person(f"system {letter}").address for letter in system]
    callers = [world["stranger"]] * 3
    args = [world.manager.address, world.token.address, world.accounts.address, callers, accounts, 2 * DAY, 0]
    with pytest.raises(Reverted) as refused:
        world.chain.create("Escrow", args, world["stranger"])
    assert refused.value.name == "SystemAccountsNotDistinct"


def test_settlement_stands_where_the_escrow_expects_it(world: World) -> None:
    args = [world.manager.address, world.escrow.address, world.anchor.address, [DAY, DAY, DAY, 0, 1]]
    with pytest.raises(Reverted) as refused:
        world.chain.create("Settlement", args, world["stranger"])
    assert (refused.value.name, refused.value.values) == ("EscrowServesAnother", (world.settlement.address,))


def test_the_demonstration_token_counts_in_millionths(world: World) -> None:
    assert (world.token.read("decimals"), world.token.read("symbol")) == (6, "dEUR")
    with pytest.raises(Reverted) as refused:
        world.token.send("mint", world["stranger"], TOKEN, sender=world["stranger"])
    assert refused.value.name == "AccessManagedUnauthorized"


@pytest.mark.parametrize("field", ["seq", "size", "anchoredAt", "root"])
def test_the_first_checkpoint_follows_nothing(field: str) -> None:
    world = build(log=False)
    args = world.next_checkpoint(3)
    args["previous"] = args["previous"] | {field: b"\x01" * 32 if field == "root" else 1}
    with pytest.raises(Reverted) as refused:
        world.anchor.send("anchor", *args.values(), sender=world["anchorer"])
    assert (refused.value.name, refused.value.values[0], refused.value.values[2]) == (
        "PreviousCheckpointWrong", 0, "0x" + "00" * 32,
    )  # fmt: skip


def test_the_first_checkpoint_needs_no_proof_and_no_number_but_zero() -> None:
    world = build(log=False)
    args = world.next_checkpoint(3)
    for changes, error, values in (
        ({"proof": [b"\x01" * 32]}, "ProofLengthWrong", (1,)),
        ({"seq": 1}, "UnexpectedSequence", (1, 0)),
        ({"size": 0}, "LogDidNotGrow", (0, 0)),
    ):
        with pytest.raises(Reverted) as refused:
            world.anchor.send("anchor", *(args | changes).values(), sender=world["anchorer"])
        assert (refused.value.name, refused.value.values) == (error, values)
    world.anchor.send("anchor", *args.values(), sender=world["anchorer"])
    for count in range(1, 12):
        assert world.anchor.read("checkpointCount") == count
        digest = world.anchor.read("digestOf", count - 1)
        assert world.anchor.read("latest") == [count - 1, digest]
        previous = {"seq": count - 1, "size": args["size"], "anchoredAt": world.chain.time, "root": args["root"]}
        world.log.anchored.append(previous)
        args = world.next_checkpoint(count)
        world.anchor.send("anchor", *args.values(), sender=world["anchorer"])
