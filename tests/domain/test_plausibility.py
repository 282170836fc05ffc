"""What a connection, a roof and a feeder allow, in everyday numbers."""

import pytest

from grid.domain.plausibility import balance_tolerance_wh, export_limit_wh, import_limit_wh


@pytest.mark.parametrize(("fuse_w", "limit"), [(17_250, 4_313), (4_000, 1_000), (1, 1), (0, 0)])
def test_a_fuse_carries_a_quarter_of_its_watts_in_a_quarter_hour(fuse_w: int, limit: int) -> None:
    assert import_limit_wh(fuse_w) == limit


@pytest.mark.parametrize(
    ("fuse_w", "pv_peak_w", "limit"),
    [(17_250, 8_000, 2_200), (17_250, 20_000, 4_313), (17_250, 0, 0)],
    ids=["the roof and a tenth", "the fuse", "no roof"],
)
def test_a_home_feeds_in_what_roof_and_fuse_both_allow(fuse_w: int, pv_peak_w: int, limit: int) -> None:
    assert export_limit_wh(fuse_w, pv_peak_w) == limit


def test_members_and_feeder_may_differ_by_rounding_and_losses() -> None:
    assert balance_tolerance_wh(10_000, fixed_wh=50, permille=20) == 250
    assert balance_tolerance_wh(1, fixed_wh=50, permille=20) == 51
    assert balance_tolerance_wh(0, fixed_wh=50, permille=20) == 50
