import numpy as np
import pytest

from activesci.ledger.events import canonical, digest_of, plain


def test_canonical_text_does_not_depend_on_the_order_of_keys():
    assert canonical({"b": 1, "a": [1.0, None]}) == canonical({"a": (1.0, None), "b": np.int64(1)})


@pytest.mark.parametrize("value", [0.1, 1e-308, 1 / 3, 5e22, -0.0])
def test_floats_survive_the_text_bit_for_bit(value):
    import json

    assert json.loads(canonical(value)).hex() == value.hex()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float64("-inf"), np.array(np.nan)])
def test_what_is_not_finite_is_written_as_null(value):
    assert canonical({"x": value}) == '{"x":null}'


@pytest.mark.parametrize("value", [object(), {1, 2}, 1j, b"x"])
def test_what_has_no_json_form_is_refused(value):
    with pytest.raises(TypeError, match="payload"):
        plain({"x": value})


def test_every_part_of_an_event_enters_its_digest():
    content = [1, "note", 0, "{}", None, "2020", "0"]
    changed = [[2, "alarm", 1, "[]", "a", "2021", "1"][i] for i in range(7)]
    digests = {digest_of(*content[:i], changed[i], *content[i + 1 :]) for i in range(7)} | {digest_of(*content)}
    assert len(digests) == 8
