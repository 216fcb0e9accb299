"""A small safe language over the design variables, for constraints and costs, and over the parameters, for a target.

Names, numbers, `+ - * / **`, comparisons (chained too), `and or not`, the functions of `FUNCTIONS`, and text that
is compared with a choice. A text is parsed by Python's `ast`; when the study is loaded every node is checked against a
list of what is allowed; and then it is evaluated here, vectorised over columns: nothing is ever handed to `eval`.
"""

import ast
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from activesci.types import Columns

from .parts import listed, nearest

LONGEST = 500
"""Characters of an expression at most."""
DEEPEST = 40
"""Levels of an expression at most."""

Kind = Literal["number", "boolean", "text"]
Value = NDArray[Any]

FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "abs": np.abs,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "min": lambda *values: reduce(np.minimum, values),
    "max": lambda *values: reduce(np.maximum, values),
}
_ARITHMETIC: Mapping[type[ast.AST], Callable[..., Value]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.UAdd: np.positive,
    ast.USub: np.negative,
}
_COMPARISONS: Mapping[type[ast.AST], Callable[..., Value]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}


class ExpressionError(ValueError):
    """What is wrong with an expression, as what was found and what is expected; becomes a StudyError.

    Attributes:
        found: What was found.
        expected: What would have been right.
    """

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}, expected {expected}")
        self.found = found
        self.expected = expected


@dataclass(frozen=True)
class Expression:
    """An expression that has been checked.

    Attributes:
        text: As the study has it.
        kind: What it yields: numbers or booleans.
    """

    text: str
    kind: Kind
    _tree: ast.expr = field(repr=False, compare=False)

    @classmethod
    def parse(
        cls, text: str, choices: Mapping[str, Sequence[Any] | None], noun: str = "design variable"
    ) -> "Expression":
        """Check an expression.

        Args:
            text: The expression.
            choices: The names it may use; those of choices with what can be chosen.
            noun: What they are names of.

        Raises:
            ExpressionError: It is no expression of the language, or uses a name that there is not.

        Example:
            >>> wide = Expression.parse("abs(x) < 2 and kind == 'a'", {"x": None, "kind": ["a", "b"]})
            >>> wide({"x": np.array([1.0, 1.0, 3.0]), "kind": np.array(["a", "b", "a"], dtype=object)}, 3)
            array([ True, False, False])
        """
        tree = _parsed(text)
        return cls(text, _Checker(choices, noun).kind_of(tree, 0), tree)

    def __call__(self, columns: Columns, n: int) -> Value:
        """Evaluate for columns of length n; what has no value (a root of -1) is NaN, and compares as false."""
        with np.errstate(all="ignore"):
            return np.broadcast_to(_value(self._tree, columns), (n,))


