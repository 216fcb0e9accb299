"""What must hold between the parts of a study: names that are meant, rules that can be met."""

import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from .designs import LARGEST_GRID, DesignSpace
from .expressions import FUNCTIONS, Expression, ExpressionError
from .hypotheses import WORD
from .outcomes import WIDEST, OutcomePart
from .parameters import ParameterPart, ParameterSpace
from .parts import listed, nearest
from .programs import check_programs
from .source import Path_, Problem, shown
from .stopping import StopRule
from .tuning import check_tuning

if TYPE_CHECKING:
    from .model import Study

_PROBES = 2**16
MOST_NUMBERS = 200
"""Numbers of an outcome that a policy looks at, at most."""


def check(study: "Study") -> None:
    """Raise the first Problem between the parts of a study whose parts are all right."""
    _parameters(study)
    _names(study)
    _outcome(study)
    _experiment(study)
    _surrogate(study)
    check_tuning(study)
    check_programs(study)
    _designer(study)
    _stop(study)
    _constraints(study)
    _cost(study)
    _blind(study)
    _ = study.rivals  # which raises at a hypothesis that does not fit,
    _ = study.expectations  # which raises at a sentence that cannot be understood


def _parameters(study: "Study") -> None:
    if not study.parameter_space.interest:
        raise Problem(
            ("parameters",), "no free parameter of interest", "at least one that is not fixed and no nuisance"
        )


def _names(study: "Study") -> None:
    seen: dict[str, str] = {}
    for section in ("parameters", "design", "outcome"):
        for name in getattr(study, section):
            if name in seen:
                raise Problem((section, name), f"a name that is also in {seen[name]}", "a name of its own")
            seen[name] = section
    for name in study.design:
        if keyword.iskeyword(name) or name in FUNCTIONS:
            raise Problem(("design", name), f"the word {name!r} of the expression language", "another name")


def _outcome(study: "Study") -> None:
    for name, part in study.outcome.items():
        if isinstance(part.iid, str):
            _number_of_events(study, name, part.iid)
    # counted before the space is laid out, which takes as long as it is wide
    width = sum(prod(part.shape) * _most_events(study, part) for part in study.outcome.values())
    if width > WIDEST:
        raise Problem(("outcome",), f"{width} numbers an outcome", f"at most {WIDEST}")


def _most_events(study: "Study", part: OutcomePart) -> int:
    return int(study.design[part.iid].settings[1]) if isinstance(part.iid, str) else part.iid or 1


def _number_of_events(study: "Study", name: str, iid: str) -> None:
    integers = [key for key, part in study.design.items() if part.integer is not None]
    if iid not in integers:
        expected = f"a number or an integer design variable ({listed(integers)})" if integers else "a number of events"
        raise Problem(("outcome", name, "iid"), shown(iid), expected + nearest(iid, integers))
    lowest = study.design[iid].settings[0]
    if lowest < 1:
        raise Problem(("design", iid, "integer"), f"{lowest} events", f"1 or more, as outcome.{name} counts on it")


def _experiment(study: "Study") -> None:
    truth, path = study.experiment.truth, ("experiment", "truth")
    if truth is None:
        return
    parameters = _simulated_by(study)
    _known(truth, list(parameters), path, "parameter")
    free = ParameterSpace.of(parameters).names
    for name in free:
        if name not in truth:
            raise Problem(path, f"no value of {name}", f"one of every parameter ({listed(free)})")


def _simulated_by(study: "Study") -> Mapping[str, ParameterPart]:
    """Return the parameters of simulated nature: the study's, or those of the hypothesis that it follows."""
    name = study.experiment.hypothesis
    if name is None:
        return study.parameters
    own = {each: part.parameters for each, part in study.hypotheses.items() if part.parameters}
    if name not in own:
        known = f"a hypothesis with a simulator of its own{f' ({listed(list(own))})' if own else ''}"
        raise Problem(("experiment", "hypothesis"), shown(name), known + nearest(name, own))
    return own[name] or {}


def _known(given: Mapping[str, Any], names: Sequence[str], path: Path_, noun: str) -> None:
    for name in given:
        if name not in names:
            raise Problem((*path, name), f"an unknown {noun}", f"{listed(list(names))}{nearest(name, list(names))}")


def _designer(study: "Study") -> None:
    designer, space = study.designer, study.design_space
    if designer.pool is not None and study.experiment.recorded is None:
        raise Problem(("designer", "pool"), f"pool with experiment {study.experiment.kind}", "a recorded experiment")
    _target(study)
    _estimator(study)
    if designer.policy is not None:
        _policy(study)
    if designer.horizon > 1 and designer.kind == "random":
        raise Problem(
            ("designer", "horizon"), "a horizon with random", "a designer that plans: bayesopt, grid or pool"
        )
    if designer.grid is not None and (size := space.grid_size(designer.grid.points)) > LARGEST_GRID:
        place: Path_ = ("designer", "grid", "points")
        raise Problem(place, f"a grid of {size} designs", f"at most {LARGEST_GRID}: fewer points or another designer")


