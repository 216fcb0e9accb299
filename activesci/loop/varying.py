"""Runs a campaign again with what should not matter changed, and records how far its answer moves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from activesci.errors import CampaignError, StudyError
from activesci.integrity.variation import FEWEST, SOURCES, Effects, Judged, judged, own_data, same_data
from activesci.ledger import History, Kind, Ledger, Measurement, fold
from activesci.loop.blinding import refuse_while_blind
from activesci.loop.controller import Campaign
from activesci.loop.journal import Journal, Nobody, Observer
from activesci.loop.recorded import recorded_study
from activesci.rng import Purpose, generator
from activesci.study import Study

WHAT, FOLDER = "variation", "vary"
APART = 1_000_003
"""What the seeds of runs differ by, so that they are no neighbours."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One run to make.

    Attributes:
        name: What is different in it.
        study: Its study.
        measured: The measurements that it learns from; None for a whole campaign, which measures anew.
    """

    name: str
    study: Study
    measured: tuple[Measurement, ...] | None


class Varying:
    """Varies one campaign.

    Args:
        folder: Its run folder.
        simulators: Other functions that stand for the simulator: `model:simulate_other`.
        observer: Who is told of events and progress.

    Raises:
        LedgerError: If there is no campaign in the folder, or it is blind.
        CampaignError: If it has measured nothing.
    """

    def __init__(self, folder: Path, simulators: Sequence[str] = (), observer: Observer | None = None) -> None:
        with Ledger.read_only(folder) as ledger:
            self._history: History = fold(ledger.events())
        refuse_while_blind(self._history, folder, "its variation")
        self._folder, self._simulators, self._observer = folder, simulators, observer or Nobody()
        self._measured = tuple(self._history.measured())
        if not self._measured:
            raise CampaignError(f"{folder}: found a run without measurements, expected one with an answer")
        self._study = recorded_study(folder).without("claim", "expect", "blind")

    def run(self, over: Sequence[str], n: int) -> dict[str, Any]:
        """Make n runs a source, those that are there already left as they are, and record what came of them.

        Args:
            over: What is varied, of `SOURCES`.
            n: How many runs a source.
        """
        found = {**self._known(), **{source: self._varied(source, n) for source in over}}
        said = {"what": WHAT, "sources": found}
        with Ledger.open(self._folder) as ledger:
            journal = Journal(ledger, self._observer)
            journal.append(Kind.NOTE, journal.history.rounds[-1].number, said)
        return said

    def _known(self) -> dict[str, Any]:
        return dict(self._history.noted(WHAT).get("sources", {}))

    def _varied(self, source: str, n: int) -> dict[str, Any]:
        """Return what became of one source: what was run, the spread of each parameter, and the verdict."""
        if (why := self._impossible(source, n)) is not None:
            return {"verdict": "not tested", "why": why, "runs": [], "effects": {}}
        runs = [self._answer(source, variant) for variant in self._variants(source, n)]
        names = [self._study.parameter_space.names[i] for i in self._study.parameter_space.interest]
        effects = {name: self._effects(source, [run["posterior"][name] for run in runs]) for name in names}
        verdict = _identical(runs) if source == "workers" else judged(list(effects.items()))
        return {
            "verdict": verdict.verdict,
            "why": verdict.why,
            "runs": runs,
            "effects": {name: _told(one) for name, one in effects.items()},
        }

    def _impossible(self, source: str, n: int) -> str | None:
        """Return why a source cannot be varied, in words; None if it can."""
        kind = self._study.experiment.kind
        if source == "seed" and kind in ("manual", "command"):
            return "every measurement would have to be made again, by a person or a program"
        if source == "split" and len(self._measured) < 2 * n:
            return f"{len(self._measured)} measurements cannot be split into {n} parts of two"
        if source == "simulator_version" and len(self._simulators) < FEWEST - 1:
            return "name at least two other versions with --simulator"
        if source == "simulator_version" and self._study.simulator.function is None:
            return "the simulator is no Python function"
        return None

    def _variants(self, source: str, n: int) -> Iterator[Variant]:
        """Yield the runs of a source."""
        study, seed = self._study, self._study.seed
        if source == "seed":
            for i in range(n):
                yield Variant(f"seed {seed + (i + 1) * APART}", study.with_settings({"seed": _other(seed, i)}), None)
        elif source == "init":
            for i in range(n):
                yield Variant(f"init {i + 1}", self._fed({"seed": _other(seed, i)}), self._measured)
        elif source == "split":
            order = generator(seed, 0, Purpose.VARY).permutation(len(self._measured))
            for i, part in enumerate(np.array_split(order, n)):
                measured = tuple(self._measured[place] for place in sorted(part.tolist()))
                yield Variant(f"part {i + 1}", self._fed({}), measured)
        elif source == "simulator_version":
            for version in (self._study.simulator.function or "", *self._simulators):
                yield Variant(version.replace(":", " "), self._fed({"simulator.function": version}), self._measured)
        else:
            for workers in range(n):
                executor = {"ray": {"workers": workers}} if workers else {"serial": {}}
                yield Variant(f"{workers or 'no'} workers", self._fed({"executor": executor}), self._measured)

    def _fed(self, settings: Mapping[str, Any]) -> Study:
        """Return the study as one whose measurements are told, and which does not end before all of them are."""
        mapping = {"experiment": {"manual": True}, "stop": {"rounds": len(self._measured) + 1}}
        designer: dict[str, Any] = {"designer": {"random": {}}} if self._study.design_space.dim else {}
        return self._study.without("designer").with_settings({**mapping, **designer, **settings})

    def _answer(self, source: str, variant: Variant) -> dict[str, Any]:
        """Make a run, or go on with it, and return what it says of the parameters."""
        place = self._folder / FOLDER / source / variant.name.replace(" ", "-")
        with Campaign(variant.study, place, observer=self._observer) as campaign:
            if variant.measured is None:
                campaign.run()
            else:
                told = len(campaign.history.measured())
                for one in variant.measured[told:]:
                    campaign.tell(one.design, one.outcome)
            said = campaign.posterior.summary()
            count = len(campaign.history.measured())
        posterior = {name: {"mean": one["mean"], "sd": one["sd"]} for name, one in said.items()}
        return {"name": variant.name, "measurements": count, "posterior": posterior}

    def _effects(self, source: str, said: Sequence[Mapping[str, float]]) -> Effects:
        means, sds = (np.array([one[what] for one in said]) for what in ("mean", "sd"))
        fresh = source == "split" or (source == "seed" and self._study.experiment.truth is not None)
        return (own_data if fresh else same_data)(means, sds)


def _other(seed: int, i: int) -> int:
    return seed + (i + 1) * APART


def _identical(runs: Sequence[Mapping[str, Any]]) -> Judged:
    """Return the verdict on numbers of workers, with which no digit may change."""
    different = [run["name"] for run in runs if run["posterior"] != runs[0]["posterior"]]
    if len(runs) < 2:
        return Judged("not tested", "one run tells nothing")
    if different:
        return Judged("fails", f"another answer with {', '.join(different)}")
    return Judged("generalises", "the same to the last digit")


def _told(one: Effects) -> dict[str, Any]:
    size, low, high = one.between
    said = {"runs": one.count, "mean": one.mean, "within": one.within, "between": size, "low": low, "high": high}
    return {**said, "heterogeneity": one.heterogeneity, "p_value": one.p_value}


def asked_for(over: str) -> list[str]:
    """Return the sources that a list names.

    Raises:
        StudyError: If one is none.

    Example:
        >>> asked_for("seed, init")
        ['seed', 'init']
    """
    names = [name.strip() for name in over.split(",") if name.strip()]
    if unknown := [name for name in names if name not in SOURCES]:
        raise StudyError(f"--over: found {unknown[0]!r}, expected some of {', '.join(SOURCES)}")
    return names
