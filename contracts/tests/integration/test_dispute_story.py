"""A week in which nearly everything goes wrong, and in which everybody ends up with what is his."""

from casework import Casework, pack, view
from eth_utils import keccak
from world import DAY, POSTING_LAG, TOKEN, ZONE, refused

P4, EVIDENCE, REASONS = keccak(text="p4"), keccak(text="the signed record"), keccak(text="the reasons")
FINDING = (100, 900, EVIDENCE, False)
FOUND = 138_000  # what Anna's finding is worth
START = 500 * TOKEN


def test_a_week_of_disputes(disputed):
    world, disputes = disputed, disputed.disputes
    everybody = ("anna", "emil", "otto")
    case = Casework(world)
    case.nets["anna"] = -40 * TOKEN
    case.post()
    bond = world.escrow.bond()
    assert (world.free("anna"), world.free("emil"), world.free("otto")) == (460 * TOKEN, 530 * TOKEN, START)

    # Otto's roof stands in no statement: he shows his binding, nobody can open what is not there.
    case.demand("otto", P4, pack(case.slot(0)), case.evidence(binding=case._entry(*case.omitted)))
    # Emil sees no readings and asks for four quarter hours; Anna's energy is not what her meter signed.
    case.demand("emil", bytes(32), pack(*(case.slot(place) for place in range(4))))
    case.contest("anna", 0, 3, FINDING)
    world.assert_backed(*everybody)

    # The operator is paused and opens three of Emil's four all the same, both his points among them; the meter-data
    # responsible sees no fault.
    world.escrow.pause({"from": world.guardian})
    for place, point in enumerate((1, 2, 1)):
        case.open(2, place, point, place, sender=world.poster)
    disputes.answer(3, False, REASONS, {"from": world.meter_data})
    disputes.appeal(case.claim("anna", "Appeal", {"caseId": 3}), 3, {"from": world.relayer})

    # A day later Otto and Emil are paid for silence, by whoever comes along.
    world.travel(view(world, 2)["deadline"])
    for number in (1, 2):
        disputes.close(number, {"from": world.mallory})
    assert (world.free("emil"), world.free("otto")) == (531 * TOKEN, 501 * TOKEN)
    world.assert_backed(*everybody)

    # The panel is of two minds, and the third member tips it. Anna has her money at once.
    for member, uphold in zip(world.panel, (True, False, True), strict=True):
        disputes.vote(3, uphold, REASONS, {"from": member})
    assert view(world, 3)["state"] == "upheld"
    assert world.free("anna") == 460 * TOKEN + FOUND
    assert world.escrow.bond() == bond - 2 * TOKEN - FOUND
    world.assert_backed(*everybody)

    # The correction says the same and gives Otto 2 for his day. What the bond has paid goes back to it.
    world.escrow.unpause({"from": world.guardian})
    corrected = Casework(world, sequence=1, before=case)
    corrected.nets |= {"anna": case.nets["anna"] + FOUND, "otto": 2 * TOKEN}
    corrected.post(case)
    assert world.free("anna") == 460 * TOKEN + FOUND
    assert world.free("otto") == 502 * TOKEN
    assert world.escrow.bond() == bond - TOKEN
    assert world.escrow.remedyOf(case.run_key, world["emil"]) == TOKEN
    world.assert_backed(*everybody)

    # The row changed, so it may be disputed again; the old case is closed for good.
    with refused("StateWrong", 3, 6):
        disputes.close(3, {"from": world.mallory})
    corrected.contest("anna", 0, 3, FINDING)
    disputes.answer(4, False, REASONS, {"from": world.meter_data})
    world.travel(view(world, 4)["deadline"])
    disputes.close(4, {"from": world.mallory})
    assert view(world, 4)["state"] == "rejected"

    # Then nothing is posted any more. Anna claims the first day that is missing, and takes everything home.
    day = world.today + 1
    world.travel((day + 1) * DAY + POSTING_LAG + 1)
    claim = case.claim("anna", "UnpostedClaim", {"zone": ZONE, "day": day})
    disputes.claimUnposted(claim, ZONE, day, case.checkpoint, case.binding(0), {"from": world.relayer})
    money = 461 * TOKEN + FOUND
    assert world.free("anna") == money
    world.request("anna", money)
    world.travel(world.time() + world.escrow.withdrawalDelay())
    world.escrow.executeWithdrawal(world["anna"], 0, {"from": world.mallory})
    assert world.token.balanceOf(world["anna"]) == money

    # Nothing is left open, held or kept.
    assert [disputes.openCases(world[name]) for name in everybody] == [0, 0, 0]
    assert (world.escrow.reservedBond(), world.escrow.depositsHeld()) == (0, 0)
    world.assert_backed(*everybody)
