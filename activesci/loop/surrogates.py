"""Which surrogate stands for the model's likelihood in a study, and why it is the one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from activesci.errors import StudyError
from activesci.inference.amortised import PosteriorSurrogate
from activesci.inference.base import Surrogate
from activesci.inference.exact import ExactSurrogate
from activesci.inference.likelihood import LikelihoodSurrogate
from activesci.inference.zoomed import ZoomedSurrogate
from activesci.simulate import Simulator
from activesci.study import Study


@dataclass(frozen=True, slots=True)
class Chosen:
    """A surrogate and why it is the one.

    Attributes:
        kind: Its name in `inference.surrogate`.
        why: The reason in words.
        surrogate: Nothing is fitted yet.
    """

    kind: str
    why: str
    surrogate: Surrogate


def surrogate_for(study: Study, simulator: Simulator) -> Chosen:
    """Return the study's surrogate, nothing fitted yet, and why it is the one.

    Raises:
        StudyError: If the one that is asked for cannot serve the study.
    """
    asked = study.inference.surrogate
    kind, why = automatic(study, simulator) if asked == "auto" else (asked, "asked for")
    if kind not in KINDS:
        raise StudyError(
            f"inference.surrogate: found {kind!r}, which is not available in this version, expected one of auto, "
            f"{', '.join(KINDS)}"
        )
    return Chosen(kind, why, KINDS[kind](study, simulator))


def automatic(study: Study, simulator: Simulator) -> tuple[str, str]:
    """Return the kind of surrogate that suits a study, and why."""
    if simulator.has_log_likelihood:
        return "exact", "the simulator offers its log-likelihood"
    return "likelihood", "the simulator offers no log-likelihood"


def exact(study: Study, simulator: Simulator) -> Surrogate:
    """Return the simulator's own likelihood.

    Raises:
        StudyError: If it offers none.
    """
    if not simulator.has_log_likelihood:
        raise StudyError(
            f"inference.surrogate: found 'exact', but {study.simulator.function or 'a command'} has no log_likelihood "
            "beside it; offer one, or take likelihood"
        )
    return cast(Surrogate, ExactSurrogate(simulator))


def likelihood(study: Study, simulator: Simulator) -> Surrogate:
    """Return the neural likelihood, which looks closer where the posterior is."""
    spaces = (study.parameter_space, study.design_space, study.outcome_space)
    return cast(Surrogate, ZoomedSurrogate(LikelihoodSurrogate(*spaces, members=study.inference.ensemble)))


def posterior(study: Study, simulator: Simulator) -> Surrogate:
    """Return the amortised posterior.

    Raises:
        StudyError: If there is a design: what it has learned holds for one experiment.
    """
    if study.design_space.dim:
        raise StudyError(
            "inference.surrogate: found 'posterior' in a study with a design, expected one without: it learns to read "
            "the outcome of one experiment, and not which experiment to do; take likelihood or ratio"
        )
    spaces = (study.parameter_space, study.outcome_space)
    return cast(Surrogate, PosteriorSurrogate(*spaces, members=study.inference.ensemble))


KINDS: Mapping[str, Callable[[Study, Simulator], Surrogate]] = {
    "exact": exact,
    "likelihood": likelihood,
    "posterior": posterior,
}
"""Who makes each kind."""
