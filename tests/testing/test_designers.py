"""activesci's own designers keep the contract, and a designer that breaks it is found out."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from activesci.design import BayesOpt, Grid, Pool, Random
from activesci.testing import check_designer


@pytest.mark.parametrize("designer", [BayesOpt(6), Grid(9), Random()], ids=lambda one: type(one).__name__)
def test_our_designers_keep_the_contract(designer):
    check_designer(designer, seeds=1)


def test_our_pool_keeps_the_contract():
    check_designer(Pool(), needs_pool=True)


@dataclass
class Broken:
    """A grid that does one thing wrong."""

    fault: str
    calls: int = 0

    def choose(self, question, rng):
        self.calls += 1
        asked = replace(question, taken=None) if self.fault == "asks again" else question
        choice = Grid(9).choose(asked, rng)
        if question.pool is not None:
            return replace(choice, row=0) if self.fault == "wrong row" else choice
        if self.fault == "outside":
            return replace(choice, xi=choice.xi + 100.0)
        if self.fault == "infeasible" and len(choice.xi) == 3:
            return replace(choice, xi=np.array([9.0, 9.0, 0.0]))
        if self.fault == "remembers":
            return Random().choose(question, np.random.default_rng(self.calls))
        if self.fault == "writes" and question.hints is not None:
            question.hints[0] = 0.0
        if self.fault == "another gain":
            return replace(choice, gain=choice.gains[[int(choice.gains.value.argmin())]])
        return choice


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("outside", "outside|expected"),
        ("infeasible", "fulfils the constraints"),
        ("asks again", "asked for already"),
        ("wrong row", "the row of the design"),
        ("remembers", "the same answer"),
        ("writes", "read-only"),
        ("another gain", "that of the chosen design"),
    ],
)
def test_a_broken_designer_is_found_out(fault, said):
    with pytest.raises(Exception, match=said):
        check_designer(Broken(fault))


def test_a_designer_without_a_fault_is_not():
    check_designer(Broken("none"))
