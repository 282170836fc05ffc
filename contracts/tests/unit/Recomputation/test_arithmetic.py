"""A line whose amount is not what the formula gives with its own energy and its header's prices."""

from dataclasses import replace

import pytest
import signing
from openings import ARITHMETIC, ENERGY, POINT_ID, Scenario, amount_of
from world import DAY, TOKEN, ZONE, refused


@pytest.fixture
def short(world):
    """Alice's slot is worth 160,000 and was posted with 40,000 less."""
    return Scenario(world, line={"amount": 120_000}).post()


def test_pays_what_the_line_lacks(world, short, member):
    free, bond = world.free("alice"), world.escrow.bond()
    tx = world.recomputation.arithmetic(short.caller(), short.statement, {"from": member})
    assert world.free("alice") == free + 40_000
    assert world.escrow.bond() == bond - 40_000
    assert world.escrow.remedyOf(short.run_key, world["alice"]) == 40_000
    numbers, prices = world.recomputation.factsOf(short.run_key, 0, POINT_ID, short.slot, world["alice"])
    assert (numbers, prices) == (40_000 << 16, 0)
    assert dict(tx.events["Recomputed"]) == {
        "runKey": "0x" + short.run_key.hex(),
        "account": world["alice"],
        "point": "0x" + POINT_ID.hex(),
        "sequence": 0,
        "slot": short.slot,
        "ground": ARITHMETIC,
        "amount": 160_000,
        "due": 40_000,
        "numbers": numbers,
        "prices": 0,
    }
    world.assert_backed("alice", "bob")


