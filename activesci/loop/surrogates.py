"""Which surrogate stands for the model's likelihood in a study, and why it is the one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from activesci.errors import SimulatorError, StudyError
from activesci.inference.amortised import PosteriorSurrogate
from activesci.inference.base import Surrogate
from activesci.inference.embeddings.own import OwnModule
from activesci.inference.embeddings.readers import large, sketches
from activesci.inference.emulator import EmulatorOrElse, EmulatorSurrogate
from activesci.inference.exact import ExactSurrogate
from activesci.inference.likelihood import LikelihoodSurrogate, ZoomedSurrogate
from activesci.inference.networks.device import device_for
from activesci.inference.ratio import RatioSurrogate
from activesci.inference.tuning import Measured, TuningSurrogate
from activesci.loop.plugins import plugged_surrogate
from activesci.simulate import Simulator
from activesci.simulate.source import load_source
from activesci.study import Study
from activesci.study.plans import most_simulations
from activesci.study.settings import EMBEDDINGS, OWN_SURROGATES

FEW = 500
"""Simulations up to which an emulator is the better one, as measured (experiments/benchmarks/inference)."""
FEW_INPUTS = 10
"""Parameters and design variables up to which an emulator is looked at."""

ERRORS_STATED = (
    "the errors of the data are stated (tuning.data), so what is learned is what simulations are expected to give"
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A surrogate and why it is the one.

    Attributes:
        kind: Its name in `inference.surrogate`.
        why: The reason in words.
        surrogate: Nothing is fitted yet.
        digest: The sha256 (hex) of the user's code in it; None if there is none.
        plugin: What is recorded of it if an installed package offers it; see `Plugin.said`.
    """

    kind: str
    why: str
    surrogate: Surrogate
    digest: str | None = None
    plugin: Mapping[str, str] | None = None


def surrogate_for(study: Study, simulator: Simulator) -> Chosen:
    """Return the study's surrogate, nothing fitted yet, and why it is the one.

    Raises:
        StudyError: If the one that is asked for cannot serve the study.
    """
    if study.tuning is not None:
        return Chosen("emulator", ERRORS_STATED, tuned(study))
    asked = study.inference.surrogate
    kind, why = automatic(study, simulator) if asked == "auto" else (asked, "asked for")
    if kind not in OWN_SURROGATES:
        _no_embedding(study, kind)
        surrogate, said = plugged_surrogate(study)
        return Chosen(kind, f"asked for, of {said['package']} {said['version']}", surrogate, plugin=said)
    if kind != "likelihood" and study.inference.device == "cuda":
        raise StudyError(
            f"inference.device: found 'cuda' with the surrogate {kind!r}, expected it with likelihood: no other "
            "computes on a GPU; take auto or cpu"
        )
    if kind in EMBEDDED:
        embedding, digest = embedding_of(study)
        return Chosen(kind, why, EMBEDDED[kind](study, embedding), digest)
    _no_embedding(study, kind)
    surrogate = KINDS[kind](study, simulator)
    if asked == "auto" and kind == "emulator":
        tried = EmulatorOrElse(cast(EmulatorSurrogate, surrogate), likelihood(study, simulator))
        return Chosen(kind, why, cast(Surrogate, tried))
    return Chosen(kind, why, surrogate)


def _no_embedding(study: Study, kind: str) -> None:
    if study.inference.embedding != "auto":
        raise StudyError(
            f"inference.embedding: found {study.inference.embedding!r} with the surrogate {kind!r}, expected it with "
            f"{' or '.join(EMBEDDED)}: no other looks at the outcome with an embedding"
        )


def tuned(study: Study) -> Surrogate:
    """Return the surrogate of a study whose data have errors of their own.

    Raises:
        StudyError: If the study plans too few simulations for it.
    """
    tuning = study.tuning
    assert tuning is not None  # the caller's condition
    if tuning.settings is not None and not (study.folder / tuning.settings).is_file():
        raise StudyError(f"tuning.settings: found no file {tuning.settings!r}, expected one beside the study")
    measured = Measured(tuning.covariance(study), tuning.used(study), tuning.weight(study))
    usual = 1 if tuning.events is None else tuning.events.usual
    empty = TuningSurrogate(study.parameter_space, study.outcome_space, measured, usual=usual)
    if (planned := study.inference.simulations) < empty.fewest:
        raise StudyError(
            f"inference.simulations: found {planned}, expected at least {empty.fewest} to learn what a simulator with "
            "this many parameters is expected to give"
        )
    return cast(Surrogate, empty)


def automatic(study: Study, simulator: Simulator) -> tuple[str, str]:
    """Return the kind of surrogate that suits a study, and why."""
    if simulator.has_log_likelihood:
        return "exact", "the simulator offers its log-likelihood"
    if study.inference.embedding != "auto":
        return "ratio", "an embedding is asked for"
    if (why := large(study.outcome_space)) is not None:
        return "ratio", f"{why}, and the simulator offers no log-likelihood"
    if (few := better_emulated(study)) is not None:
        return "emulator", few
    return "likelihood", "the simulator offers no log-likelihood"


