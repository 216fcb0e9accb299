"""Who simulates: the study's own simulator, those of hypotheses that have their own, and nature if it is simulated."""

import hashlib
from collections.abc import Mapping

from activesci.errors import StudyError
from activesci.loop.surrogates import Chosen, surrogate_for
from activesci.measure import Experiment, experiment_for
from activesci.simulate import Simulator, nature_for, simulator_for
from activesci.study import Study


def surrogates_of(study: Study, own: Mapping[str, Simulator], chosen: Chosen) -> dict[str, Chosen]:
    """Return a surrogate for each hypothesis' own simulator, nothing fitted yet, by the hypothesis' name.

    Args:
        study: The study.
        own: The hypotheses' own simulators, loaded.
        chosen: The surrogate of the study's own.

    Raises:
        StudyError: If one cannot serve, or densities of different simulators could not be compared.
    """
    found = {name: _surrogate_of(study, name, each) for name, each in own.items()}
    for name, one in {"": chosen, **found}.items() if found else ():
        _require_normalised(study, name, one)
    return found


def _surrogate_of(study: Study, name: str, simulator: Simulator) -> Chosen:
    try:
        return surrogate_for(study.under(name), simulator)
    except StudyError as error:
        raise StudyError(f"hypotheses.{name}: {error}") from error


def _require_normalised(study: Study, name: str, chosen: Chosen) -> None:
    """Refuse what knows a likelihood up to a function of the outcome, which is another for each simulator."""
    if study.tuning is not None:
        raise StudyError(
            "hypotheses: found a simulator of its own in a study whose data have errors of their own (tuning.data), "
            "expected one simulator, with a parameter that each hypothesis fixes"
        )
    if chosen.kind == "ratio" or not getattr(chosen.surrogate, "normalised", True):
        whose = f"the simulator of hypothesis {name}" if name else "the study's simulator"
        raise StudyError(
            f"hypotheses: found the surrogate {chosen.kind!r} for {whose} ({chosen.why}), expected exact, likelihood "
            "or emulator where hypotheses have simulators of their own: a ratio knows each likelihood only up to a "
            "function of the outcome, so that evidences of two simulators could not be compared; offer "
            "log_likelihood, summarise the outcome, or make them one simulator with a parameter that each "
            "hypothesis fixes"
        )


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