def test_a_replaced_wallet_may_still_claim(world, registry, alice, phone, member):
    """A claim can only help the account, so that its own address is enough, whoever signs for it now."""
    registry.succeed(alice.account, alice, phone)
    built = Scenario(replace(world, today=world.time() // DAY), line={"amount": 120_000}).post()
    tx = world.recomputation.arithmetic(built.caller(), built.statement, {"from": member})
    assert tx.events["Recomputed"]["due"] == 40_000


def test_is_paid_once(world, short, member):
    world.recomputation.arithmetic(short.caller(), short.statement, {"from": member})
    with refused("NothingToPay", 160_000, 120_000, 40_000):
        world.recomputation.arithmetic(short.caller(), short.statement, {"from": member})


@pytest.mark.parametrize("posted", [160_000, 160_001, 2**95 - 1])
def test_refuses_a_line_that_lacks_nothing(world, member, posted):
    right = Scenario(world, line={"amount": posted, "runningTotal": 0}).post()
    with refused("NothingToPay", 160_000, posted, 0):
        world.recomputation.arithmetic(right.caller(), right.statement, {"from": member})


@pytest.mark.parametrize(
    ("line", "header"),
    [
        ({"importWh": 500, "exportWh": 0, "boughtWh": 600, "soldWh": 0}, {}),  # Ben: bought more than used
        ({"importWh": 900, "exportWh": 0, "boughtWh": 200, "soldWh": 0}, {}),  # Cleo: used more than bought
        ({"exportWh": 0}, {}),  # Ann had delivered nothing
        ({"exportWh": 1, "soldWh": 0}, {"exportPrice": -1}),  # -0.001 is floored to -1
        ({"exportWh": 1, "soldWh": 0}, {"exportPrice": 1_999}),
        ({"exportWh": 7, "soldWh": 0}, {"exportPrice": -1_000}),  # -7 exactly
        ({"importWh": 2**40, "soldWh": 2**40}, {"localPrice": -(2**40), "importPrice": 2**40}),
    ],
)
def test_follows_the_formula_to_the_unit(world, member, line, header):
    line = {"importWh": 0, "exportWh": 1_000, "boughtWh": 0, "soldWh": 800, **line}
    built = Scenario(world, line={**line, "amount": -(2**90), "runningTotal": 0}, header=header).post()
    expected = amount_of(built.line, built.header)
    tx = world.recomputation.arithmetic(built.caller(), built.statement, {"from": member})
    assert tx.events["Recomputed"]["amount"] == expected
    # A line may say what it likes: what is paid for one slot ends at 80 bits.
    assert tx.events["Recomputed"]["due"] == 2**80 - 1


def test_what_the_bond_lacks_waits_for_the_next_top_up(world, member):
    short = Scenario(world, line={"amount": 160_000 - world.escrow.bond() - 5, "runningTotal": 0}).post()
    world.recomputation.arithmetic(short.caller(), short.statement, {"from": member})
    assert world.escrow.bond() == 0
    assert world.escrow.bondClaims()[0] == 5


# Who may claim


def test_a_stranger_may_not(world, short):
    with refused("NoStanding", str(world.mallory), world["alice"]):
        world.recomputation.arithmetic(short.caller(), short.statement, {"from": world.mallory})


def test_nobody_claims_another_accounts_slot(world, short, other_member):
    with refused("NotTheAccounts", world["bob"], world["alice"]):
        world.recomputation.arithmetic(short.caller("bob"), short.statement, {"from": other_member})


def test_a_delegate_may(world, short, delegate):
    world.recomputation.arithmetic(short.caller(), short.statement, {"from": delegate})
    assert world.escrow.remedyOf(short.run_key, world["alice"]) == 40_000


def test_anyone_relays_a_signed_claim_once(world, short):
    claim, free = short.signed(ARITHMETIC), world.free("alice")
    tx = world.recomputation.arithmetic(claim, short.statement, {"from": world.relayer})
    assert world.free("alice") == free + 40_000
    assert tx.events["NonceUsed"] == {"account": world["alice"], "nonce": claim[1]}
    assert world.recomputation.nonceUsed(world["alice"], claim[1])
    with refused("NonceAlreadyUsed", world["alice"], claim[1]):
        world.recomputation.arithmetic(claim, short.statement, {"from": world.relayer})
    flipped = (*claim[:3], signing.malleated(claim[3]))
    with refused("NonceAlreadyUsed", world["alice"], claim[1]):
        world.recomputation.arithmetic(flipped, short.statement, {"from": world.relayer})


@pytest.mark.parametrize(
    "changes",
    [
        {"ground": ENERGY},
        {"slot": 1},
        {"point": bytes(32)},
        {"sequence": 1},
        {"runKey": bytes(32)},
        {"domain": {"name": "Commonwatt", "version": "1", "chainId": 1, "verifyingContract": "0x" + "11" * 20}},
    ],
)
def test_a_signature_is_good_for_one_claim_only(world, short, changes):
    claim = short.signed(ARITHMETIC, **changes)
    with pytest.raises(Exception, match="SignatureInvalid"):
        world.recomputation.arithmetic(claim, short.statement, {"from": world.relayer})


def test_a_signature_expires(world, short):
    claim = short.signed(ARITHMETIC, deadline=world.time() - 1)
    with pytest.raises(Exception, match="SignatureExpired"):
        world.recomputation.arithmetic(claim, short.statement, {"from": world.relayer})


def test_a_void_nonce_is_no_claim(world, short):
    claim = short.signed(ARITHMETIC)
    message = {"account": world["alice"], "nonce": claim[1], "deadline": claim[2]}
    domain = {**world.domain, "verifyingContract": world.recomputation.address}
    signature = world.sign("alice", "NonceCancel", message, domain)
    world.recomputation.cancelNonce(*message.values(), signature, {"from": world.relayer})
    with refused("NonceAlreadyUsed", world["alice"], claim[1]):
        world.recomputation.arithmetic(claim, short.statement, {"from": world.relayer})


# Which run


def test_a_run_that_was_corrected_is_not_claimed_against(world, short, member):
    world.correct({"alice": 160_000}, short.nets, **short.input_fields)
    with refused("RunNotLatest", short.run_key, 0, 1):
        world.recomputation.arithmetic(short.caller(), short.statement, {"from": member})


def test_the_next_correction_takes_a_remedy_back(world, short, member):
    world.fund("supplier", TOKEN)
    world.recomputation.arithmetic(short.caller(), short.statement, {"from": member})
    free, bond = world.free("alice"), world.escrow.bond()
    world.correct({"alice": 170_000}, short.nets, **short.input_fields)
    # The row rises by 50,000; the first 40,000 were paid by the bond.
    assert world.free("alice") == free + 10_000
    assert world.escrow.bond() == bond + 40_000
    assert world.escrow.remedyOf(short.run_key, world["alice"]) == 0
    world.assert_backed("alice", "bob")


def test_the_window_ends(world, short, member):
    until = world.settlement.disputableUntil(short.run_key, world["alice"])
    world.next_at(until)
    with refused("WindowClosed", until, until):
        world.recomputation.arithmetic(short.caller(), short.statement, {"from": member})


def test_the_windows_last_second_counts(world, short, member):
    world.next_at(world.settlement.disputableUntil(short.run_key, world["alice"]) - 1)
    world.recomputation.arithmetic(short.caller(), short.statement, {"from": member})


def test_a_run_that_was_not_posted_is_refused(world, short, member):
    run, *leaves = short.statement
    other = (*run[0][:3], bytes(32), *run[0][4:])
    with pytest.raises(Exception, match="RunUnknown"):
        world.recomputation.arithmetic(short.caller(), ((other, *run[1:]), *leaves), {"from": member})


def test_pause_does_not_stop_a_claim(world, short, member):
    world.escrow.pause({"from": world.guardian})
    world.recomputation.arithmetic(short.caller(), short.statement, {"from": member})
    assert world.escrow.remedyOf(short.run_key, world["alice"]) == 40_000


# What is opened


@pytest.mark.parametrize("part", ["point", "line", "header"])
def test_every_leaf_is_proven(world, short, member, part):
    run, point, line, header = short.statement
    if part == "point":
        point = (*point[:2], point[2] + 1, *point[3:])
    elif part == "line":
        line = ([*line[0][:-1], bytes(32)], line[1])
    else:
        header = ([*header[0][:-1], b"\1" * 32], header[1])
    with pytest.raises(Exception, match="InclusionFailed"):
        world.recomputation.arithmetic(short.caller(), (run, point, line, header), {"from": member})


@pytest.mark.parametrize("proof", ["short", "long", "none"])
def test_a_proof_has_the_trees_length(world, short, member, proof):
    run, point, line, header = short.statement
    hashes = {"short": line[1][:-1], "long": [*line[1], bytes(32)], "none": []}[proof]
    with refused("ProofLengthWrong", len(hashes)):
        world.recomputation.arithmetic(short.caller(), (run, point, (line[0], hashes), header), {"from": member})


def test_a_point_outside_the_tree_is_refused(world, short, member):
    run, point, line, header = short.statement
    with refused("IndexOutOfRange", 3, 3):
        world.recomputation.arithmetic(short.caller(), (run, (*point[:6], 3, point[7]), line, header), {"from": member})


def test_a_slot_of_another_day_is_refused(world, member):
    wrong = Scenario(world, line={"slot": 96 * world.today, "amount": 0}).post()
    with refused("SlotOutsideDay", 96 * world.today, world.today - 1):
        world.recomputation.arithmetic(wrong.caller(), wrong.statement, {"from": member})


def test_a_header_of_another_slot_is_refused(world, member):
    slot = 96 * (world.today - 1) + 40
    wrong = Scenario(world, line={"amount": 0}, header={"slot": slot + 1}).post()
    with refused("HeaderOfAnotherSlot", slot + 1, slot):
        world.recomputation.arithmetic(wrong.caller(), wrong.statement, {"from": member})


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("line", "soldWh", 2**64 - 1),
        ("line", "importWh", 2**255),
        ("line", "amount", 2**95),
        ("line", "amount", -(2**95) - 1),
        ("header", "localPrice", 2**95),
        ("header", "feePrice", 2**64 - 1),
        ("header", "exportPrice", -(2**95) - 1),
    ],
)
def test_a_word_that_no_writer_makes_is_refused(world, member, part, field, value):
    line = {"amount": 0, "runningTotal": 0}
    header = {}
    (line if part == "line" else header)[field] = value
    wrong = Scenario(world, line=line, header=header).post()
    with refused("WordRefused", (value % 2**256).to_bytes(32, "big")):
        world.recomputation.arithmetic(wrong.caller(), wrong.statement, {"from": member})


def test_a_day_of_another_zone_has_its_own_slots(world, short, member):
    """Facts are kept under the run's key: zone and day are part of what a claim is about."""
    key = world.settlement.runKeyOf(ZONE, short.day)
    assert key == "0x" + short.run_key.hex()
    assert short.day * DAY < world.time()
