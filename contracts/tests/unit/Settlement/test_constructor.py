import pytest
from conftest import build_world
from world import DAY, WITHDRAWAL_DELAY, refused


def test_another_settlement_for_the_same_escrow__reverts(world, project):
    with refused("EscrowServesAnother", world.settlement):
        project.Settlement.deploy(world.manager, world.escrow, world.anchor, [DAY, DAY, 0, 0, 1], {"from": world.admin})


@pytest.mark.parametrize(("window", "lag", "required"), [(2 * DAY + 1, DAY, 2 * DAY + 1), (DAY, DAY + 1, 2 * DAY + 1)])
def test_withdrawals_faster_than_disputes__reverts(world, project, accounts, window, lag, required):
    with refused("WithdrawalDelayTooShort", WITHDRAWAL_DELAY, required):
        build_world(accounts, project, challenge_window=window, posting_lag=lag)


def test_window_beyond_all_measure__reverts(world, project, accounts):
    with refused("WindowTooLong", 2**32, 2**32 - 1):
        build_world(accounts, project, challenge_window=2**32, withdrawal_delay=2**32)


def test_ratio_of_nothing__reverts(world, project, accounts):
    with refused("RatioInvalid", 0):
        build_world(accounts, project, exposure_ratio=0)


def test_system_accounts_alike_or_missing__reverts(world, project):
    names = [world["supplier"], world["fee"], world["dust"], world["balancing"]]
    for place in range(4):
        for wrong in ("0x" + "00" * 20, names[place - 1]):
            system = [*names[:place], wrong, *names[place + 1 :]]
            with refused("SystemAccountsNotDistinct"):
                project.Escrow.deploy(
                    world.manager,
                    world.token,
                    world.accounts,
                    [world.settlement] * 3,
                    system,
                    1,
                    1,
                    {"from": world.admin},
                )


def test_fixed_sum_and_ratio_count_in_the_exposure(world, project, accounts):
    strict = build_world(accounts, project, fixed_sum=1_000, exposure_ratio=3)
    bond = int(strict.escrow.bond())
    strict.post({"alice": 3 * bond - 2_001 - 7, "bob": 7})
    assert strict.settlement.openExposure() == 3 * bond - 1
    assert strict.settlement.requiredBond() == bond
    with refused("BondTooSmall", 3 * bond + 999, 3 * bond):
        strict.post({"alice": 0}, zone=b"\x05" * 32)
