import pytest
from world import DAY, refused


@pytest.mark.parametrize("delay", [0, 1, DAY - 1, 60 * DAY + 1, 2**64 - 1])
def test_delay_that_protects_nobody__reverts(world, project, delay):
    with refused("SignerDelayOutOfRange", delay, DAY, 60 * DAY):
        project.Accounts.deploy(delay, {"from": world.admin})


@pytest.mark.parametrize("delay", [DAY, 60 * DAY])
def test_bounds_are_allowed(world, project, delay):
    registry = project.Accounts.deploy(delay, {"from": world.admin})
    assert registry.signerDelay() == delay
    assert registry.accounts() == registry.address
