"""Everything that takes part in a campaign, put together from its study."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from activesci.design import Designer
from activesci.inference.candidates import Candidates
from activesci.loop.candidates import nature_of, rivals_digest, simulators_of, surrogates_of
from activesci.loop.journal import Journal, Observer
from activesci.loop.learners import Learner
from activesci.loop.plugins import designer_of
from activesci.loop.registering import seen_rows
from activesci.loop.surrogates import Chosen, surrogate_for
from activesci.loop.workplace import Costs, Workplace
from activesci.measure import Experiment, PoolRows
from activesci.simulate import Simulator, simulator_for
from activesci.study import Study
from activesci.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Parts:
    """A study's code and data, loaded.

    Attributes:
        simulator: The model.
        experiment: Nature.
        chosen: The surrogate and why it is the one.
        designer: Who searches for designs.
        designer_plugin: What is recorded of the designer if an installed package offers it.
        own: The simulators of hypotheses that have their own, by the hypothesis' name.
        others: Their surrogates.
        learners: The simulators whose likelihoods are learned.
    """

    simulator: Simulator
    experiment: Experiment
    chosen: Chosen
    designer: Designer
    designer_plugin: Mapping[str, str] | None
    own: Mapping[str, Simulator]
    others: Mapping[str, Chosen]
    learners: tuple[Learner, ...]

    @classmethod
    def of(cls, study: Study) -> "Parts":
        """Load them.

        Raises:
            SimulatorError, DataError, StudyError: If code or data cannot be used.
        """
        simulator = simulator_for(study)
        simulator.load()
        chosen, own = surrogate_for(study, simulator), simulators_of(study)
        others = surrogates_of(study, own, chosen)
        learners = learners_of(study, {"": simulator, **own}, {"": chosen, **others})
        return cls(simulator, nature_of(study, simulator), chosen, *designer_of(study), own, others, learners)

    @property
    def candidates(self) -> Candidates:
        """What will stand for the likelihoods; nothing is fitted yet."""
        return Candidates(self.chosen.surrogate, {name: one.surrogate for name, one in self.others.items()})

    def said(self) -> dict[str, Any]:
        """Return what a ledger says of them."""
        theirs = {
            "embedding_digest": self.chosen.digest,
            "surrogate_plugin": self.chosen.plugin,
            "designer_plugin": self.designer_plugin,
            "rivals_digest": rivals_digest(self.own),
        }
        learned = {name: {"surrogate": one.kind, "reason": one.why} for name, one in self.others.items()}
        return {
            "simulator_digest": self.simulator.digest,
            "ran": self.simulator.ran,
            "data_digest": getattr(self.experiment, "digest", None),
            "surrogate": self.chosen.kind,
            "reason": self.chosen.why,
            **{key: found for key, found in theirs.items() if found is not None},
            **({"others": learned} if any(one.kind != "exact" for one in self.others.values()) else {}),
        }


def learners_of(
    study: Study, simulators: Mapping[str, Simulator], chosen: Mapping[str, Chosen]
) -> tuple[Learner, ...]:
    """Return the simulators whose likelihoods are learned.

    Args:
        study: The study.
        simulators: The study's own simulator under an empty name, and those of hypotheses under theirs.
        chosen: Their surrogates.
    """
    places = {"": 0} | {one.name: place for place, one in enumerate(study.rivals, 1) if one.own}
    return tuple(
        Learner(name, place, study.under(name) if name else study, simulators[name])
        for name, place in places.items()
        if chosen[name].kind != "exact"
    )


@dataclass(frozen=True)
class Setup:
    """Who takes part in a campaign.

    Attributes:
        study: The question.
        simulator: The model.
        experiment: Nature.
        pool: Nature's recorded answers, or None.
        candidates: What will stand for the likelihoods of all candidate simulators; nothing is fitted yet.
        own: The simulators of hypotheses that have their own, by the hypothesis' name.
        learners: The simulators whose likelihoods are learned from simulations.
        designer: Who searches for designs.
        journal: The ledger.
        workplace: Where simulations are run, and perhaps surrogates trained and designs chosen.
    """

    study: Study
    simulator: Simulator
    experiment: Experiment
    pool: PoolRows | None
    candidates: Candidates
    own: Mapping[str, Simulator]
    learners: tuple[Learner, ...]
    designer: Designer
    journal: Journal
    workplace: Workplace

    @classmethod
    def of(
        cls, study: Study, folder: Path, observer: Observer, deviate: str | None = None, blind: bool = True
    ) -> "Setup":
        """Load code and data, and only then open the folder.

        Args:
            study: The question.
            folder: The run folder.
            observer: Who watches.
            deviate: Why the campaign departs from its registered plan, where it does.
            blind: Whether a campaign that begins is blind, if its study says so.

        Raises:
            SimulatorError, DataError, StudyError: If code or data cannot be used.
            LedgerError: If the folder cannot.
        """
        parts = Parts.of(study)
        journal = Journal.of(study, folder, parts.said(), observer, deviate, blind)
        pool = parts.experiment.pool()
        learning = parts.candidates, parts.own, parts.learners
        workplace = Workplace(study, parts.candidates)
        return cls(study, parts.simulator, parts.experiment, pool, *learning, parts.designer, journal, workplace)

    @property
    def simulates(self) -> bool:
        """Whether a likelihood is learned from simulations."""
        return bool(self.learners)

    def rows_left(self) -> IntArray | None:
        """Return the rows of the pool that are not used up; None without a pool."""
        return None if self.pool is None else self.pool.remaining(self.used_rows)

    @property
    def used_rows(self) -> frozenset[int]:
        """The rows of the pool that are used up, or were seen by runs that the registered plan grew from."""
        return self.journal.history.used_rows | self._seen

    @cached_property
    def _seen(self) -> frozenset[int]:
        return seen_rows(self.journal.history, self.study, self.pool)

    @property
    def has_cost(self) -> bool:
        """Whether designs cost something."""
        return self.study.cost_spec is not None

    def cost(self, xi: FloatArray) -> FloatArray:
        """Return what designs (n, k) cost, (n,)."""
        return Costs(self.simulator)(xi)
