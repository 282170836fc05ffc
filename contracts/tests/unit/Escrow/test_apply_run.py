"""What a run does to balances: caps, receivables and the waterfall, in small numbers."""

import pytest
from world import TOKEN, ZERO32, moves, refused


def event(tx, name) -> dict:
    return {key: int(value) for key, value in tx.events[name].items() if key.startswith("by")}


def test_only_settlement_applies(world):
    for caller in (world.mallory, world.poster, world.admin):
        with refused("NotSettlement", caller):
            world.escrow.applyRun(ZERO32, 0, 0, 1, world.rows({}), [], {"from": caller})


def test_balances_move_by_the_days_nets(world):
    nets = {"alice": -30 * TOKEN, "bob": 12 * TOKEN, "fee": 2 * TOKEN, "dust": 7}
    tx = world.post(nets)
    assert (world.free("alice"), world.free("bob")) == (470 * TOKEN, 512 * TOKEN)
    assert (world.free("supplier"), world.free("fee"), world.free("dust")) == (16 * TOKEN - 7, 2 * TOKEN, 7)
    moved = {"alice": -30 * TOKEN, "bob": 12 * TOKEN, "supplier": 16 * TOKEN - 7, "fee": 2 * TOKEN, "dust": 7}
    assert moves(tx) == {world[name]: amount for name, amount in moved.items()}
    assert "ShortfallCarried" not in tx.events
    world.assert_backed("alice", "bob")


def test_debt_beyond_the_cap_is_the_suppliers_own_bill(world):
    tx = world.post({"alice": -130 * TOKEN, "bob": 10 * TOKEN, "fee": 5 * TOKEN})
    assert world.free("alice") == 400 * TOKEN
    assert world.escrow.receivableOf(world["alice"]) == 0
    assert world.free("supplier") == 85 * TOKEN
    assert event(tx, "ShortfallCarried") == {
        "bySupplier": 30 * TOKEN, "byFee": 0, "byBalancing": 0, "byDust": 0, "byBond": 0, "byMembers": 0,
    }  # fmt: skip
    world.assert_backed("alice", "bob")


def test_account_without_a_mandate_is_never_debited(world):
    world.fund("carol", 50 * TOKEN)
    world.post({"carol": -40 * TOKEN})
    assert world.free("carol") == 50 * TOKEN
    assert world.free("supplier") == 0


def test_shortfall_runs_down_the_waterfall(world):
    """Dora signed for 100 and has 9; 20 lie on the balancing account. Of the 91 that are missing the supplier carries
    20, the fee 10, the balancing account 20 and the dust 1 unit; what is left is cut 2 : 1 from Alice and Bob."""
    world.register("dora", 100 * TOKEN, world.today - 1, world.today + 1)
    world.fund("dora", 9 * TOKEN)
    world.fund("balancing", 20 * TOKEN)
    credits = {"alice": 46 * TOKEN, "bob": 23 * TOKEN, "fee": 10 * TOKEN, "dust": 1}
    tx = world.post({"dora": -100 * TOKEN, "supplier": 21 * TOKEN - 1, **credits})
    members = 91 * TOKEN - (21 * TOKEN - 1) - 30 * TOKEN - 1
    assert event(tx, "ShortfallCarried") == {
        "bySupplier": 21 * TOKEN - 1, "byFee": 10 * TOKEN, "byBalancing": 20 * TOKEN, "byDust": 1, "byBond": 0,
        "byMembers": members,
    }  # fmt: skip
    assert world.escrow.receivableOf(world["dora"]) == 91 * TOKEN
    assert world.escrow.owedTo(world["alice"]) + world.escrow.owedTo(world["bob"]) == members
    assert abs(world.escrow.owedTo(world["alice"]) - 2 * world.escrow.owedTo(world["bob"])) <= 2
    assert [world.escrow.owedTo(world[name]) for name in ("fee", "balancing")] == [10 * TOKEN, 20 * TOKEN]
    assert [world.free(name) for name in ("dora", "supplier", "fee", "balancing", "dust")] == [0] * 5
    world.assert_backed("alice", "bob", "dora")

    # Dora pays later: members first, then the balancing account, then the fee, then the supplier.
    world.fund("dora", members + 25 * TOKEN)
    assert (world.free("alice"), world.free("bob")) == (546 * TOKEN, 523 * TOKEN)
    assert [world.free(name) for name in ("balancing", "fee", "supplier")] == [20 * TOKEN, 5 * TOKEN, 0]
    world.fund("dora", 80 * TOKEN)
    assert [world.free(name) for name in ("balancing", "fee", "supplier")] == [
        20 * TOKEN,
        10 * TOKEN,
        21 * TOKEN,
    ]
    assert world.escrow.receivableOf(world["dora"]) == 0
    world.assert_backed("alice", "bob", "dora")


def test_correction_gives_back_down_to_the_cap(world):
    """Cap 100, day net -130: 100 paid. Corrected to -120 nothing moves for Alice; to -60 she gets 40 back."""
    first = {"alice": -130 * TOKEN}
    world.fund("supplier", 50 * TOKEN)
    world.post(first)
    second = {"alice": -120 * TOKEN}
    world.correct(second, first)
    assert (world.free("alice"), world.free("supplier")) == (400 * TOKEN, 150 * TOKEN)
    world.correct({"alice": -60 * TOKEN}, second, sequence=2)
    assert (world.free("alice"), world.free("supplier")) == (440 * TOKEN, 110 * TOKEN)
    world.assert_backed("alice", "bob")


def test_correction_takes_back_what_the_day_credited_too_much(world):
    world.fund("supplier", 90 * TOKEN)
    first, second = {"bob": 50 * TOKEN}, {"bob": 20 * TOKEN}
    world.post(first)
    tx = world.correct(second, first)
    assert moves(tx) == {world["bob"]: -30 * TOKEN, world["supplier"]: 30 * TOKEN}
    assert (world.free("bob"), world.free("supplier")) == (520 * TOKEN, 70 * TOKEN)


def test_supplier_without_money_leaves_credits_owed(world):
    """A sunny day: the supplier owes Alice 30 and Bob 60 but has only 30 in escrow."""
    world.fund("supplier", 30 * TOKEN)
    tx = world.post({"alice": 30 * TOKEN, "bob": 60 * TOKEN})
    assert (world.free("alice"), world.free("bob")) == (510 * TOKEN, 520 * TOKEN)
    assert world.escrow.owedTo(world["alice"]) == 20 * TOKEN
    assert world.escrow.owedTo(world["bob"]) == 40 * TOKEN
    assert world.escrow.receivableOf(world["supplier"]) == 60 * TOKEN
    assert event(tx, "ShortfallCarried")["byMembers"] == 60 * TOKEN

    world.fund("supplier", 100 * TOKEN)
    assert (world.free("alice"), world.free("bob")) == (530 * TOKEN, 560 * TOKEN)
    assert world.escrow.owedTo(world["bob"]) == 0
    assert world.free("supplier") == 40 * TOKEN
    world.assert_backed("alice", "bob")


@pytest.mark.parametrize("cents", [1, 7])
def test_pro_rata_cuts_lose_nothing_to_rounding(world, cents):
    """Three equal credits and a shortfall that three does not divide."""
    world.fund("supplier", 10 - cents)
    names = ("alice", "bob", "carol")
    world.post(dict.fromkeys(names, 10))
    owed = [int(world.escrow.owedTo(world[name])) for name in names]
    assert sum(owed) == 20 + cents
    assert max(owed) - min(owed) <= 1
    world.assert_backed(*names)
