from world import TOKEN

CREDITORS = [f"creditor {number}" for number in range(12)]


def owed(world) -> list[int]:
    return [int(world.escrow.owedTo(world[name])) for name in CREDITORS]


def pool(world) -> list[int]:
    """Amount waiting and number of claims."""
    return [int(value) for value in world.escrow.collectionPool()]


def test_long_queue_is_served_oldest_first_in_bounded_steps(world):
    """Twelve creditors wait for a supplier without money; a deposit serves eight, anyone serves the rest."""
    world.post(dict.fromkeys(CREDITORS, TOKEN))
    assert owed(world) == [TOKEN] * 12
    world.fund("supplier", 12 * TOKEN)
    assert sum(owed(world)) == 4 * TOKEN
    assert pool(world) == [4 * TOKEN, 4]
    world.assert_backed(*CREDITORS, "alice", "bob")

    world.escrow.payOwed(3, {"from": world.mallory})
    assert pool(world) == [TOKEN, 1]
    tx = world.escrow.payOwed(9, {"from": world.mallory})
    assert tx.events["OwedPaid"]["amount"] == TOKEN
    assert owed(world) == [0] * 12
    world.assert_backed(*CREDITORS, "alice", "bob")


def test_partly_paid_claim_stays_first(world):
    world.post({"alice": 10 * TOKEN, "bob": 10 * TOKEN})
    queue = sorted(("alice", "bob"), key=lambda name: world[name].lower())
    world.fund("supplier", 4 * TOKEN)
    assert [int(world.escrow.owedTo(world[name])) for name in queue] == [6 * TOKEN, 10 * TOKEN]
    world.fund("supplier", 7 * TOKEN)
    assert [int(world.escrow.owedTo(world[name])) for name in queue] == [0, 9 * TOKEN]


def test_nothing_to_pay_changes_nothing(world):
    assert "OwedPaid" not in world.escrow.payOwed(5, {"from": world.mallory}).events
