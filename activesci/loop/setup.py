"""Everything that takes part in a campaign, put together from its study."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from activesci.design import Designer, designer_for
from activesci.inference.base import Surrogate
from activesci.inference.exact import ExactSurrogate
from activesci.loop.journal import Journal, Observer
from activesci.loop.surrogates import surrogate_for
from activesci.measure import Experiment, PoolRows, experiment_for
from activesci.simulate import Simulator, nature_for, simulator_for
from activesci.study import Study
from activesci.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
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
    def of(cls, study: Study, folder: Path, observer: Observer) -> "Setup":
        """Load code and data, and only then open the folder.

        Raises:
            SimulatorError, DataError, StudyError: If code or data cannot be used.
            LedgerError: If the folder cannot.
        """
        simulator = simulator_for(study)
        simulator.load()
        experiment = experiment_for(study, simulator.run, nature_for(study))
        chosen = surrogate_for(study, simulator)
        said: dict[str, Any] = {
            "simulator_digest": simulator.digest,
            "data_digest": getattr(experiment, "digest", None),
            "surrogate": chosen.kind,
            "reason": chosen.why,
            **({} if chosen.digest is None else {"embedding_digest": chosen.digest}),
        }
        designer, pool = designer_for(study.designer), experiment.pool()
        journal = Journal.of(study, folder, said, observer)
        return cls(study, simulator, experiment, pool, chosen.surrogate, designer, journal)

    @property
    def simulates(self) -> bool:
        """Whether the surrogate learns from simulations."""
        return not isinstance(self.surrogate, ExactSurrogate)

    def rows_left(self) -> IntArray | None:
        """Return the rows of the pool that are not used up; None without a pool."""
        return None if self.pool is None else self.pool.remaining(self.journal.history.used_rows)

    @property
    def has_cost(self) -> bool:
        """Whether designs cost something."""
        return self.study.cost_spec is not None

    def cost(self, xi: FloatArray) -> FloatArray:
        """Return what designs (n, k) cost, (n,)."""
        cost = self.simulator.cost(xi) if len(xi) else None
        return np.zeros(len(xi)) if cost is None else cost
