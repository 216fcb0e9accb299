"""Who simulates: the study's own simulator, those of hypotheses that have their own, and nature if it is simulated."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from activesci.errors import StudyError
from activesci.inference.base import Surrogate
from activesci.inference.candidates import Candidates
from activesci.inference.exact import ExactSurrogate
from activesci.loop.surrogates import Chosen
from activesci.measure import Experiment, experiment_for
from activesci.simulate import Simulator, nature_for, simulator_for
from activesci.study import Study


def candidates(study: Study, simulator: Simulator, chosen: Chosen) -> tuple[Chosen, str | None]:
    """Return the surrogate with those of hypotheses' own simulators beside it, and the digest of their code.

    Args:
        study: The study.
        simulator: Its own simulator.
        chosen: Its surrogate.

    Raises:
        SimulatorError: If a simulator cannot be used.
        StudyError: If a likelihood would have to be learned, of which this version learns one only.
    """
    own = simulators_of(study)
    if not own:
        return chosen, None
    if chosen.kind != "exact":
        raise without_likelihood(study.simulator.settings, "the study's")
    for name, each in own.items():
        if not each.has_log_likelihood:
            raise without_likelihood(study.hypotheses[name].simulator, name)
    others = {name: cast(Surrogate, ExactSurrogate(each)) for name, each in own.items()}
    return replace(chosen, surrogate=cast(Surrogate, Candidates(chosen.surrogate, others))), rivals_digest(own)


def simulators_of(study: Study) -> dict[str, Simulator]:
    """Return the simulators of hypotheses that have their own, loaded, by the hypothesis' name.

    Raises:
        SimulatorError: If one cannot be used.
    """
    own = {one.name: simulator_for(study.under(one.name)) for one in study.rivals if one.own}
    for each in own.values():
        each.load()
    return own


def rivals_digest(own: Mapping[str, Simulator]) -> str | None:
    """Return the sha256 (hex) of the code of hypotheses' own simulators; None if there is none."""
    return hashlib.sha256("".join(each.digest for each in own.values()).encode()).hexdigest() if own else None


def without_likelihood(settings: object, whose: str) -> StudyError:
    """Return what is said where candidate simulators would have to be learned."""
    return StudyError(
        f"hypotheses: found a simulator without log_likelihood beside it ({whose}: {settings!r}), expected one beside "
        "each where hypotheses have simulators of their own; or make them one simulator, with a parameter that each "
        "hypothesis fixes: its likelihood may be learned"
    )


def nature_of(study: Study, simulator: Simulator) -> Experiment:
    """Return the study's experiment; simulated nature may follow a hypothesis with a simulator of its own.

    Raises:
        DataError, SimulatorError: If it cannot be used.
    """
    name = study.experiment.hypothesis
    if name is None:
        return experiment_for(study, simulator.run, nature_for(study))
    under = study.under(name)
    own = simulator_for(under)
    own.load()
    return experiment_for(under, own.run)
