import math

import numpy as np
import pytest

from activesci.errors import StudyError
from activesci.study.load import dump, parse, read, take, value_of

from .studies import GOOD


def test_scalars_follow_yaml_1_2():
    text = "[1, -2, +3, 010, 1.5, .5, 1., 1e-3, 1E3, +1.5e+2, true, false, True, no, yes, on, 1_000, 1:30, 2020-06-17]"
    numbers = [1, -2, 3, 10, 1.5, 0.5, 1.0, 0.001, 1000.0, 150.0]
    words = ["no", "yes", "on", "1_000", "1:30", "2020-06-17"]
    assert parse("a: " + text)[0]["a"] == [*numbers, True, False, True, *words]


def test_quoted_scalars_are_text():
    assert parse("a: ['1', \"true\", '~', '']")[0] == {"a": ["1", "true", "~", ""]}


def test_whole_numbers_stay_whole():
    assert [type(value) for value in parse("a: [1, 1.0, true]")[0]["a"]] == [int, float, bool]


def test_every_path_has_its_line():
    _, lines = parse("a:\n  - x\n  -\n    b: 1\nc: &c {d: 2}\ne: *c\n")
    assert lines[("a", 1, "b")] == 4
    assert lines[("c", "d")] == 5
    assert lines[("e",)] == 6


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_what_is_dumped_is_read_back_the_same(path):
    mapping = dict(read(path).mapping)
    assert parse(dump(mapping))[0] == mapping


def test_texts_that_look_like_numbers_survive_a_dump():
    data = {"a": ["1e-3", "1", "010", ".5", "no", "true", "~", "", "<<", "1:30", "x: y", "# z"]}
    assert parse(dump(data))[0] == data


def test_numbers_survive_a_dump_to_the_last_bit():
    data = {"a": [0.1 + 0.2, 1e-300, -5e-324, 1.7976931348623157e308, 1e22, 123456789012345678]}
    assert parse(dump(data))[0] == data


def test_a_mapping_may_hold_numpy_and_tuples(tmp_path):
    taken = take({"a": (np.float64(1.5), np.int64(2)), "b": np.arange(2), "c": np.bool_(True)}, tmp_path).mapping
    assert taken == {"a": [1.5, 2], "b": [0, 1], "c": True}
    assert type(taken["c"]) is bool


@pytest.mark.parametrize("value", [None, math.nan, math.inf, 1j, b"x", {1: 2}, {1, 2}, object(), 2**63, "x" * 20_000])
def test_a_mapping_holds_what_a_file_could_hold(value, tmp_path):
    with pytest.raises(StudyError, match=r"^study: a\[0\]: found .*, expected "):
        take({"a": [value]}, tmp_path)


def test_a_mapping_that_holds_itself_is_refused(tmp_path):
    mapping = {}
    mapping["a"] = mapping
    with pytest.raises(StudyError, match="expected at most 20000 values, 40 levels deep"):
        take(mapping, tmp_path)


def test_a_value_is_read_by_the_same_rules():
    assert value_of("[1e-3, no]") == [0.001, "no"]
    with pytest.raises(StudyError, match="^value: "):
        value_of("!!python/name:os.system")