def _parsed(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise ExpressionError(f"{len(text)} characters", f"an expression of at most {LONGEST}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", None) or type(error).__name__
        raise ExpressionError(
            f"{text!r}, which is no expression ({reason})", "one such as 'x + y < 2 and kind == \"a\"'"
        ) from None


class _Checker:
    """Finds the kind of every node, and refuses what the language does not have."""

    def __init__(self, choices: Mapping[str, Sequence[Any] | None], noun: str) -> None:
        self._choices, self._noun = choices, noun

    def kind_of(self, node: ast.expr, depth: int) -> Kind:
        if depth > DEEPEST:
            raise ExpressionError(f"more than {DEEPEST} levels", "a flatter expression")
        check: Any = getattr(self, f"_{type(node).__name__.lower()}", None)
        if check is None:
            raise ExpressionError(
                f"{_source(node)}, which is not in the language",
                f"names, numbers, + - * / **, comparisons, and, or, not, {listed(list(FUNCTIONS))}",
            )
        kind: Kind = check(node, depth + 1)
        return kind

    def _needs(self, kind: Kind, nodes: Sequence[ast.expr], depth: int) -> None:
        for node in nodes:
            found = self.kind_of(node, depth)
            if found != kind:
                raise ExpressionError(f"the {found} {_source(node)}", f"a {kind} in its place")

    def _name(self, node: ast.Name, depth: int) -> Kind:
        if node.id not in self._choices:
            known = list(self._choices)
            expected = f"a {self._noun} ({listed(known)})" if known else f"no name, as there is no {self._noun}"
            raise ExpressionError(f"the unknown name {node.id!r}", expected + nearest(node.id, known))
        choices = self._choices[node.id]
        return "text" if choices and any(isinstance(choice, str) for choice in choices) else "number"

    def _constant(self, node: ast.Constant, depth: int) -> Kind:
        if isinstance(node.value, str):
            return "text"
        if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not abs(node.value) < 1e300:
            raise ExpressionError(_source(node), "a number below 1e300")
        return "number"

    def _binop(self, node: ast.BinOp, depth: int) -> Kind:
        if type(node.op) not in _ARITHMETIC:
            raise ExpressionError(f"the operator in {_source(node)}", "one of + - * / **")
        self._needs("number", [node.left, node.right], depth)
        if isinstance(node.op, ast.Pow):
            self._bounded(node.right)
        return "number"

    def _bounded(self, exponent: ast.expr) -> None:
        """Numbers only: float64 columns cannot grow, whatever their exponent is."""
        names = any(isinstance(node, ast.Name) for node in ast.walk(exponent))
        if not names and not abs(float(Expression("", "number", exponent)({}, 1)[0])) <= 100.0:
            raise ExpressionError(f"the exponent {_source(exponent)}", "one from -100 to 100")

    def _unaryop(self, node: ast.UnaryOp, depth: int) -> Kind:
        kind: Kind = "boolean" if isinstance(node.op, ast.Not) else "number"
        if kind == "number" and type(node.op) not in _ARITHMETIC:
            raise ExpressionError(f"the operator in {_source(node)}", "one of + - not")
        self._needs(kind, [node.operand], depth)
        return kind

    def _boolop(self, node: ast.BoolOp, depth: int) -> Kind:
        self._needs("boolean", node.values, depth)
        return "boolean"

    def _call(self, node: ast.Call, depth: int) -> Kind:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS or node.keywords:
            raise ExpressionError(
                f"the call {_source(node)}", f"a call of {listed(list(FUNCTIONS))}{nearest(name, list(FUNCTIONS))}"
            )
        if (name in ("min", "max")) != (len(node.args) > 1) or not node.args:
            raise ExpressionError(
                f"{len(node.args)} arguments in {_source(node)}", "one, or two and more for min and max"
            )
        self._needs("number", node.args, depth)
        return "number"

    def _compare(self, node: ast.Compare, depth: int) -> Kind:
        operands = [node.left, *node.comparators]
        for left, op, right in zip(operands, node.ops, operands[1:], strict=False):
            self._comparable(left, op, right, depth)
        return "boolean"

    def _comparable(self, left: ast.expr, op: ast.cmpop, right: ast.expr, depth: int) -> None:
        kinds = {self.kind_of(left, depth), self.kind_of(right, depth)}
        if type(op) not in _COMPARISONS or (kinds == {"text"} and not isinstance(op, ast.Eq | ast.NotEq)):
            raise ExpressionError(
                f"the comparison of {_source(left)} and {_source(right)}", "one of < <= > >= == !=, for text == or !="
            )
        if len(kinds) > 1 or "boolean" in kinds:
            raise ExpressionError(
                f"{_source(left)} compared with {_source(right)}", "two numbers, or a choice and a text"
            )
        self._chosen(left, right)
        self._chosen(right, left)

    def _chosen(self, name: ast.expr, text: ast.expr) -> None:
        """A text that is compared with a choice is one of those that can be chosen."""
        if isinstance(name, ast.Name) and isinstance(text, ast.Constant) and isinstance(text.value, str):
            choices = self._choices[name.id]
            if choices is not None and text.value not in choices:
                words = [str(choice) for choice in choices]
                raise ExpressionError(repr(text.value), f"one of {listed(words)}{nearest(text.value, words)}")


def _source(node: ast.expr) -> str:
    text = ast.unparse(node)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _value(node: Any, columns: Columns) -> Any:  # noqa: ANN401 -- any node that the checker let through
    match node:
        case ast.Constant(value=str()):
            return node.value
        case ast.Constant():
            return np.float64(cast(float, node.value))
        case ast.Name():
            return columns[node.id]
        case ast.BinOp():
            return _ARITHMETIC[type(node.op)](*(_number(_value(side, columns)) for side in (node.left, node.right)))
        case ast.UnaryOp(op=ast.Not()):
            return np.logical_not(_value(node.operand, columns))
        case ast.UnaryOp():
            return _ARITHMETIC[type(node.op)](_number(_value(node.operand, columns)))
        case ast.BoolOp():
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return reduce(join, (_value(value, columns) for value in node.values))
        case ast.Call():
            return FUNCTIONS[cast(ast.Name, node.func).id](
                *(_number(_value(argument, columns)) for argument in node.args)
            )
        case _:
            return _compared(node, columns)


def _number(value: Any) -> Value:  # noqa: ANN401 -- an integer column, a constant
    """Whole numbers are computed with as float64: an int64 column would refuse `n ** -1` and could overflow."""
    return np.asarray(value, dtype=np.float64)


def _compared(node: ast.Compare, columns: Columns) -> Value:
    operands = [_value(operand, columns) for operand in (node.left, *node.comparators)]
    pairs = zip(operands, node.ops, operands[1:], strict=False)
    return reduce(np.logical_and, (_COMPARISONS[type(op)](left, right) for left, op, right in pairs))
