"""The contract of a designer."""

import numpy as np

from activesci.design import Choice, Designer, Question, together
from activesci.rng import Purpose, generator

from .base import equal, must
from .questions import questions

BATCH = 3


def check_designer(designer: Designer, needs_pool: bool = False, seeds: int = 3) -> None:
    """Hold a designer to its contract, on questions of every kind that a study can ask.

    What it chooses is inside the design space and fulfils the constraints; of a pool it is a row that is left; it is
    never one that is asked for already while there are others; the designs of a batch are different; the same question
    and the same random numbers give the same answer; what it is given it leaves as it was.

    Args:
        designer: The designer.
        needs_pool: Whether it chooses among recorded measurements only.
        seeds: How many random numbers each question is asked with.

    Raises:
        AssertionError: What is broken, on which question.
    """
    for name in questions(needs_pool):
        for seed in range(seeds):
            try:
                _one(designer, questions(needs_pool)[name], seed)
                _repeated(designer, name, needs_pool, seed)
            except AssertionError as broken:
                raise AssertionError(f"on {name}: {broken}") from None
    _batches(designer, needs_pool)


def _one(designer: Designer, question: Question, seed: int) -> None:
    choice = designer.choose(question, generator(seed, 0, Purpose.CHOOSE))
    _feasible(question, choice)
    _told(question, choice)
    if question.taken is not None:
        again = (question.taken == choice.xi).all(axis=1).any()
        must(not again, f"the design {choice.xi}, which is asked for already", "another while there are others")


def _feasible(question: Question, choice: Choice) -> None:
    space, xi = question.space, choice.xi
    must(xi.shape == (space.dim,), f"a design of shape {xi.shape}", f"({space.dim},)")
    must(bool(np.isfinite(xi).all()), f"the design {xi}", "finite numbers")
    must(bool(space.feasible(xi[None])[0]), f"the design {space.decode(xi)}", "one that fulfils the constraints")
    back = space.encode(space.decode(xi))  # DesignError if it is outside
    must(bool((back == xi).all()), f"the design {xi}, which is recorded as {back}", "a value that a variable can have")
    if question.pool is None:
        must(choice.row is None, f"row {choice.row} without a pool", "None")
        return
    must(choice.row is not None, "no row", "that of the pool")
    row = question.pool[choice.row or 0]
    must(bool((row == xi).all()), f"the design {xi} with the row of {row}", "the row of the design")


def _told(question: Question, choice: Choice) -> None:
    """See that the choice says what it rests on."""
    must(len(choice.gain) == 1, f"{len(choice.gain)} gains of the choice", "1")
    expected = question.gain(choice.xi[None]).value[0]
    must(
        bool(np.isclose(choice.gain.value[0], expected, atol=0.1)),
        f"a gain of {choice.gain.value[0]:.3g} for a design of {expected:.3g} nats",
        "that of the chosen design",
    )
    shape = (len(choice.gains), question.space.dim)
    must(choice.evaluated.shape == shape, f"evaluated designs of shape {choice.evaluated.shape}", f"{shape}")
    must(len(choice.gains) > 0, "no design that was evaluated", "at least the chosen one")
    feasible = question.space.feasible(choice.evaluated)
    must(bool(feasible.all()), "evaluated designs that break the constraints", "none")


def _repeated(designer: Designer, name: str, needs_pool: bool, seed: int) -> None:
    """See that the answer depends on the question and the random numbers alone, not on what was asked before."""
    one, other = (designer.choose(questions(needs_pool)[name], generator(seed, 0, Purpose.CHOOSE)) for _ in range(2))
    same = equal([one.xi, one.evaluated, one.gains.value], [other.xi, other.evaluated, other.gains.value])
    must(same, f"{one.xi} and then {other.xi} for the same question and random numbers", "the same answer")


def _batches(designer: Designer, needs_pool: bool) -> None:
    for name, question in questions(needs_pool).items():
        if name in ("a pool", "one real variable"):
            chosen = together(designer, question, BATCH, generator(0, 0, Purpose.CHOOSE))
            rows = [choice.xi.tobytes() for choice in chosen]
            must(len(rows) == BATCH, f"{len(rows)} designs in a batch on {name}", f"{BATCH}")
            free = question.pool is None
            must(not free or len(set(rows)) == BATCH, f"a design twice in a batch on {name}", "different ones")