def _estimator(study: "Study") -> None:
    """Refuse what a gain by an amortised posterior does not know: it would be ignored, or estimated otherwise."""
    if study.designer.estimator != "barber_agakov":
        return
    found = {
        "random, which looks at no gain": study.designer.kind == "random",
        "no design": not study.design,
        "a target, whose density it does not learn": study.designer.target is not None,
        "nuisance parameters": len(study.parameter_space.interest) < study.parameter_space.dim,
        "several designs a round, whose joint gain it does not learn": study.designer.batch > 1,
        "a horizon, whose joint gain it does not learn": study.designer.horizon > 1,
    }
    for what, holds in found.items():
        if holds:
            raise Problem(("designer", "estimator"), f"barber_agakov with {what}", "nested, or a study without")


def _policy(study: "Study") -> None:
    """Refuse what a policy does not learn: it would be ignored."""
    path, designer, named = ("designer", "policy"), study.designer, [g.iid for g in study.outcome_space.groups]
    found = {
        "no design to choose": not study.design,
        "constraints, which its designs may break": bool(study.constraints),
        "a cost, which it does not weigh": study.cost_written is not None,
        "recorded measurements, of which it cannot pick": study.experiment.recorded is not None,
        "several designs a round, which it would make all alike": designer.batch > 1,
        "a horizon beside that of the policy": designer.horizon > 1,
        "a target: it learns about all parameters": designer.target is not None,
        "nuisance parameters: it learns about all": len(study.parameter_space.interest) < study.parameter_space.dim,
        "a number of events that a design says": any(isinstance(iid, str) for iid in named),
        f"outcomes of {study.outcome_space.width} numbers": study.outcome_space.width > MOST_NUMBERS,
        "data with errors of their own": study.tuning is not None,
    }
    for what, holds in found.items():
        if holds:
            raise Problem(path, f"a policy with {what}", "bayesopt, or a study without")


def _target(study: "Study") -> None:
    if study.designer.target == WORD and WORD in study.parameters and study.hypotheses:
        raise Problem(("designer", "target"), f"{WORD!r}, which is also a parameter", "another name of the parameter")
    if study.designer.target == WORD and WORD not in study.parameters and not study.hypotheses:
        raise Problem(("designer", "target"), f"{WORD!r} in a study without hypotheses", "hypotheses: {...}")
    if study.target is None:
        return
    space, path = study.parameter_space, ("designer", "target")
    columns = space.columns(space.from_cube(_kronecker(2**12, space.dim)))
    values = study.target(columns, 2**12)
    if not np.isfinite(values).all():
        raise Problem(
            path, f"{shown(study.target.text)}, which has no value for some parameters", "one for all of the prior"
        )
    if np.ptp(values) == 0:
        raise Problem(
            path, f"{shown(study.target.text)}, which is always {values[0]:g}", "one that the data can tell of"
        )


def target(text: str, space: ParameterSpace) -> Expression:
    """Return the expression over the parameters that a study's gain is about; Problem if it is wrong."""
    try:
        parsed = Expression.parse(text, dict.fromkeys(space.units), "parameter")
    except ExpressionError as error:
        raise Problem(("designer", "target"), error.found, error.expected) from None
    if parsed.kind != "number":
        raise Problem(("designer", "target"), shown(text), "an expression that yields a number, such as 'a / b'")
    return parsed


def _stop(study: "Study") -> None:
    if study.stop is None:
        if study.experiment.recorded is None:
            raise Problem(("stop",), "nothing", "a stop rule, such as {rounds: 10}")
        return
    for path, rule in _rules(study.stop, ("stop",)):
        _known(rule.sd or rule.width or {}, study.parameter_space.names, (*path, rule.kind), "free parameter")
        if rule.cost is not None and study.cost_written is None:
            raise Problem((*path, "cost"), "a limit of cost", "a study with a cost")
        if rule.gain is not None and not study.design:
            raise Problem((*path, "gain"), "a limit of gain", "a study with a design, as only that is chosen by gain")

        for key in ("hypothesis", "bayes_factor"):
            if rule.kind == key and not study.hypotheses:
                raise Problem((*path, key), "a rule about hypotheses", "a study with hypotheses")


def _rules(rule: StopRule, path: Path_) -> Iterator[tuple[Path_, StopRule]]:
    yield path, rule
    for i, inner in enumerate(rule.any or rule.all or ()):
        yield from _rules(inner, (*path, rule.kind, i))


def expressions(texts: Sequence[str], design: Mapping[str, Any]) -> tuple[Expression, ...]:
    """Return the constraints of a study; Problem if one is wrong."""
    return tuple(expression(text, design, ("constraints", i), "boolean") for i, text in enumerate(texts))


