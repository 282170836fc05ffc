import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.units import Rounding, floor_div, mul_div

numbers = st.integers(-(10**30), 10**30)


@pytest.mark.parametrize(
    ("rounding", "seven", "minus_seven", "five", "minus_five"),
    [
        (Rounding.DOWN, 1, -1, 1, -1),
        (Rounding.UP, 2, -2, 2, -2),
        (Rounding.HALF_UP, 2, -2, 1, -1),
    ],
)
def test_mul_div_rounds_magnitudes(rounding, seven, minus_seven, five, minus_five):
    assert mul_div(7, 1, 4, rounding) == seven
    assert mul_div(-7, 1, 4, rounding) == minus_seven
    assert mul_div(5, 1, 4, rounding) == five
    assert mul_div(5, -1, 4, rounding) == minus_five


def test_mul_div_half_goes_away_from_zero():
    assert mul_div(3, 1, 2, Rounding.HALF_UP) == 2
    assert mul_div(-3, 1, 2, Rounding.HALF_UP) == -2


@given(numbers, numbers, numbers.filter(bool))
def test_mul_div_is_odd_in_each_argument(a, b, divisor):
    for rounding in Rounding:
        assert mul_div(-a, b, divisor, rounding) == -mul_div(a, b, divisor, rounding)
        assert mul_div(a, b, -divisor, rounding) == -mul_div(a, b, divisor, rounding)


@given(numbers, numbers, numbers.filter(bool))
def test_mul_div_is_within_one_of_the_quotient(a, b, divisor):
    down = mul_div(a, b, divisor, Rounding.DOWN)
    up = mul_div(a, b, divisor, Rounding.UP)
    assert abs(down * divisor) <= abs(a * b) <= abs(up * divisor)
    assert abs(up - down) == (a * b % divisor != 0)


def test_floor_div_goes_toward_minus_infinity():
    assert [floor_div(value, 1000) for value in (1999, 999, 0, -1, -1000, -1001)] == [1, 0, 0, -1, -1, -2]


def test_division_by_zero_is_refused():
    with pytest.raises(ZeroDivisionError):
        mul_div(1, 1, 0, Rounding.DOWN)
    with pytest.raises(ZeroDivisionError):
        floor_div(1, 0)
