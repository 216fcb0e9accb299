import json
import pickle

import numpy as np
import pytest

from activesci.errors import OutcomeError
from activesci.study import Study

from .studies import GOOD, study

SPACE = Study.load(next(path for path in GOOD if path.stem == "outcomes")).outcome_space
XI = np.array([[0.0, 3.0], [1.0, 20.0], [2.0, 1.0]])


def outcome(n, rng):
    return {
        "y": rng.normal(),
        "curve": rng.normal(size=3),
        "image": rng.normal(size=(2, 2)),
        "k": rng.poisson(3),
        "ks": rng.poisson(3, size=2),
        "click": bool(rng.integers(2)),
        "label": rng.choice(["red", "green", "blue"]),
        "grade": rng.choice([1, 2, 3]),
        "mass": rng.normal(size=50),
        "hit": rng.integers(2, size=50),
        "energy": rng.normal(size=(n, 2)),
        "species": rng.choice(["e", "mu"], size=n),
    }


ONE = outcome(3, np.random.default_rng(0))


def test_the_groups_follow_the_iid_keys():
    assert [(group.iid, group.events, group.start, group.stop) for group in SPACE.groups] == [
        (None, 1, 0, 14),
        (50, 50, 14, 114),
        ("n", 20, 114, 174),
    ]
    assert SPACE.width == 174
    assert [[column.name for column in group.columns] for group in SPACE.groups[1:]] == [
        ["hit", "mass"],
        ["species", "energy[0]", "energy[1]"],
    ]


def test_discrete_columns_come_first():
    columns = SPACE.groups[0].columns
    kinds = ["count"] * 3 + ["binary", "category", "category"] + ["real"] * 8
    assert [column.kind for column in columns] == kinds
    assert [column.name for column in columns][-4:] == ["image[0][0]", "image[0][1]", "image[1][0]", "image[1][1]"]
    assert [column.n_categories for column in columns][3:6] == [0, 3, 3]


def test_an_outcome_survives_the_flat_form():
    row = SPACE.flatten(ONE, {"t": 0.0, "n": 3})
    back = SPACE.unflatten(row)
    for name, value in ONE.items():
        np.testing.assert_array_equal(back[name], value)
    again = json.loads(json.dumps(back, allow_nan=False))
    np.testing.assert_array_equal(SPACE.flatten(again, {"n": 3}), row)


