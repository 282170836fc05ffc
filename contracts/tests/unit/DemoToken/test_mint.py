from world import refused


def test_minter_creates_money_in_millionths(world):
    tx = world.token.mint(world["alice"], 7_000_000, {"from": world.admin})
    assert world.token.balanceOf(world["alice"]) == 7_000_000
    assert world.token.decimals() == 6
    assert tx.events["Transfer"]["value"] == 7_000_000


def test_stranger__reverts(world):
    with refused("AccessManagedUnauthorized", world.mallory):
        world.token.mint(world.mallory, 1, {"from": world.mallory})
