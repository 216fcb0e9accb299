"""The file that a program leaves, in each of its forms."""

import io

import numpy as np
import pytest

from activesci.errors import OutcomeError
from activesci.simulate.written import read_outcome
from activesci.study import Study

DESIGN = {"x": 0.5, "n": 2}
SHAPES = {
    "number": {"y": {"real": []}},
    "vector": {"y": {"real": [2]}},
    "mixed": {"y": {"real": [2]}, "k": {"categories": ["a", "b"]}, "c": {"count": []}},
    "events": {"y": {"real": [], "iid": 3}, "k": {"categories": ["a", "b"], "iid": 3}},
    "some": {"y": {"real": [], "iid": "n"}},
}


def study(outcome):
    return Study(
        study="x",
        parameters={"a": {"prior": {"uniform": [0, 1]}}},
        design={"x": {"real": [0, 1]}, "n": {"integer": [1, 4]}},
        outcome=SHAPES[outcome],
        simulator={"command": ["true"]},
        experiment={"manual": True},
        stop={"rounds": 1},
    )


def read(folder, name, content, outcome):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = study(outcome)
    return found.outcome_space.unflatten(read_outcome(folder / name, found, DESIGN))


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "outcome", "expected"),
    [
        ("o.json", '{"y": 1.5}', "number", {"y": 1.5}),
        ("o.json", '{"y": [1, 2], "k": "b", "c": 3}', "mixed", {"y": [1.0, 2.0], "k": "b", "c": 3}),
        ("o.csv", "y\n1.5\n", "number", {"y": 1.5}),
        ("o.csv", "\ufeffy\r\n 1e-3 \r\n", "number", {"y": 0.001}),
        ("o.csv", "c,k,y[1],y[0]\n3,b,2,1\n", "mixed", {"y": [1.0, 2.0], "k": "b", "c": 3}),
        ("o.csv", "y,k\n1,a\n2,b\n3,a\n", "events", {"y": [1.0, 2.0, 3.0], "k": ["a", "b", "a"]}),
        ("o.csv", "y\n1\n2\n", "some", {"y": [1.0, 2.0]}),
        ("o.npy", npy(np.float32(1.5)), "number", {"y": 1.5}),
        ("o.npy", npy(np.array([1, 2])), "vector", {"y": [1.0, 2.0]}),
        ("o.npy", npy(np.asfortranarray([1.0, 2.0])), "vector", {"y": [1.0, 2.0]}),
    ],
)
def test_an_outcome_is_read_as_it_was_written(tmp_path, name, content, outcome, expected):
    assert read(tmp_path, name, content, outcome) == expected


class Bites:
    def __reduce__(self):
        return (open, ("/tmp/bitten", "w"))


LIAR = npy(np.zeros(2)).replace(b"(2,)", b"(9" + b"9" * 9 + b",)")[:-1]
ENDLESS = npy(np.zeros(2)).replace(b"'shape': (2,), ", b"'shape': (10**9,)")


@pytest.mark.parametrize(
    ("name", "content", "outcome", "reason"),
    [
        ("o.csv", "", "number", "found the columns none, expected y"),
        ("o.csv", "z\n1\n", "number", "found the columns z, expected y"),
        ("o.csv", "y,y\n1,2\n", "number", "found the columns y, y"),
        ("o.csv", "y\n", "number", "found 0 rows below the names, expected one"),
        ("o.csv", "y\n1\n2\n", "number", "found 2 rows"),
        ("o.csv", "y\n1,2\n", "number", "row 2: found 2 cells, expected 1"),
        ("o.csv", "y\n\xa0\n", "number", "y: found '', expected a number"),
        ("o.csv", "y\nnan\n", "number", "nan"),
        ("o.csv", b"y\n\xff\n", "number", "found no CSV"),
        ("o.csv", "y[0],y[1],k,c\n1,2,d,3\n", "mixed", "k: found 'd', expected one of"),
        ("o.csv", "y[0],y[1],k,c\n1,2,a,3.5\n", "mixed", "c: found '3.5', expected a number"),
        ("o.csv", "y\n1\n", "some", "shape|expected"),
        ("o.npy", b"", "number", "found no array"),
        ("o.npy", npy(np.zeros(3)), "vector", "shape"),
        ("o.npy", npy(np.array([1, 2j])), "vector", "found no array"),
        ("o.npy", npy(np.array(["a", "b"])), "vector", "found no array"),
        ("o.npy", npy(np.array([Bites()])), "vector", "found no array"),
        ("o.npy", npy(np.zeros(2))[:-1], "vector", "found no array"),
        ("o.npy", LIAR, "vector", "found no array"),
        ("o.npy", ENDLESS, "vector", "found no array"),
        ("o.npy", npy(np.array([np.nan, 1.0])), "vector", "nan"),
    ],
)
def test_what_is_no_outcome_says_what_was_found(tmp_path, name, content, outcome, reason):
    with pytest.raises(OutcomeError, match=reason):
        read(tmp_path, name, content, outcome)
