"""Lines and headers that no honest writer makes: they pay as a default does."""

import pytest
from openings import MALFORMED, NONE, POINT_ID, Scenario, words
from world import TOKEN, refused


@pytest.fixture
def debtor(world):
    """Builds a scenario in which Alice's day costs her 60 tokens; her cap is 100."""

    def build(**changes):
        return Scenario(world, day_net=0, nets={"alice": -60 * TOKEN, "bob": 60 * TOKEN}, **changes).post()

    return build


def claim(built, sender, part, chunks=(0,), slot=None, given=None):
    leaf = built.line_at() if part == "line" else built.opened_header
    rows = built.row_proof(*chunks) if chunks else (0, [])
    return built.world.recomputation.malformed(
        given or built.caller(), built.run, built.point(), slot or built.slot, leaf, rows, {"from": sender}
    )


LINE = [
    {"slot": 7},
    {"slot": 96 * 24_999 + 41},
    {"intervalIndex": 50},
    {"intervalIndex": NONE},
    {"holdIndex": 50},
    {"holdIndex": NONE + 1},
    {"fillIndex": NONE + 1},
    {"importWh": NONE},
    {"exportWh": 2**255},
    {"boughtWh": NONE},
    {"soldWh": NONE},
    {"amount": 2**95},
    {"amount": -(2**95) - 1},
    {"runningTotal": 2**95},
]
HEADER = [
    {"slot": 7},
    {"soldWh": 81_251},
    {"mismatchWh": 1},
    {"boughtWh": 5, "soldWh": 4, "mismatchWh": 1},
    {"tariffIndex": 50},
    {"priceIndex": 50},
    {"auctionIndex": 50},
    {"auctionIndex": NONE + 1},
    {"priceIndex": NONE + 1},
    {"tariffIndex": NONE},
    {"localPrice": 2**95},
    {"importPrice": -(2**95) - 1},
    {"exportPrice": 2**95},
    {"mismatchWh": 2**95},
    {"feederWh": 2**95},
    {"feeAmount": 2**95},
    {"residualAmount": 2**95},
    *({name: NONE} for name in ("feePrice", "buyNum", "buyDen", "sellNum", "sellDen")),
    *({name: NONE} for name in ("memberImportWh", "memberExportWh")),
    {"boughtWh": NONE, "soldWh": NONE},
    {"mismatchWh": 2**256 - NONE, "boughtWh": NONE},
]
SUMS = {"boughtWh": 81_250, "soldWh": 81_250}
CASES = [("line", change) for change in LINE] + [("header", change) for change in HEADER]


@pytest.mark.parametrize(("part", "change"), CASES)
def test_pays_the_days_debit(world, member, debtor, part, change):
    line = {"amount": 0, "runningTotal": 0, **(change if part == "line" else {})}
    header = {**SUMS, **(change if part == "header" else {})}
    built = debtor(line=line, header=header)
    free = world.free("alice")
    tx = claim(built, member, part)
    assert dict(tx.events["MalformedShown"]) == {
        "runKey": "0x" + built.run_key.hex(),
        "account": world["alice"],
        "point": "0x" + POINT_ID.hex(),
        "sequence": 0,
        "slot": built.slot,
        "sum": 60 * TOKEN,
        "paid": 60 * TOKEN,
    }
    assert world.free("alice") == free + 60 * TOKEN
    with refused("NothingToPay", 60 * TOKEN, 0, 60 * TOKEN):
        claim(built, member, part)


@pytest.mark.parametrize("part", ["line", "header"])
@pytest.mark.parametrize("mismatch", [0, -4, 4])
def test_a_leaf_that_is_well_formed_is_refused(world, member, debtor, part, mismatch):
    sums = {"boughtWh": 100, "soldWh": 100 + mismatch, "mismatchWh": mismatch}
    built = debtor(header={**sums, "auctionIndex": NONE, "priceIndex": 49, "feederWh": -(2**95)})
    with refused("WellFormed", built.slot):
        claim(built, member, part)


def test_a_leaf_at_another_place_is_refused(world, member, debtor):
    built = debtor(line={"slot": 7, "amount": 0})
    with pytest.raises(Exception, match="InclusionFailed"):
        claim(built, member, "line", slot=built.slot + 1)
    with refused("SlotOutsideDay", 96 * world.today, built.day):
        claim(built, member, "line", slot=96 * world.today)


def test_a_leaf_of_another_length_is_no_leaf(world, member, debtor):
    built = debtor(line={"slot": 7, "amount": 0})
    cut = words("LINE", built.line)[:-1], built.line_at()[1]
    with pytest.raises(Exception, match="InclusionFailed"):
        world.recomputation.malformed(
            built.caller(), built.run, built.point(), built.slot, cut, built.row_proof(0), {"from": member}
        )


def test_the_debit_ends_at_the_cap(world, member):
    built = Scenario(world, line={"slot": 7, "amount": 0}, nets={"alice": -300 * TOKEN, "bob": 300 * TOKEN}).post()
    assert claim(built, member, "line").events["MalformedShown"]["sum"] == 100 * TOKEN


@pytest.mark.parametrize("chunks", [(0,), ()])
def test_without_a_debit_or_a_row_only_the_fixed_sum_is_paid(world, member, chunks):
    """The fixed sum of this deployment is zero."""
    built = Scenario(world, line={"slot": 7, "amount": 0}, nets={"alice": 5}).post()
    with refused("NothingToPay", 0, 0, 0):
        claim(built, member, "line", chunks)


def test_a_later_remedy_counts_against_it(world, member, debtor):
    built = debtor(line={"amount": 0, "runningTotal": 0}, header={**SUMS, "mismatchWh": 9})
    claim(built, member, "header")
    tx = world.recomputation.arithmetic(built.caller(), built.statement, {"from": member})
    assert (tx.events["Recomputed"]["due"], tx.events["RemedyPaid"]["amount"]) == (160_000, 0)
    assert world.escrow.remedyOf(built.run_key, world["alice"]) == 60 * TOKEN


def test_who_claims(world, debtor, delegate, other_member):
    built = debtor(line={"slot": 7, "amount": 0})
    with refused("NoStanding", str(world.mallory), world["alice"]):
        claim(built, world.mallory, "line")
    with refused("NotTheAccounts", world["bob"], world["alice"]):
        claim(built, other_member, "line", given=built.caller("bob"))
    claim(built, delegate, "line")


def test_anyone_relays(world, debtor):
    built = debtor(line={"slot": 7, "amount": 0})
    tx = claim(built, world.relayer, "line", given=built.signed(MALFORMED))
    assert tx.events["MalformedShown"]["paid"] == 60 * TOKEN
