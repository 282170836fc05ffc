"""One account in the runs of two zones."""

from tests.evm.world import OTHER_ZONE, TOKEN, ZONE, World, members


def test_a_day_costs_no_more_than_its_cap_whatever_zones_are_posted(world: World) -> None:
    """I-03: the cap is per delivery day, so a poster who invents zones must not be able to have it several times."""
    members(world, "alice", cap=100 * TOKEN)
    before = world.free("alice")
    for zone in (ZONE, OTHER_ZONE):
        world.post({"alice": -100 * TOKEN}, zone=zone)
    assert before - world.free("alice") <= 100 * TOKEN


def test_the_zone_that_debits_first_is_the_one_that_debits(world: World) -> None:
    """Another zone's run is posted all the same: its supplier carries what it may not take. Credits come from all."""
    members(world, "alice", cap=100 * TOKEN)
    world.post({"alice": -30 * TOKEN}, zone=ZONE)
    before = world.free("alice")
    world.post({"alice": -30 * TOKEN}, zone=OTHER_ZONE)
    assert world.free("alice") == before
    world.post({"alice": 5 * TOKEN}, zone=b"\x07" * 32)
    assert world.free("alice") == before + 5 * TOKEN


def test_a_correction_of_another_zone_takes_back_its_credit_and_no_more(world: World) -> None:
    members(world, "alice", cap=100 * TOKEN)
    world.post({"alice": -30 * TOKEN}, zone=ZONE)
    before = world.free("alice")
    world.post({"alice": 10 * TOKEN}, zone=OTHER_ZONE)
    world.correct({"alice": -50 * TOKEN}, {"alice": 10 * TOKEN}, zone=OTHER_ZONE)
    assert world.free("alice") == before
