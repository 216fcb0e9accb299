"""A published analysis asked something its authors never asked: first it has to come back as it was archived.

References:
    Cranmer and Yavin 2011, RECAST: extending the impact of existing analyses, JHEP 04, 038, arXiv:1010.2506.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from activesci.errors import ActiveSciError, LedgerError, StudyError
from activesci.inference.conditional import support, upper_limits
from activesci.inference.posterior import density
from activesci.ledger import History, Kind, Ledger, Measurement, fold
from activesci.ledger.archive import ANSWER, BASIS, DATA, QUESTION, Archive, digest_of_content, discard, furnish
from activesci.loop.controller import Campaign
from activesci.loop.journal import Nobody, Observer
from activesci.loop.memory import Memory
from activesci.loop.recorded import recorded_study
from activesci.loop.replaying import Replaying
from activesci.loop.setup import Parts, Setup
from activesci.measure.recorded import RecordedExperiment
from activesci.rng import Purpose, generator
from activesci.simulate.scratch import scratch
from activesci.study import Study
from activesci.study.requests import LimitPart, Request
from activesci.types import FloatArray

ASKED = "asked"
"""Where the study that is asked is, in the run folder."""
STEPS = 25
"""Values of the other parameter at which a limit is stated, if the request does not say which."""
TOLERANCE = 0.1
"""By how many posterior sd the archived answer may move when it is computed again, if its owner says nothing else."""


@dataclass(frozen=True, slots=True)
class Rerun:
    """What came of computing an archived analysis again.

    Attributes:
        tolerance: By how many posterior sd means may move, and by which share sds may change.
        moved: For each parameter, by how much they did: (mean in posterior sd, sd as a share).
        difference: The first number that is another one, in words; None if all are the same to the last digit.
        surroundings: What is not as it was: packages, code.
    """

    tolerance: float
    moved: Mapping[str, tuple[float, float]]
    difference: str | None
    surroundings: tuple[str, ...]

    @property
    def lost(self) -> list[str]:
        """Which parameters have not come back, in words."""
        return [
            f"{name} (its mean by {mean:.3g} sd, its sd by {sd:.3g} of it)"
            for name, (mean, sd) in self.moved.items()
            if not (abs(mean) <= self.tolerance and abs(sd) <= self.tolerance)
        ]

    def said(self) -> dict[str, Any]:
        """Return what a ledger says of it."""
        moved = {name: {"mean": mean, "sd": sd} for name, (mean, sd) in self.moved.items()}
        return {
            "tolerance": self.tolerance,
            "moved": moved,
            "difference": self.difference,
            "surroundings": list(self.surroundings),
        }


def require_unchanged(archive: Archive) -> tuple[Study, History]:
    """Hold all of an archive against its digests, and its data against what its run has measured.

    Raises:
        LedgerError: Naming every file and line that is not what was archived, and what the run had measured there.
    """
    changes = archive.changes()
    with Ledger.read_only(archive.run) as ledger:
        events = ledger.check()
    if events[-1].digest != archive.said["ledger"]:
        changes.append("run/ledger.sqlite: found a ledger that ends otherwise than the archived one")
    history = fold(events)
    if changes:
        raise LedgerError("; ".join([*changes, *_remeasured(archive, history)]) + ": put it back as it was published")
    return recorded_study(archive.run, archive.study), history


def _remeasured(archive: Archive, history: History) -> list[str]:
    """Return, a sentence each, which measurements of the run are not what the recorded data say now."""
    try:
        study = recorded_study(archive.run, archive.study)
        if study.experiment.recorded is None:
            return []
        pool = RecordedExperiment(study).pool()
    except Exception as error:  # noqa: BLE001 - what was changed may be anything; that it was is known already
        return [f"it cannot be read any more ({error})"]
    found = []
    for one in history.measured():
        if one.row is None or one.row >= len(pool):
            continue
        now = study.outcome_space.unflatten(pool.y[one.row]), study.design_space.decode(pool.xi[one.row])
        for what, before, after in (("outcome", one.outcome, now[0]), ("design", one.design, now[1])):
            names = [name for name in before if before[name] != after.get(name)]
            found += [f"row {one.row + 1}: {what}.{n} is {after.get(n)}, the run had {before[n]}" for n in names]
    return found


def rerun(archive: Archive, tolerance: float, observer: Observer) -> Rerun:
    """Compute an archived analysis again, everything but nature's answers, and say how far its answer moves.

    Raises:
        LedgerError: If it does not come back within the tolerance, naming what differs.
    """
    with scratch() as place:
        replaying = Replaying(archive.run, place / "run", 0.0, observer, archive.study)
        surroundings = tuple(replaying.surroundings())
        difference = replaying.finish()
        before, again = replaying.answers()
    moved = {name: _moved(before[name], again[name]) for name in before}
    found = Rerun(tolerance, moved, None if difference is None else str(difference), surroundings)
    if found.lost:
        also = f"; {'; '.join(surroundings)}" if surroundings else ""
        raise LedgerError(
            f"the archived answer did not come back within {tolerance:g}: {', '.join(found.lost)}; the first "
            f"difference is in {found.difference}{also}"
        )
    return found


def _moved(before: Mapping[str, float], again: Mapping[str, float]) -> tuple[float, float]:
    sd = before["sd"]
    if sd == 0.0:
        return (0.0, 0.0) if (before["mean"], sd) == (again["mean"], again["sd"]) else (np.inf, np.inf)
    return (again["mean"] - before["mean"]) / sd, again["sd"] / sd - 1.0


class Reinterpreting:
    """Answers a request to an archived analysis, as a campaign of its own.

    Args:
        archive: The analysis.
        request: What is asked.
        files: The request's own code, texts by name; it is put beside the analysis' code.
        folder: The run folder of the campaign; in `asked/` it gets the study that is asked, its code and its data.
        accepted: Who asked and who accepted, for the record.
        observer: Who is told of events and progress.
    """

    def __init__(
        self,
        archive: Archive,
        request: Request,
        files: Mapping[str, str],
        folder: Path,
        accepted: Mapping[str, Any],
        observer: Observer | None = None,
    ) -> None:
        self._archive, self._request, self._files = archive, request, files
        self._folder, self._accepted, self._observer = folder, accepted, observer or Nobody()

    def run(self) -> dict[str, Any] | None:
        """Run it, or go on with it, and return what came of it; None if its campaign had to pause.

        Raises:
            LedgerError: If the archive was changed, or its answer does not come back: nothing is left then.
            StudyError, SimulatorError: If the request does not fit the analysis, or its code cannot be used.
        """
        study, history = require_unchanged(self._archive)
        asked = self._asked(study, history.measured())
        try:
            Parts.of(asked)
            self._begin(history, asked)
        except ActiveSciError:
            if not Ledger.exists(self._folder):
                discard(self._folder)
            raise
        return self._answered(asked) if self._measured(asked, history.measured()) else None

    def _asked(self, study: Study, measured: Sequence[Measurement]) -> Study:
        """Write the study that is asked with code and data, and return it."""
        place = self._folder / ASKED
        asked = self._request.applied(study, DATA, place)
        data = "".join(f"{_line(one)}\n" for one in measured)
        own = {QUESTION: asked.source_text, DATA: data}
        if taken := sorted(set(own) & set(self._files)):
            raise StudyError(f"request: found a file {taken[0]}, expected another name: that one is made here")
        furnish(self._archive, {**self._files, **own}, place)
        return Study.load(place / QUESTION)

    def _measured(self, asked: Study, measured: Sequence[Measurement]) -> bool:
        """Run the campaign on what the archived run had measured, all at once; say whether it came to its end."""
        with Campaign(asked, self._folder, observer=self._observer) as campaign:
            if not campaign.history.proposals and asked.design_space.dim:
                campaign.choose([one.design for one in measured])
            return campaign.run().status == "stopped"

    def _begin(self, history: History, asked: Study) -> None:
        """Compute the original again, and only then begin a ledger that says so."""
        if Ledger.exists(self._folder):
            self._require_mine()
            return
        found = rerun(self._archive, float(self._archive.said["tolerance"]), self._observer)
        said = {"what": BASIS, **self._basis(history, asked), "rerun": found.said()}
        with Ledger.create(self._folder) as ledger:
            ledger.append(Kind.NOTE, 0, said)

    def _basis(self, history: History, asked: Study) -> dict[str, Any]:
        archived, started = self._archive.said, history.started
        environment = archived["environment"]
        assert started is not None  # an archive is of a finished run
        return {
            "analysis": {"name": archived["name"], "digest": self._archive.digest, "ledger": archived["ledger"]},
            "answer": archived["answer"],
            "environment": {"digest": digest_of_content(environment), **environment["versions"]},
            "data": archived["data"],
            "simulator_digest": started.payload.get("simulator_digest"),
            "request": self._request.model_dump(mode="json"),
            "asked_digest": asked.digest,
            **self._accepted,
        }

    def _require_mine(self) -> None:
        """Refuse to go on in the folder of another campaign."""
        with Ledger.read_only(self._folder) as ledger:
            basis = fold(ledger.events([Kind.NOTE])).noted(BASIS)
        if basis.get("analysis", {}).get("digest") != self._archive.digest or any(
            basis.get(key) != value
            for key, value in {**self._accepted, "request": self._request.model_dump(mode="json")}.items()
        ):
            raise LedgerError(f"{self._folder}: found another campaign, expected a new folder: name another one")

    def _answered(self, asked: Study) -> dict[str, Any]:
        """Compute points and limit from the finished campaign, record them, and return all that came of it."""
        setup = Setup.of(asked, self._folder, self._observer)
        try:
            if not setup.journal.history.noted(ANSWER):
                said = {"what": ANSWER, **_Conditional(setup).said(self._request)}
                setup.journal.append(Kind.NOTE, setup.journal.history.rounds[-1].number, said)
        finally:
            setup.journal.close()
        with Campaign(asked, self._folder, observer=self._observer) as campaign:
            campaign.write()  # the report shows it
        from activesci.report.reinterpreted import outcome

        return outcome(self._folder)


class _Conditional:
    """Points and limits of a finished campaign."""

    def __init__(self, setup: Setup) -> None:
        belief = Memory(setup).belief()
        assert belief is not None  # the campaign has stopped
        self._study, self._space = setup.study, setup.study.parameter_space
        self._density = density(self._space, belief.surrogate, belief.data)
        self._evidence = belief.posterior.population.log_evidence
        self._around = belief.posterior.population.u

    def said(self, request: Request) -> dict[str, Any]:
        points = self._points(request.points) if request.points else []
        return {"points": points, "limit": self._limit(request.limit) if request.limit else None}

    def _points(self, points: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
        held = [self._space.names.index(name) for name in points[0]]
        values = [[point[self._space.names[i]] for i in held] for point in points]
        u = self._in_cube(np.array(values), held)
        found = support(self._density, self._space.dim, held, u, self._evidence, self._rng, self._around)
        triples = zip(points, found.value, found.error, strict=True)
        return [{"point": dict(p), "support": _number(v), "error": _number(e)} for p, v, e in triples]

    def _limit(self, part: LimitPart) -> dict[str, Any]:
        names, dim = self._space.names, self._space.dim
        parameter, other = names.index(part.parameter), None if part.against is None else names.index(part.against)
        u = self._values(part, other)
        found = upper_limits(self._density, dim, parameter, other, u, part.level, self._rng, self._around)
        credible, likelihood = (self._out(one, parameter) for one in (found.credible, found.likelihood))
        beyond = found.likelihood >= 1.0
        return {
            "parameter": part.parameter,
            "against": part.against,
            "level": part.level,
            "prior": self._study.mapping()["parameters"][part.parameter]["prior"],
            "at": [] if other is None else [_number(one) for one in self._out(u, other)],
            "credible": [_number(one) for one in credible],
            "likelihood": [None if far else _number(one) for one, far in zip(likelihood, beyond, strict=True)],
            "support": [_number(one) for one in found.support],
        }

    def _values(self, part: LimitPart, other: int | None) -> FloatArray:
        if other is None:
            return np.array([0.5])
        if part.at:
            return self._in_cube(np.array(part.at)[:, None], [other])[:, 0]
        return (np.arange(STEPS) + 0.5) / STEPS

    @property
    def _rng(self) -> np.random.Generator:
        return generator(self._study.seed, 0, Purpose.REINTERPRET)

    def _in_cube(self, values: FloatArray, held: Sequence[int]) -> FloatArray:
        """Return values (n, len(held)) of some parameters in the unit cube."""
        return np.column_stack([self._space.priors[i].cdf(values[:, j]) for j, i in enumerate(held)])

    def _out(self, u: FloatArray, which: int) -> FloatArray:
        """Return a parameter's values at places of the unit interval."""
        inside = np.clip(u, 1e-9, 1.0 - 1e-9)
        return np.where(np.isfinite(u), self._space.priors[which].ppf(inside), np.nan)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _line(one: Measurement) -> str:
    return json.dumps({"design": dict(one.design), "outcome": dict(one.outcome)}, allow_nan=False)