def expression(text: str, design: Mapping[str, Any], path: Path_, kind: str) -> Expression:
    """Return an expression over the `design:` of a study; Problem if it is wrong."""
    try:
        parsed = Expression.parse(text, {name: part.choice for name, part in design.items()})
    except ExpressionError as error:
        raise Problem(path, error.found, error.expected) from None
    if parsed.kind != kind:
        wanted = "a condition such as 'x < 2'" if kind == "boolean" else "a number or an expression that yields one"
        raise Problem(path, shown(text), wanted)
    return parsed


def _blind(study: "Study") -> None:
    if study.blind is None:
        return
    if study.blind.region is not None:
        expression(study.blind.region, study.design, ("blind", "region"), "boolean")
    if study.blind.designs and study.experiment.kind == "manual":
        found, expected = "true for an experiment that somebody does by hand", "false: who measures is told the design"
        raise Problem(("blind", "designs"), found, expected)
    if study.blind.shows_outcomes and study.experiment.recorded is not None:
        key = "labels" if study.blind.salt is None else "salt"
        expected = "nature that is measured: whoever has the file knows what is in it"
        raise Problem(("blind", key), f"{key} for outcomes that are recorded already", expected)
    if study.blind.labels is not None:
        _labels(study, study.blind.labels)
    for name in study.blind.parameters or ():
        if name not in study.parameter_space.names:
            raise Problem(("blind", "parameters", name), shown(name), f"one of {listed(study.parameter_space.names)}")


def _labels(study: "Study", asked: Sequence[str]) -> None:
    known, path = study.labelled, ("blind", "labels")
    for place, name in enumerate(asked):
        if name not in known:
            expected = f"a choice or an outcome with categories{f' ({listed(list(known))})' if known else ''}"
            raise Problem((*path, place), shown(name), expected + nearest(name, list(known)))
    if not known:
        raise Problem(path, "a study without labels", "a choice among the designs, or an outcome with categories")
    choices = [name for name in study.shuffled if name in study.design]
    if choices and study.experiment.kind == "manual":
        expected = "an experiment that the loop has done by itself: who measures by hand is told the design"
        raise Problem(path, f"shuffled labels of {listed(choices)}, measured by hand", expected)
    texts = [*study.constraints, *([study.cost_written] if isinstance(study.cost_written, str) else [])]
    for name in choices:
        if any(re.search(rf"\b{name}\b", text) for text in texts):
            expected = "none: what is allowed, or costs more, would tell the labels"
            raise Problem(path, f"a constraint or a cost about {name}, whose labels are shuffled", expected)


def _surrogate(study: "Study") -> None:
    if study.inference.surrogate == "posterior" and study.hypotheses:
        found = "'posterior', which knows no evidence, in a study with hypotheses"
        raise Problem(("inference", "surrogate"), found, "auto, exact, likelihood or emulator")
    if study.inference.surrogate == "posterior" and study.design_space.dim:
        found = "'posterior', which learns to read the outcome of one experiment, in a study with a design"
        raise Problem(("inference", "surrogate"), found, "auto, exact, likelihood, ratio or emulator")


def _constraints(study: "Study") -> None:
    if not study.constraints:
        return
    if not study.design_space.feasible(_probes(study.design_space)).any():
        raise Problem(("constraints",), "constraints that no design fulfils", "some that leave a part of the space")


def _cost(study: "Study") -> None:
    if study.cost_spec is None:
        return
    if study.cost_spec.function is not None:
        if study.simulator.function is None and ":" not in study.cost_spec.function:
            found = f"{shown(study.cost_spec.function)}, a function of a module that is not named"
            raise Problem(("cost",), found, "module:function, as the simulator is no function itself")
        return
    xi = _probes(study.design_space)
    xi = xi[study.design_space.feasible(xi)]
    cost = study.cost_spec.at(study.design_space, xi)
    bad = np.flatnonzero(~(cost > 0.0) | ~np.isfinite(cost))
    if len(bad):
        design = study.design_space.decode(xi[bad[0]])
        raise Problem(("cost",), f"a cost of {cost[bad[0]]:g} at {shown(design)}", "a positive cost at every design")


def _probes(space: DesignSpace) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return designs all over the space."""
    return space.from_cube(_kronecker(_PROBES, space.dim))


def _kronecker(n: int, dim: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return points all over the unit cube, (n, dim): a Kronecker sequence, without random numbers and scipy."""
    ratio = 2.0
    for _ in range(60):  # the root of ratio**(dim + 1) = ratio + 1 gives the most even sequence
        ratio = (1.0 + ratio) ** (1.0 / (dim + 1.0))
    steps = ratio ** -np.arange(1.0, dim + 1.0)
    return (0.5 + np.arange(1.0, n + 1.0)[:, None] * steps) % 1.0
