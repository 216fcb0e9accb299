"""What is shown of a blind campaign: shifted, and only where that tells nothing."""

import numpy as np
import pytest

from activesci.errors import StudyError
from activesci.integrity.blinding import Door, Shift, masked
from activesci.ledger import Kind
from activesci.ledger.sealing import Key
from activesci.study import Study
from activesci.study.priors import Normal, Uniform

KEY = Key(bytes(range(32)))


def study(**more):
    return Study(
        study="two",
        parameters={"a": {"prior": {"uniform": [0, 2]}}, "b": {"prior": {"normal": [0, 1]}, "role": "nuisance"}},
        design={"t": {"real": [0, 5]}},
        outcome={"y": {"real": []}},
        simulator={"function": "model:simulate"},
        experiment={"manual": True},
        **{"stop": {"rounds": 3}, "blind": {}, **more},
    )


@pytest.mark.parametrize(
    ("blind", "found"),
    [
        ({"region": "t > 2", "parameters": ["a"]}, "blind.*parameters beside region"),
        ({"region": "t > 2", "designs": True}, "blind.*region beside designs"),
        ({"designs": True}, "blind.designs.*by hand"),
        ({"region": "x > 2"}, "blind.region.*x"),
        ({"region": "t + 2"}, "blind.region.*condition"),
    ],
)
def test_a_region_is_a_condition_on_the_design_and_stands_alone(blind, found):
    with pytest.raises(StudyError, match=found):
        study(blind=blind)


def test_with_a_region_nothing_is_shown_of_parameters():
    door = Door(study(blind={"region": "t > 2"}, expect=["sd of a below 1", "misfit above 0.01"]), KEY)
    said = {"mean": 1.0, "sd": 0.01, "q05": 0.98, "q50": 1.0, "q95": 1.02}
    assert door.belief({"a": said, "b": said}) == dict.fromkeys("ab", dict.fromkeys(said))
    assert np.isnan(door.samples(np.ones((5, 2)))).all()
    assert door.waits("sd of a below 1")
    assert not door.waits("misfit above 0.01")


def test_offsets_of_many_keys_are_as_wide_as_they_should_be():
    """200 keys: the standard error of an sd is 5 %, of a mean 7 % of the sd; 5 of them are allowed."""
    shifts = [Shift.of(Key(i.to_bytes(32)), "a", Normal(3.0, 0.5), None, 2.0) for i in range(200)]
    offsets, factors = np.array([s.offset for s in shifts]), np.log2([s.factor for s in shifts])
    assert abs(offsets.std() / 1.5 - 1) < 0.25
    assert abs(offsets.mean()) < 5 * 1.5 / np.sqrt(200)
    assert abs(factors).max() <= 1
    assert abs(factors.std() * np.sqrt(3) - 1) < 0.25


@pytest.mark.parametrize(
    ("mean", "sd", "tells"),
    [(1.0, 0.1, False), (1.0, 0.3, True), (0.2, 0.1, True), (1.75, 0.1, True), (1.6, 0.1, False)],
)
def test_a_posterior_that_the_prior_places_is_not_shown(mean, sd, tells):
    """The prior, uniform on 0 to 2, has an sd of 0.577: half of it is 0.289, and edges are 3 sd away."""
    shift = Shift.of(KEY, "a", Uniform(0.0, 2.0), None, None)
    assert shift.tells({"mean": mean, "sd": sd}) is tells
    said = {"mean": mean, "sd": sd, "q05": mean - sd, "q50": mean, "q95": mean + sd}
    assert (shift.shown(said)["mean"] is None) is tells
    assert shift.shown(said)["sd"] == sd


def test_a_shift_can_be_taken_back():
    x = np.linspace(-3, 5, 7)
    for scale in (None, 4.0):
        shift = Shift.of(KEY, "a", Uniform(0.0, 2.0), 0.3, scale)
        np.testing.assert_allclose(shift.back(shift(x)), x, rtol=1e-12)


def test_nuisances_are_hidden_too_unless_parameters_are_named():
    assert set(Door(study(), KEY).shifts) == {"a", "b"}
    assert set(Door(study(blind={"parameters": ["a"]}), KEY).shifts) == {"a"}


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_not_known_to_be_harmless_is_withheld(kind):
    """Every kind of event with a field and an array that this version has never heard of."""
    if kind in (Kind.STARTED, Kind.BRANCHED, Kind.RESUMED):
        return  # said before there are data, or nothing
    said = {"count": 1, "failed": 1, "reasons": {"x = 1.25": 1}, "posterior": {}, "errors": {}, "doubt": None}
    said |= {"proposals": [], "what": "new", "message": "at 1.25", "reason": "at 1.25", "outcome": {"y": 1.25}}
    door = Door(study(stop={"gain": 0.1}), KEY)
    shown, arrays = door(kind, 1, {**said, "secret": 1.25}, {"secret": np.array([1.25])})
    assert "1.25" not in str(shown)
    assert "secret" not in arrays


def test_numbers_are_masked_and_names_are_not():
    text = "a1 = -1.25e-3, x_2 at {'t': .5} in round 3 after 1.5e+06 steps of sha256"
    assert masked(text) == "a1 = …, x_2 at {'t': …} in round … after … steps of sha256"