def test_the_events_lie_row_major():
    row = SPACE.flatten(ONE, {"n": 3})
    events = row[14:114].reshape(50, 2)
    np.testing.assert_array_equal(events[:, 0], ONE["hit"])
    np.testing.assert_array_equal(events[:, 1], ONE["mass"])
    events = row[114:].reshape(20, 3)
    np.testing.assert_array_equal(events[:3, 1:], ONE["energy"])
    assert np.isnan(events[3:]).all()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("y", np.nan, r"outcome\.y: found nan, expected a finite number"),
        ("y", -np.inf, "found -inf"),
        ("y", 1j, "found 1j"),
        ("y", "1", "found '1'"),
        ("y", None, "found None"),
        ("y", True, "found True"),
        ("y", object(), "found <object"),
        ("y", [1.0], r"shape \(1,\), expected \(\)"),
        ("y", np.array([], dtype=float), r"shape \(0,\)"),
        ("y", np.datetime64("2020-01-01"), "expected a finite number"),
        ("y", np.array([(1, 2)], dtype="i,i"), "expected a finite number"),
        ("y", {"a": 1}, "expected a finite number"),
        ("curve", [1.0, 2.0], r"shape \(2,\), expected \(3,\)"),
        ("curve", [1.0, 2.0, np.nan], r"outcome\.curve\[2\]: found nan"),
        ("curve", [1.0, [2.0], 3.0], "found no array"),
        ("curve", [1.0, None, 3.0], "entries of type object"),
        ("curve", [10**400, 0, 0], "entries of type object"),
        ("curve", np.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0]), "masked"),
        ("image", np.zeros(4), r"expected \(2, 2\)"),
        ("k", -1, "found -1, expected a whole number, 0 or more"),
        ("k", 1.5, "found 1.5"),
        ("k", np.nan, "found nan"),
        ("k", 1e300, r"found 1e\+300"),
        ("click", 2, "found 2, expected 0, 1, true or false"),
        ("click", 0.5, "found 0.5"),
        ("label", "grey", r"found 'grey', expected one of \['red', 'green', 'blue'\]"),
        ("label", 0, "found 0"),
        ("label", ["red"], "shape"),
        ("label", b"red", "found b'red'"),
        ("grade", True, "found True"),
        ("grade", 4, "found 4"),
        ("mass", np.zeros(49), r"shape \(49,\), expected \(50,\)"),
        ("energy", np.zeros((4, 2)), r"shape \(4, 2\), expected \(3, 2\)"),
        ("species", ["e", "mu", "tau"], r"outcome\.species\[2\]: found 'tau'"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(name, value, words):
    with pytest.raises(OutcomeError, match=words):
        SPACE.flatten({**ONE, name: value}, {"n": 3})


def test_names_must_fit():
    with pytest.raises(OutcomeError, match=r"unknown name 'clik', .*did you mean 'click'"):
        SPACE.flatten({**ONE, "clik": 1}, {"n": 3})
    with pytest.raises(OutcomeError, match=r"outcome\.y: found nothing"):
        SPACE.flatten({name: value for name, value in ONE.items() if name != "y"}, {"n": 3})
    with pytest.raises(OutcomeError, match="found float, expected a mapping"):
        SPACE.flatten(1.0, {"n": 3})


def batch(rng, padded):
    counts = XI[:, 1].astype(int)
    rows = [outcome(n, rng) for n in counts]
    made = {name: np.array([row[name] for row in rows]) for name in ONE if name not in ("energy", "species")}
    made |= {name: [row[name] for row in rows] for name in ("energy", "species")}
    if padded:
        made["energy"] = np.array(
            [np.pad(row, ((0, 20 - len(row)), (0, 0)), constant_values=np.nan) for row in made["energy"]]
        )
        made["species"] = np.array([[*row, *[""] * (20 - len(row))] for row in made["species"]])
    return rows, made


@pytest.mark.parametrize("padded", [False, True])
def test_a_batch_is_what_its_rows_are(padded):
    rows, made = batch(np.random.default_rng(1), padded)
    y, failures = SPACE.flatten_batch(made, XI, 3)
    assert failures == {}
    for row, flat, xi in zip(rows, y, XI, strict=True):
        np.testing.assert_array_equal(flat, SPACE.flatten(row, {"n": int(xi[1])}))


def test_a_bad_row_fails_alone():
    _, made = batch(np.random.default_rng(1), False)
    made["y"][1] = np.nan
    made["k"] = np.array([0.0, 0.5, 1.5])
    made["label"] = ["red", "grey", "grey"]
    made["energy"][2] = np.zeros((2, 2))
    y, failures = SPACE.flatten_batch(made, XI, 3)
    assert np.isnan(y[1:]).all()
    assert not np.isnan(y[0, :114]).any()
    assert list(failures) == [1, 2]
    assert failures[1] == "outcome.y: found nan, expected a finite number"
    assert failures[2] == "outcome.k: found 1.5, expected a whole number, 0 or more"
    y, failures = SPACE.flatten_batch({**made, "k": np.zeros(3)}, XI, 3)
    assert failures[2] == "outcome.label: found 'grey', expected one of ['red', 'green', 'blue']"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("y", 1.0, r"shape \(\), expected \(3,\)"),
        ("y", np.zeros(2), r"shape \(2,\), expected \(3,\)"),
        ("y", np.zeros((3, 1)), r"shape \(3, 1\)"),
        ("y", np.zeros(3, dtype=complex), "complex128"),
        ("energy", 1.0, "3 arrays"),
        ("energy", [np.zeros((3, 2))], "3 arrays"),
    ],
)
def test_a_bad_array_fails_all_rows(name, value, words):
    _, made = batch(np.random.default_rng(1), False)
    y, failures = SPACE.flatten_batch({**made, name: value}, XI, 3)
    assert np.isnan(y).all()
    assert list(failures) == [0, 1, 2]
    pytest.raises(OutcomeError, lambda: (_ for _ in ()).throw(OutcomeError(failures[0]))).match(words)


def test_wrong_names_fail_all_rows():
    y, failures = SPACE.flatten_batch({"y": np.zeros(3)}, XI, 3)
    assert np.isnan(y).all()
    assert set(failures) == {0, 1, 2}


def test_columns_are_what_a_simulator_gives():
    rows, made = batch(np.random.default_rng(1), False)
    y, _ = SPACE.flatten_batch(made, XI, 3)
    columns = SPACE.columns(y)
    assert columns["image"].shape == (3, 2, 2)
    assert columns["mass"].shape == (3, 50)
    assert columns["energy"].shape == (3, 20, 2)
    assert columns["k"].dtype == columns["grade"].dtype == np.int64
    assert columns["label"].tolist() == [row["label"] for row in rows]
    assert columns["species"][0, :3].tolist() == list(rows[0]["species"])
    assert columns["species"][0, 3] is None


def test_a_failed_row_has_columns_too():
    columns = SPACE.columns(np.full((2, SPACE.width), np.nan))
    assert np.isnan(columns["k"]).all()
    assert columns["label"].tolist() == [None, None]


def test_the_number_of_events_is_the_designs():
    none, fixed, chosen = SPACE.event_counts(XI)
    assert none.tolist() == [1, 1, 1]
    assert fixed.tolist() == [50, 50, 50]
    assert chosen.tolist() == [3, 20, 1]


def test_a_space_is_cheap_to_pickle():
    SPACE.flatten(ONE, {"n": 3})
    assert pickle.loads(pickle.dumps(SPACE)) == SPACE
    assert len(pickle.dumps(SPACE)) < 10_000


def test_a_wide_outcome_is_laid_out_at_once():
    space = study(outcome={"y": {"real": [100_000]}}).outcome_space
    assert space.unflatten(space.flatten({"y": np.zeros(100_000)}, {}))["y"][-1] == 0.0


def test_torch_tensors_are_arrays():
    torch = pytest.importorskip("torch")
    space = study(outcome={"y": {"real": [2]}}).outcome_space
    assert space.flatten({"y": torch.ones(2)}, {}).tolist() == [1.0, 1.0]
    with pytest.raises(OutcomeError, match="found no array"):
        space.flatten({"y": torch.ones(2, requires_grad=True)}, {})
