"""Who does best, and who cannot be told apart: a pure function of the games that were played."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .rules import FEWEST

LEVEL = 0.95
"""Of all intervals and comparisons."""


@dataclass(frozen=True, slots=True)
class Game:
    """One game.

    Attributes:
        status: 'done', or 'failed': the participant broke down or its limits, and has learned nothing.
        score: What it came to; 0 if it failed.
        seconds: On the clock.
        why: Why it failed.
    """

    status: str
    score: float
    seconds: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A participant on the board.

    Attributes:
        name: Its name.
        rank: Its rank; None while fewer than five seeds are played on every problem.
        tied: Whether it cannot be told apart from the first of its rank.
        mean: Its mean score over seeds, of each the mean over problems; None without a seed.
        half: Half the width of the mean's 95 % interval; None with fewer than five seeds.
        problems: The mean on each problem, over what was played; None where nothing was.
        seeds: Seeds that are played on every problem.
        played: Games that were played.
        failed: Those of them that failed.
        wanted: Games that there are.
        seconds: A game's time on the clock, the median.
        why: Why the last one that failed did.
    """

    name: str
    rank: int | None
    tied: bool
    mean: float | None
    half: float | None
    problems: Mapping[str, float | None]
    seeds: int
    played: int
    failed: int
    wanted: int
    seconds: float | None
    why: str


Games = Mapping[tuple[str, str, int], Game]
"""By participant, problem and seed."""


def standings(names: Sequence[str], problems: Sequence[str], seeds: Sequence[int], games: Games) -> list[Standing]:
    """Return the board, the best first; those that cannot be ranked yet last.

    A seed counts for a participant when all problems are played with it. Two are told apart by the differences on the
    seeds that both have, which had the same truths and the same luck: they share a rank if 0 is within the 95 %
    interval of the mean difference to the first of the rank (Student's t). With many participants one in twenty such
    comparisons is wrong by chance.

    Args:
        names: The participants.
        problems: The problems.
        seeds: The seeds.
        games: What was played; what is missing is missing.
    """
    scores = {name: _by_seed(name, problems, seeds, games) for name in names}
    ranked = sorted((n for n in names if len(scores[n]) >= FEWEST), key=lambda n: (-_mean(scores[n]), n))
    ranks = _ranks(ranked, scores)
    others = sorted(name for name in names if name not in ranks)
    shared = [rank for rank, _ in ranks.values()]
    return [
        _standing(name, scores[name], ranks.get(name, (None, False)), shared, problems, seeds, games)
        for name in [*ranked, *others]
    ]


def _by_seed(name: str, problems: Sequence[str], seeds: Sequence[int], games: Games) -> dict[int, float]:
    """Return the mean score over problems of every seed with which all are played."""
    whole = [seed for seed in seeds if all((name, problem, seed) in games for problem in problems)]
    return {seed: float(np.mean([games[name, problem, seed].score for problem in problems])) for seed in whole}


def _ranks(ranked: Sequence[str], scores: Mapping[str, Mapping[int, float]]) -> dict[str, tuple[int, bool]]:
    found: dict[str, tuple[int, bool]] = {}
    first = ""
    for place, name in enumerate(ranked, start=1):
        tied = bool(first) and not apart(scores[first], scores[name])
        first = first if tied else name
        found[name] = (found[first][0] if tied else place), tied
    return found


def apart(one: Mapping[int, float], other: Mapping[int, float]) -> bool:
    """Say whether the mean difference on common seeds is not 0, at a level of 95 %.

    Example:
        >>> apart(dict(enumerate([1.0, 2.0, 3.0, 4.0, 5.0])), dict(enumerate([0.0, 1.1, 2.0, 2.9, 4.0])))
        True
        >>> apart(dict(enumerate([1.0, 2.0, 3.0, 4.0, 5.0])), dict(enumerate([1.5, 1.5, 3.5, 3.5, 5.1])))
        False
    """
    common = np.array([one[seed] - other[seed] for seed in one if seed in other])
    return len(common) >= FEWEST and bool(abs(common.mean()) > half_width(common))


def half_width(values: np.ndarray) -> float:
    """Return half the width of the 95 % interval of a mean, by Student's t."""
    from scipy.special import stdtrit  # as scipy.stats has it, which takes a second to import while somebody waits

    n = len(values)
    return float(stdtrit(n - 1, (1 + LEVEL) / 2) * values.std(ddof=1) / np.sqrt(n))


def _mean(scores: Mapping[int, float]) -> float:
    return float(np.mean(list(scores.values())))


def _standing(
    name: str,
    scores: Mapping[int, float],
    rank: tuple[int | None, bool],
    shared: Sequence[int],
    problems: Sequence[str],
    seeds: Sequence[int],
    games: Games,
) -> Standing:
    mine = {problem: [games[k] for s in seeds if (k := (name, problem, s)) in games] for problem in problems}
    played = [game for found in mine.values() for game in found]
    failed = [game for game in played if game.status == "failed"]
    return Standing(
        name=name,
        rank=rank[0],
        tied=rank[0] is not None and shared.count(rank[0]) > 1,
        mean=_mean(scores) if scores else None,
        half=half_width(np.array(list(scores.values()))) if len(scores) >= FEWEST else None,
        problems={p: float(np.mean([game.score for game in found])) if found else None for p, found in mine.items()},
        seeds=len(scores),
        played=len(played),
        failed=len(failed),
        wanted=len(problems) * len(seeds),
        seconds=float(np.median([game.seconds for game in played])) if played else None,
        why=failed[-1].why if failed else "",
    )