def better_emulated(study: Study) -> str | None:
    """Return why an emulator suits a study better than networks, as far as the study tells; None if it does not."""
    planned, inputs = most_simulations(study), study.parameter_space.dim + study.design_space.n_features
    numbers = [column.kind in ("real", "count") for group in study.outcome_space.groups for column in group.columns]
    if planned > FEW or inputs > FEW_INPUTS or not all(numbers) or study.inference.device == "cuda":
        return None
    empty = EmulatorSurrogate(study.parameter_space, study.design_space, study.outcome_space)
    if study.inference.simulations < empty.fewest:
        return None
    return (
        f"at most {planned:g} simulations are planned, with which an emulator is nearer the truth than networks "
        "unless the first of them show noise that is far from Gaussian, or small counts"
    )


def exact(study: Study, simulator: Simulator) -> Surrogate:
    """Return the simulator's own likelihood.

    Raises:
        StudyError: If it offers none.
    """
    if not simulator.has_log_likelihood:
        raise StudyError(
            f"inference.surrogate: found 'exact', but {study.simulator.settings!r} has no log_likelihood "
            "beside it; offer one, or take likelihood"
        )
    return cast(Surrogate, ExactSurrogate(simulator))


def likelihood(study: Study, simulator: Simulator) -> Surrogate:
    """Return the neural likelihood, which looks closer where the posterior is.

    Raises:
        StudyError: If a GPU is asked for and there is none.
    """
    spaces = (study.parameter_space, study.design_space, study.outcome_space)
    try:
        # a worker's GPU is not this machine's
        device = "cpu" if getattr(study.executor.settings, "learning", None) else device_for(study.inference.device)
    except ValueError as error:
        raise StudyError(f"inference.device: {error}") from error
    whole = LikelihoodSurrogate(*spaces, members=study.inference.ensemble, device=device)
    return cast(Surrogate, ZoomedSurrogate(whole))


def emulator(study: Study, simulator: Simulator) -> Surrogate:
    """Return the emulator.

    Raises:
        StudyError: If it cannot serve the study's outcome, or the study plans too few simulations for it.
    """
    try:
        empty = EmulatorSurrogate(study.parameter_space, study.design_space, study.outcome_space)
    except ValueError as error:
        raise StudyError(f"inference.surrogate: found 'emulator', but {error}") from error
    if (planned := study.inference.simulations) < empty.fewest:
        raise StudyError(
            f"inference.simulations: found {planned} with the surrogate 'emulator', expected at least {empty.fewest} "
            "for this many parameters and design variables"
        )
    return cast(Surrogate, empty)


def ratio(study: Study, embedding: str | OwnModule) -> Surrogate:
    """Return the neural ratio."""
    spaces = (study.parameter_space, study.design_space, study.outcome_space)
    return cast(Surrogate, RatioSurrogate(*spaces, members=study.inference.ensemble, embedding=embedding))


def posterior(study: Study, embedding: str | OwnModule) -> Surrogate:
    """Return the amortised posterior."""
    spaces = (study.parameter_space, study.outcome_space)
    return cast(Surrogate, PosteriorSurrogate(*spaces, members=study.inference.ensemble, embedding=embedding))


def embedding_of(study: Study) -> tuple[str | OwnModule, str | None]:
    """Return the embedding that the study asks for, and the digest of its code if it is the user's own.

    Raises:
        StudyError: If the embedding does not fit the outcome, or the user's own cannot be used.
    """
    outcomes, asked = study.outcome_space, study.inference.embedding
    embedding, digest = (asked, None) if asked in EMBEDDINGS else own_module(study, asked)
    try:
        sketches(outcomes, embedding)
    except ValueError as error:
        raise StudyError(f"inference.embedding: {error}") from error
    return embedding, digest


def own_module(study: Study, asked: str) -> tuple[OwnModule, str]:
    """Return the user's own embedding `module:Class` and the digest of its code.

    Raises:
        StudyError: If it is not there, or cannot be used.
    """
    module, _, name = asked.partition(":")
    try:
        source = load_source(module, study.folder.resolve())
        return OwnModule.of(asked, source.function(name), study.outcome_space), source.digest
    except (SimulatorError, ValueError) as error:
        raise StudyError(f"inference.embedding: {error}") from error


KINDS: Mapping[str, Callable[[Study, Simulator], Surrogate]] = {
    "exact": exact,
    "likelihood": likelihood,
    "emulator": emulator,
}
"""Who makes each kind that describes the outcome number by number."""
EMBEDDED: Mapping[str, Callable[[Study, str | OwnModule], Surrogate]] = {"ratio": ratio, "posterior": posterior}
"""Who makes each kind that looks at the outcome with an embedding."""
