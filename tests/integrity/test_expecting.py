"""What becomes of expectations: held, not held, or not to be told, which does not hold."""

import pytest

from activesci.integrity.expecting import Facts, checked
from activesci.study.expectations import expectations

FACTS = Facts(
    posterior={"a": {"mean": 1.0, "sd": 0.1, "q05": 0.84, "q50": 1.0, "q95": 1.16}},
    coverage={"joint": {0.5: 0.5, 0.68: 0.55}},
    totals={"misfit": 0.2, "seconds": 12.0, "alarms": 0},
    files=frozenset({"report.html"}),
)


@pytest.mark.parametrize(
    ("sentence", "held", "found"),
    [
        ("a within 0.9 and 1.1", True, "1"),
        ("a above 1", False, "1"),
        ("a holds 1.16", True, "90 % interval 0.84 to 1.16"),
        ("a holds 1.2", False, "90 % interval 0.84 to 1.16"),
        ("sd of a below 0.1", False, "0.1"),
        ("width of a below 0.33", True, "0.32"),
        ("misfit above 0.01", True, "0.2"),
        ("coverage at 68 % within 60 % and 76 %", False, "0.55"),
        ("coverage of a at 68 % above 60 %", False, "it was not calibrated: run activesci calibrate"),
        ("log evidence above -100", False, "it is not known of this run"),
        ("alarms below 1", True, "0"),
        ("file report.html present", True, "it is there"),
        ("file table.csv present", False, "there is no table.csv"),
    ],
)
def test_each_is_checked(sentence, held, found):
    (one,) = checked(expectations([sentence], ["a"]), FACTS)
    assert (one.text, one.held, one.found) == (sentence, held, found)


def test_without_a_posterior_nothing_holds_of_it():
    nothing = Facts({}, {}, {}, frozenset())
    assert not any(
        one.held for one in checked(expectations(["a above -1e9", "a holds 1", "misfit above 0"], ["a"]), nothing)
    )
