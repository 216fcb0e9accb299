"""Everything that takes part in a campaign, put together from its study."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from activesci.design import Designer
from activesci.inference.base import Surrogate
from activesci.inference.candidates import Candidates
from activesci.inference.exact import ExactSurrogate
from activesci.loop.candidates import candidates, nature_of
from activesci.loop.journal import Journal, Observer
from activesci.loop.plugins import designer_of
from activesci.loop.registering import seen_rows
from activesci.loop.surrogates import Chosen, surrogate_for
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
        rivals_digest: The sha256 (hex) of the code of hypotheses' own simulators; None if there is none.
    """

    simulator: Simulator
    experiment: Experiment
    chosen: Chosen
    designer: Designer
    designer_plugin: Mapping[str, str] | None
    rivals_digest: str | None = None

    @classmethod
    def of(cls, study: Study) -> "Parts":
        """Load them.

        Raises:
            SimulatorError, DataError, StudyError: If code or data cannot be used.
        """
        simulator = simulator_for(study)
        simulator.load()
        chosen, digest = candidates(study, simulator, surrogate_for(study, simulator))
        return cls(simulator, nature_of(study, simulator), chosen, *designer_of(study), digest)

    def said(self) -> dict[str, Any]:
        """Return what a ledger says of them."""
        theirs = {
            "embedding_digest": self.chosen.digest,
            "surrogate_plugin": self.chosen.plugin,
            "designer_plugin": self.designer_plugin,
            "rivals_digest": self.rivals_digest,
        }
        return {
            "simulator_digest": self.simulator.digest,
            "ran": self.simulator.ran,
            "data_digest": getattr(self.experiment, "digest", None),
            "surrogate": self.chosen.kind,
            "reason": self.chosen.why,
            **{key: found for key, found in theirs.items() if found is not None},
        }


@dataclass(frozen=True)
class Setup:
    """Who takes part in a campaign.

    Attributes:
        study: The question.
        simulator: The model.
        experiment: Nature.
        pool: Nature's recorded answers, or None.
        surrogate: What will stand for the model's likelihood; nothing is fitted yet.
        designer: Who searches for designs.
        journal: The ledger.
    """

    study: Study
    simulator: Simulator
    experiment: Experiment
    pool: PoolRows | None
    surrogate: Surrogate
    designer: Designer
    journal: Journal

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
        return cls(study, parts.simulator, parts.experiment, pool, parts.chosen.surrogate, parts.designer, journal)

    @property
    def simulates(self) -> bool:
        """Whether the surrogate learns from simulations."""
        surrogate = self.surrogate.main if isinstance(self.surrogate, Candidates) else self.surrogate
        return not isinstance(surrogate, ExactSurrogate)

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
        cost = self.simulator.cost(xi) if len(xi) else None
        return np.zeros(len(xi)) if cost is None else cost
