import math

import pytest

from activesci.report.numbers import clean, number, rounded, unit_text


@pytest.mark.parametrize(
    ("value", "sd", "expected"),
    [
        (1.21712, 0.0512, "1.217(51)"),
        (91.1876, 0.0021, "91.1876(21)"),
        (0.5, 0.0996, "0.50(10)"),
        (212.684, 6.947, "212.7(6.9)"),
        (212.684, 9.96, "213(10)"),
        (-3.456, 1.2, "−3.5(1.2)"),
        (-0.04, 1.0, "0.0(1.0)"),
        (2134.2, 123.4, "2130(120)"),
        (1.2e-7, 3.4e-9, "1.200(34) × 10⁻⁷"),
        (6.0e8, 1.0e7, "6.00(10) × 10⁸"),
        (0.0, 5e-5, "0.0(5.0) × 10⁻⁵"),
        (3.0, 0.0, "3"),
        (math.nan, 1.0, "–"),
    ],
)
def test_an_uncertainty_has_two_significant_digits(value, sd, expected):
    assert rounded(value, sd) == expected


def test_outside_text_loses_its_control_characters_and_its_excess():
    assert clean("a\x00b\u202ec\nd") == "a�b�c\nd"
    assert len(clean("x" * 100, 10)) == 10


def test_numbers_and_units_are_typeset():
    assert number(-1.5e-9) == "−1.5 × 10⁻⁹"
    assert unit_text("kg*m**2/s^-3") == "kg*m²/s⁻³"
