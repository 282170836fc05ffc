"""A community from first deposit to last withdrawal."""

import trees
from world import CHALLENGE_WINDOW, DAY, TOKEN, WITHDRAWAL_DELAY, ZONE


def test_a_week_of_a_street(world):
    """Carol has a roof and sells, Alice and Bob buy; one day is corrected; Carol takes her money home, and the operator
    is gone by then."""
    world.fund("supplier", 200 * TOKEN)
    day = world.today - 1
    leaves = [world.checkpoints[0][3], *(trees.leaf(bytes([i])) for i in range(9))]
    posted = {}
    for number in range(5):
        seq, old, size = number + 1, number + 1, number + 2
        proof = trees.consistency(old, leaves[:size])
        world.grow(size, trees.root(leaves[:size]), proof)
        nets = {
            "alice": -9 * TOKEN - number,
            "bob": -4 * TOKEN,
            "carol": 6 * TOKEN,
            "fee": TOKEN,
            "dust": number,
        }
        world.post(nets, day=day, checkpoint=seq)
        posted[day] = (nets, seq)
        day += 1
        world.travel((day + 1) * DAY + 7_200)
    world.assert_backed("alice", "bob", "carol")

    # The second day's meter of Bob was read wrongly: he used one token's worth less, the supplier sold it to Alice.
    second = world.today
    nets, seq = posted[second]
    corrected = {**nets, "bob": nets["bob"] + TOKEN, "alice": nets["alice"] - TOKEN}
    world.correct(corrected, nets, day=second, checkpoint=seq)
    world.travel(world.time() + CHALLENGE_WINDOW)
    assert world.settlement.isFinal(world.settlement.runKeyOf(ZONE, second), 1)
    assert world.settlement.openExposure() == 0

    assert (world.free("alice"), world.free("bob")) == (
        500 * TOKEN - 46 * TOKEN - 10,
        500 * TOKEN - 19 * TOKEN,
    )
    assert (world.free("carol"), world.free("fee"), world.free("dust")) == (30 * TOKEN, 5 * TOKEN, 10)

    world.escrow.pause({"from": world.guardian})
    for name in ("alice", "bob", "carol"):
        world.request(name, world.free(name))
    world.travel(world.time() + WITHDRAWAL_DELAY)
    for name in ("alice", "bob", "carol"):
        world.escrow.executeWithdrawal(world[name], 0, {"from": world.mallory})
    assert world.token.balanceOf(world["carol"]) == 30 * TOKEN
    world.assert_backed("alice", "bob", "carol")
