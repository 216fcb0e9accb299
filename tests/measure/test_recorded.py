import json
from pathlib import Path

import numpy as np
import pytest

from activesci.errors import DataError, DesignError
from activesci.measure import RecordedExperiment, experiment_for
from activesci.measure.recorded import read_pool
from activesci.study import Study

CORPUS = Path(__file__).parents[1] / "bad" / "data"
EXPECTED = json.loads((CORPUS / "expected.json").read_text())
GOOD = sorted(path.name for path in CORPUS.glob("good*"))


def pool_of(name):
    study = Study.load(CORPUS / "study.yaml").with_settings({"experiment.recorded": name})
    return experiment_for(study, None)


def test_the_corpus_is_complete_and_large():
    files = {path.name for path in CORPUS.glob("*.csv")} | {path.name for path in CORPUS.glob("*.jsonl")}
    assert files == {*EXPECTED, *GOOD}
    assert len(EXPECTED) >= 30


@pytest.mark.parametrize("name", EXPECTED)
def test_a_bad_file_is_refused_with_its_line_and_column(name):
    with pytest.raises(DataError) as caught:
        pool_of(name)
    assert str(caught.value) == EXPECTED[name]


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_is_read_whatever_wrote_it(name):
    pool = pool_of(name).pool()
    np.testing.assert_array_equal(pool.xi[0], [1.5, 0])
    order = [column.name for column in Study.load(CORPUS / "study.yaml").outcome_space.groups[0].columns]
    wanted = {"y[0]": 0.1, "y[1]": 0.2, "y[2]": 0.3, "c": 4, "hit": 1}
    np.testing.assert_array_equal(pool.y[0], [wanted[name] for name in order])


def test_a_file_that_is_not_there_is_refused():
    with pytest.raises(DataError, match=r"nowhere\.csv: found no file"):
        pool_of("nowhere.csv")


MAPPING = {
    "study": "pool",
    "parameters": {"a": {"prior": {"uniform": [0, 1]}}},
    "design": {"x": {"real": [0, 10]}},
    "outcome": {"y": {"real": []}},
    "simulator": {"function": "model:simulate"},
    "experiment": {"recorded": "data.csv"},
}


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def experiment(text, **settings):
        (tmp_path / "data.csv").write_text(text)
        return RecordedExperiment(Study(**MAPPING).with_settings(settings))

    return experiment


def test_every_row_is_usable_once(make):
    nature = make("x,y\n1,10\n2,20\n1,30\n")
    xi = np.array([1.0])
    first = nature.measure(xi, 1, 1, 1)
    second = nature.measure(xi, 2, 2, 1, used={0})
    assert (first.row, first.y[0], second.row, second.y[0]) == (0, 10.0, 2, 30.0)
    with pytest.raises(DesignError, match="unused row"):
        nature.measure(xi, 3, 3, 1, used={0, 2})
    np.testing.assert_array_equal(nature.pool().remaining({0}), [1, 2])


def test_a_design_that_is_in_no_row_is_refused(make):
    with pytest.raises(DesignError, match=r"found \[5\.0\]"):
        make("x,y\n1,10\n").measure(np.array([5.0]), 1, 1, 1)


def test_the_digest_is_that_of_the_file(make):
    assert make("x,y\n1,10\n").digest != make("x,y\n1,11\n").digest


def test_a_tuning_study_has_rows_without_designs(make):
    nature = make("y\n1\n2\n", design={}, stop={"rounds": 1})
    assert nature.pool().xi.shape == (2, 0)
    np.testing.assert_array_equal(nature.pool().y, [[1.0], [2.0]])
    assert nature.measure(np.empty(0), 1, 1, 1, used={0}).row == 1


def test_numbers_come_back_bit_for_bit(make):
    values = [0.1, 1 / 3, 1e-300, 5e22, -7.25]
    pool = make("x,y\n" + "".join(f"1,{value!r}\n" for value in values)).pool()
    assert pool.y[:, 0].tolist() == values


def test_a_matrix_and_labels_have_columns_of_their_own(make):
    outcome = {"m": {"real": [2, 2]}, "kind": {"categories": ["red", "2"]}, "level": {"categories": [1, 2.5]}}
    nature = make("x,m[0][0],m[0][1],m[1][0],m[1][1],kind,level\n1,1,2,3,4,2,2.5\n2,5,6,7,8,red,1\n", outcome=outcome)
    found = Study(**MAPPING).with_settings({"outcome": outcome}).outcome_space.columns(nature.pool().y)
    np.testing.assert_array_equal(found["m"], [[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
    assert found["kind"].tolist() == ["2", "red"]
    assert found["level"].tolist() == [2.5, 1]


EVENTS = {"design": {"x": {"integer": [1, 3]}}, "outcome": {"y": {"real": [], "iid": "x"}}}


def test_events_that_a_design_does_not_ask_for_are_left_empty(make):
    nature = make("x,y[0],y[1],y[2]\n2,1,2,\n3,1,2,3\n", **EVENTS)
    np.testing.assert_array_equal(nature.pool().y, [[1, 2, np.nan], [1, 2, 3]])
    with pytest.raises(DataError, match=r"data\.csv:2: y\[2\]: found '3', expected nothing beyond x"):
        make("x,y[0],y[1],y[2]\n2,1,2,3\n", **EVENTS)
    with pytest.raises(DataError, match=r"data\.csv:2: y\[1\]: found '', expected a finite number"):
        make("x,y[0],y[1],y[2]\n2,1,,\n", **EVENTS)


def test_a_fixed_number_of_events_has_a_column_each(make):
    nature = make("x,y[0],y[1]\n2,1,2\n", outcome={"y": {"count": [], "iid": 2}})
    np.testing.assert_array_equal(nature.pool().y, [[1, 2]])


def test_a_long_file_is_read_in_seconds(make):
    pool = make("x,y\n" + "1.25,2.5\n" * 20_000).pool()
    assert len(pool) == 20_000


def test_read_pool_names_the_file_it_was_given():
    study = Study.load(CORPUS / "study.yaml")
    with pytest.raises(DataError, match=r"^told\.csv:1: "):
        read_pool(study, "told.csv", b"")
