"""What looks at an outcome: chosen by its shape, or asked for, or the user's own."""

import numpy as np
import pytest
import torch
from torch import nn

from activesci.inference.embeddings.convolution import Convolution
from activesci.inference.embeddings.own import OwnModule
from activesci.inference.embeddings.readers import Readers, large, sketches

from ..problems import study_of


def outcomes(**parts):
    prior = {"p": {"prior": {"uniform": [0, 1]}}}
    return study_of(parts, design={"n": {"integer": [1, 6]}}, parameters=prior).outcome_space


def some(space, rng, n=40):
    """Valid flat outcomes of a space, with from 1 to 6 events where the design says how many."""
    y = rng.standard_normal((n, space.width))
    for group in space.groups:
        block = y[:, group.start : group.stop].reshape(n, group.events, -1)
        for place, column in enumerate(group.columns):
            if column.kind != "real":
                block[..., place] = rng.integers(max(2, column.n_categories), size=block.shape[:2])
        if isinstance(group.iid, str):
            block[np.arange(group.events) >= rng.integers(1, 7, n)[:, None]] = np.nan
        y[:, group.start : group.stop] = block.reshape(n, -1)
    return y


SHAPES = {
    "one number": ({"a": {"real": []}}, ["mlp"]),
    "numbers of all kinds": (
        {"a": {"real": [3]}, "b": {"count": []}, "c": {"binary": [2]}, "d": {"categories": ["u", "d", "s"]}},
        ["mlp"],
    ),
    "series": ({"a": {"real": [100]}}, ["conv1d"]),
    "channels of a series": ({"a": {"real": [3, 50]}}, ["conv1d"]),
    "image": ({"a": {"real": [9, 17]}}, ["conv2d"]),
    "colours of an image": ({"a": {"count": [3, 8, 8]}}, ["conv2d"]),
    "events": ({"a": {"real": [2], "iid": 10}}, ["set"]),
    "as many events as the design says": ({"a": {"real": [], "iid": "n"}, "b": {"binary": [], "iid": "n"}}, ["set"]),
    "image, events and numbers": (
        {"a": {"real": [8, 8]}, "b": {"real": [], "iid": 5}, "c": {"count": []}},
        ["conv2d", "mlp", "set"],
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_shape_decides_and_features_come_back_as_they_were(name):
    parts, forms = SHAPES[name]
    space, rng = outcomes(**parts), np.random.default_rng(0)
    assert [sketch.form for sketch in sketches(space, "auto")] == forms
    y = some(space, rng)
    readers = Readers.of(space, "auto", y)
    weights = readers.initial(3, rng)
    features = readers.embedded(weights, readers.encoded(y[None]))
    assert features.shape == (3, 40, readers.features)
    assert torch.isfinite(features).all()
    again = Readers.restore(space, "auto", readers.state())
    assert torch.equal(again.embedded(weights, again.encoded(y[None])), features)
    assert all(name.rpartition(".")[2][0] in "wbks" or "told" in name for name in weights)


@pytest.mark.parametrize("name", SHAPES)
def test_every_number_of_an_outcome_is_looked_at(name):
    space, rng = outcomes(**SHAPES[name][0]), np.random.default_rng(0)
    y = some(space, rng)
    readers = Readers.of(space, "auto", y)
    weights = readers.initial(1, rng)
    row = y[:1]
    before = readers.embedded(weights, readers.encoded(row[None]))
    columns = np.flatnonzero(~np.isnan(row[0]))
    for column in columns[:: max(1, len(columns) // 25)]:
        other = row.copy()
        other[0, column] = 1 - other[0, column] if other[0, column] in (0, 1) else other[0, column] + 0.5
        assert not torch.equal(readers.embedded(weights, readers.encoded(other[None])), before), column


def test_members_side_by_side_are_what_each_is_alone():
    space, rng = outcomes(a={"real": [9, 17]}), np.random.default_rng(0)
    y = some(space, rng)
    readers = Readers.of(space, "auto", y)
    weights = readers.initial(3, rng)
    every = readers.embedded(weights, readers.encoded(y[None]))
    for member in range(3):
        own = {name: tensor[member : member + 1] for name, tensor in weights.items()}
        torch.testing.assert_close(readers.embedded(own, readers.encoded(y[None]))[0], every[member])


def test_events_in_another_order_and_padding_change_nothing():
    space, rng = outcomes(a={"real": [], "iid": "n"}), np.random.default_rng(0)
    y = some(space, rng)
    readers = Readers.of(space, "auto", y)
    weights = readers.initial(2, rng)
    shuffled = rng.permuted(y, axis=1)
    torch.testing.assert_close(
        readers.embedded(weights, readers.encoded(shuffled[None])), readers.embedded(weights, readers.encoded(y[None]))
    )


def test_far_outcomes_and_constant_ones_give_finite_features():
    space, rng = outcomes(a={"real": [4]}, b={"count": []}), np.random.default_rng(0)
    y = some(space, rng)
    y[:, 1] = 7.0
    y[:, 2] = rng.standard_cauchy(40)
    readers = Readers.of(space, "auto", y)
    weights = readers.initial(1, rng)
    far = np.full((1, 1, 5), 1e12)
    assert torch.isfinite(readers.embedded(weights, readers.encoded(far))).all()


@pytest.mark.parametrize(
    ("asked", "parts"),
    [
        ("conv1d", {"a": {"real": [3]}}),
        ("conv2d", {"a": {"real": [100]}}),
        ("set", {"a": {"real": [3]}}),
        ("mlp", {"a": {"real": [], "iid": 4}}),
        ("mlp", {"a": {"real": [], "iid": 4}, "b": {"real": []}}),
    ],
)
def test_an_embedding_that_does_not_fit_is_refused(asked, parts):
    with pytest.raises(ValueError, match=f"found '{asked}' for a of shape .*, expected it for an outcome"):
        sketches(outcomes(**parts), asked)


def test_an_embedding_that_fits_can_be_asked_for():
    assert sketches(outcomes(a={"real": [10]}), "conv1d")[0].form == "conv1d"
    assert sketches(outcomes(a={"real": [9, 9]}), "mlp")[0].form == "mlp"
    assert sketches(outcomes(a={"real": [5, 5]}), "conv2d")[0].form == "conv2d"


def test_which_outcomes_are_large():
    assert large(outcomes(a={"real": [64]})) == "a is a series"
    assert large(outcomes(a={"count": [8, 8]})) == "a is an image"
    assert (
        large(outcomes(**{f"a{i}": {"real": [8]} for i in range(4)})) == "an outcome has 32 real numbers, more than 30"
    )
    assert large(outcomes(a={"real": [30]})) is None
    assert large(outcomes(a={"real": [], "iid": 1000})) is None


def test_halvings_end_at_few_places():
    assert Convolution(1, (100,)).sizes == [(100,), (50,), (25,), (13,), (7,)]
    assert Convolution(3, (16, 9)).sizes == [(16, 9), (8, 5), (4, 3)]
    assert Convolution(1, (4, 4)).sizes == [(4, 4)]


class Mine(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 5)
        self.register_buffer("scale", torch.tensor(2.0))

    def forward(self, x):
        return self.scale * self.layer(x.flatten(1))


class ByName(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6 + 3, 4)

    def forward(self, a, label):
        return self.layer(torch.cat([a.flatten(1), label], dim=1))


@pytest.mark.parametrize(
    ("make", "parts", "features"),
    [
        (Mine, {"a": {"real": [2, 3]}}, 5),
        (ByName, {"a": {"real": [2, 3]}, "label": {"categories": ["u", "d", "s"]}}, 4),
    ],
)
def test_the_users_own_module_is_given_its_components(make, parts, features):
    space, rng = outcomes(**parts), np.random.default_rng(0)
    own, y = OwnModule.of("model:Mine", make, space), some(space, rng)
    readers = Readers.of(space, own, y)
    weights = readers.initial(3, rng)
    found = readers.embedded(weights, readers.encoded(y[None]))
    assert found.shape == (3, 40, features)
    first = {name.partition(".")[2]: tensor[1] for name, tensor in weights.items()}
    alone = torch.func.functional_call(make(), first, readers.encoded(y)[0])
    torch.testing.assert_close(found[1], alone)
    again = Readers.restore(space, own, readers.state())
    assert torch.equal(again.embedded(weights, again.encoded(y[None])), found)


def test_its_weights_come_from_the_generator_and_torchs_own_is_left_alone():
    space = outcomes(a={"real": [2, 3]})
    own = OwnModule.of("model:Mine", Mine, space)
    before = torch.random.get_rng_state()
    one, other = (own.initial(2, np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not torch.equal(one["layer.weight"][0], one["layer.weight"][1])


class Normed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(6, 6), nn.BatchNorm1d(6))

    def forward(self, x):
        return self.layers(x)


class Scalars(Mine):
    def forward(self, x):
        return super().forward(x).sum()


class Empty(nn.Module):
    def forward(self, x):
        return x.flatten(1)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Normed, "has a BatchNorm1d"),
        (Scalars, r"returned \(\) for two outcomes, expected a tensor \(2, features\)"),
        (Empty, "has no parameters"),
        (ByName, r"failed on outcomes of shape \[\(2, 2, 3\)\]"),
        (lambda: 3, r"is int, expected a torch.nn.Module"),
        (lambda: 1 / 0, "failed, expected a torch.nn.Module made without arguments"),
    ],
)
def test_a_module_that_cannot_be_used_is_named(make, said):
    with pytest.raises(ValueError, match=said):
        OwnModule.of("model:Mine", make, outcomes(a={"real": [2, 3]}))
