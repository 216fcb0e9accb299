"""Campaigns against simulated nature, played once and kept: what `sequential.py` scores.

The truth of each campaign is drawn from the prior by the campaign's seed.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from kept import HERE, RUNS, Game, play, sources

from activesci.inference.base import Data, Surrogate
from activesci.study import Study

FOLDER = RUNS / "rollouts"


@dataclass(frozen=True)
class Rollout:
    """One campaign.

    Attributes:
        seed: Its seed.
        truth: Nature's parameters, (d,).
        data: What was measured.
        posteriors: Samples after so many measurements, (n, d) each.
        ask, infer: CPU seconds of each choice and of each posterior, (t,).
    """

    seed: int
    truth: np.ndarray
    data: Data
    posteriors: dict[int, np.ndarray]
    ask: np.ndarray
    infer: np.ndarray


@dataclass(frozen=True)
class Case:
    """A problem, and how its designs are chosen.

    Attributes:
        name: What its file is called.
        problem: The folder of its study.
        lengths: Measurements after which it is scored, the last one is where it ends.
        settings: What is set otherwise than in the study.
    """

    name: str
    problem: str
    lengths: tuple[int, ...]
    settings: tuple[tuple[str, object], ...] = ()

    def study(self, seed: int = 1) -> Study:
        """Return the study with a seed."""
        loaded = Study.load(HERE / "problems" / self.problem / "study.yaml")
        return loaded.with_settings({**dict(self.settings), "seed": seed})


def rollouts(
    case: Case, seeds: Sequence[int], surrogate: Callable[[Study], Surrogate], played: Callable[..., Game] = play
) -> Iterator[Rollout]:
    """Yield a campaign for each seed, read from its file or played now and written.

    Args:
        case: What is played.
        seeds: The campaigns.
        surrogate: What stands for the likelihood in a study.
        played: Plays a campaign; see `kept.play`.
    """
    for seed in seeds:
        file = FOLDER / case.name / f"{seed}.npz"
        if not file.exists():
            study = case.study(seed)
            truth = study.parameter_space.from_cube(rng_of(seed).random((1, study.parameter_space.dim)))[0]
            written(file, case, seed, truth, played(study, surrogate(study), truth, case.lengths[-1]))
        yield read(file, seed)


def rng_of(seed: int) -> np.random.Generator:
    """Return the random numbers that nature's parameters are drawn with."""
    return np.random.default_rng([seed, 5])


def written(file, case: Case, seed: int, truth: np.ndarray, game: Game) -> None:
    """Write a campaign, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    arrays = {f"posterior{length}": game.posteriors[length - 1] for length in case.lengths}
    arrays |= {"truth": truth, "xi": game.data.xi, "y": game.data.y}
    arrays |= {"ask": np.array(game.ask), "infer": np.array(game.infer)}
    what = json.dumps({"code": sources(), "seed": seed, **asdict(case)}, default=str)
    part = file.with_suffix(".part")
    with part.open("wb") as opened:
        np.savez(opened, what=np.array(what), **arrays)
    part.replace(file)


def read(file, seed: int) -> Rollout:
    """Return a campaign from its file."""
    with np.load(file) as arrays:
        posteriors = {int(name[9:]): arrays[name] for name in arrays if name.startswith("posterior")}
        data = Data(arrays["xi"], arrays["y"])
        return Rollout(seed, arrays["truth"], data, posteriors, arrays["ask"], arrays["infer"])
