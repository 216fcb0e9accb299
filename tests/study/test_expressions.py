import math
import pickle
import random

import numpy as np
import pytest

from activesci.study.expressions import Expression, ExpressionError

NAMES = {"x": None, "y": None, "kind": ["a", "b"], "volts": [1.0, 2.5]}
X, Y = np.array([1.0, 2.0, 3.0]), np.array([0.5, -1.0, 3.0])
KIND, VOLTS = np.array(["a", "b", "a"], dtype=object), np.array([1.0, 2.5, 2.5])
COLUMNS = {"x": X, "y": Y, "kind": KIND, "volts": VOLTS}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + y * 2 - 1 / x", X + Y * 2 - 1 / X),
        ("-x ** 2", -(X**2)),
        ("2 ** -x", 2**-X),
        ("abs(y) + sqrt(x) + exp(y) + log(x)", np.abs(Y) + np.sqrt(X) + np.exp(Y) + np.log(X)),
        ("min(x, y, 1) + max(x, y)", np.minimum(np.minimum(X, Y), 1) + np.maximum(X, Y)),
        ("0 < x <= 2", [True, True, False]),
        ("x < y or not x > 1 and y == 0.5", [True, False, False]),
        ("kind == 'a'", [True, False, True]),
        ('"b" != kind', [True, False, True]),
        ("kind == kind", [True, True, True]),
        ("volts < 2", [True, False, False]),
        ("volts == 3", [False, False, False]),
        ("log(y) < 100", [True, False, True]),  # what has no value fulfils nothing
        ("1 < 2", [True, True, True]),
        ("7", [7.0, 7.0, 7.0]),
        (" (x\n > 1) ", [False, True, True]),
    ],
)
def test_an_expression_is_what_python_means_by_it(text, expected):
    np.testing.assert_array_equal(Expression.parse(text, NAMES)(COLUMNS, 3), expected)


def written(dice: random.Random, depth: int) -> str:
    """Write an expression by the dice."""
    if depth == 0:
        return dice.choice(["x", "y", "volts", "2", "0.5", "3e-1"])
    left, right = written(dice, depth - 1), written(dice, depth - 1)
    return dice.choice([f"({left} {dice.choice('+-*')} {right})", f"abs({left})", f"-{left}", f"min({left}, {right})"])


@pytest.mark.parametrize("seed", range(50))
def test_any_expression_is_what_python_computes(seed):
    text = written(random.Random(seed), 4)
    rows = [{"x": x, "y": y, "volts": v, "abs": abs, "min": min} for x, y, v in zip(X, Y, VOLTS, strict=True)]
    expected = [eval(text, {}, row) for row in rows]
    np.testing.assert_allclose(Expression.parse(text, NAMES)(COLUMNS, 3), expected)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "x.real",
        "x[0]",
        "[x]",
        "lambda: 1",
        "(x := 1)",
        "x if y else 1",
        "f'{x}'",
        "x @ y",
        "x % 2",
        "x // 2",
        "x << 2",
        "~x",
        "x is y",
        "x in [1]",
        "x and y",
        "not x",
        "(x < 1) + 1",
        "(x < 1) == (y < 1)",
        "kind + 1",
        "kind < 'b'",
        "kind == 1",
        "x == 'a'",
        "kind == 'c'",
        "min(x)",
        "abs(x, y)",
        "abs()",
        "abs(x=1)",
        "abs(*x)",
        "min(**x)",
        "open('x')",
        "exec('x')",
        "z",
        "True",
        "None",
        "...",
        "1j",
        "b'x'",
        "9 ** 999",
        "x ** (10 ** 3)",
        "9 ** 9 ** 9 ** 9",
        "1e999",
        "1" * 400,
        "x + " * 200 + "x",
        "(" * 240 + "x" + ")" * 240,
        "-" * 400 + "x",
        "x" * 501,
        "x = 1",
        "x; y",
        "import os",
        "",
        "#",
        "x\0",
        "\ud800",
    ],
)
def test_what_is_not_in_the_language_is_refused(text):
    with pytest.raises(ExpressionError, match="found .*, expected "):
        Expression.parse(text, NAMES)


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ExpressionError, match="unknown name 'volt', .*did you mean 'volts'"):
        Expression.parse("volt < 1", NAMES)


def test_whole_numbers_do_not_overflow():
    columns = {"x": np.array([2**40], dtype=np.int64), "y": np.array([-1], dtype=np.int64)}
    assert Expression.parse("x * x * x ** y", NAMES)(columns, 1)[0] == pytest.approx(2.0**40)


def test_the_kind_is_known_before_it_is_evaluated():
    assert [Expression.parse(text, NAMES).kind for text in ("x + 1", "x < 1")] == ["number", "boolean"]


def test_an_expression_can_be_pickled():
    expression = pickle.loads(pickle.dumps(Expression.parse("x < y", NAMES)))
    assert expression(COLUMNS, 3).tolist() == [False, False, False]


def test_an_infinite_exponent_is_nothing_python_chokes_on():
    assert math.isinf(Expression.parse("9 ** 99 ** x", NAMES)({"x": np.array([3.0])}, 1)[0])
