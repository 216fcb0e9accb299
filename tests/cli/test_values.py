import click
import pytest

from activesci.cli.values import mapping, pair, parsed


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("1e-3", 1e-3), ("-0.5", -0.5), ("true", True), ("auto", "auto"), ("[1, 2]", [1, 2]), ("", "")],
)
def test_a_value_is_json_where_it_is_json(text, value):
    assert parsed(text) == value
    assert type(parsed(text)) is type(value)


@pytest.mark.parametrize("text", ["9" * 5000, "[" * 100_000])
def test_a_value_that_json_chokes_on_is_text(text):
    assert parsed(text) == text


def test_pairs_and_objects_spell_the_same_mapping():
    spelled = {"y": [1.5, 2], "kind": "muon", "n": 3}
    assert mapping(['{"y": [1.5, 2], "kind": "muon", "n": 3}']) == spelled
    assert mapping(["y=[1.5, 2] kind=muon n=3"]) == spelled
    assert mapping(["y=[1.5, 2]", '{"kind": "muon"}', "n = 3"]) == spelled
    assert mapping([]) == {}


@pytest.mark.parametrize(
    "texts",
    [["x"], ["=3"], ["{x: 1}"], ["x=1", "x=2"], ["x=1 x=2"], ['{"x": 1, "x": 2}'], ["[1, 2]"], ["{" * 100_000]],
)
def test_what_is_no_mapping_is_refused(texts):
    with pytest.raises(click.BadParameter, match=r"expected|no JSON object"):
        mapping(texts)


def test_a_setting_may_hold_an_equals_sign():
    assert pair('constraints=["a == b"]') == ("constraints", '["a == b"]')
