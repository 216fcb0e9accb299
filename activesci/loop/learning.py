"""The end of a round: the surrogate refitted, the posterior sampled."""

import time

from activesci.inference.base import Surrogate
from activesci.inference.posterior import Posterior, as_arrays
from activesci.ledger import Kind
from activesci.loop import round as rounds
from activesci.loop.memory import Memory
from activesci.loop.setup import Setup
from activesci.loop.stop import Pause
from activesci.rng import Purpose, generator

DISAGREEMENT = 0.5
"""Members' posterior means that differ by more than this many posterior sd raise an alarm."""


class Learning:
    """Refits the surrogate and samples the posterior.

    Args:
        setup: Who takes part.
        memory: What is known.
    """

    def __init__(self, setup: Setup, memory: Memory) -> None:
        self._setup, self._memory = setup, memory

    def complete(self, number: int) -> None:
        """Fit, unless that is recorded, and infer, which completes the round.

        Raises:
            Pause: If there are too few valid simulations to fit to.
        """
        self._infer(number, self._fit(number))

    def _fit(self, number: int) -> Surrogate:
        setup, journal = self._setup, self._setup.journal
        belief = self._memory.belief()
        last = setup.surrogate if belief is None else belief.surrogate
        if self._memory.record.fitted is None:
            self._record_fit(number, last)
        fitted = self._memory.record.fitted
        assert fitted is not None  # it is recorded by now
        return last.restore(journal.arrays(fitted))

    def _record_fit(self, number: int, last: Surrogate) -> None:
        setup, start = self._setup, time.perf_counter()
        bank = self._memory.bank(number)
        fresh = int((bank.round == number).sum()) if number > 0 else 0
        focus = None if (belief := self._memory.belief()) is None else belief.posterior.theta
        try:
            surrogate, info = last.fit(bank, fresh, focus, generator(setup.study.seed, number, Purpose.FIT))
        except ValueError as error:
            raise Pause(str(error)) from error
        said = {"surrogate": setup.journal.history.surrogate, "loss": info.loss, "held_out": info.held_out}
        rest = {"steps": info.steps, "warm": info.warm, "seconds": time.perf_counter() - start}
        setup.journal.append(Kind.FITTED, number, said | rest, surrogate.state())

    def _infer(self, number: int, surrogate: Surrogate) -> None:
        start, study = time.perf_counter(), self._setup.study
        if (before := self._memory.belief()) is None:
            belief = rounds.before_data(study, surrogate)
        else:
            belief = rounds.after_data(study, number, before, surrogate, self._memory.data())
        self._mention_disagreement(number, belief.posterior)
        said = {**described(belief.posterior), "seconds": time.perf_counter() - start}
        self._setup.journal.append(Kind.INFERRED, number, said, as_arrays(belief.posterior))

    def _mention_disagreement(self, number: int, posterior: Posterior) -> None:
        worst = int(posterior.disagreement.argmax())
        if posterior.disagreement[worst] > DISAGREEMENT:
            self._setup.journal.alarm(
                number,
                "surrogate",
                f"the surrogate's members disagree on {posterior.space.names[worst]} by "
                f"{posterior.disagreement[worst]:.2g} posterior sd: more simulations would help "
                "(inference.simulations, inference.per_round)",
            )


def described(posterior: Posterior) -> dict[str, object]:
    """Return a posterior in plain numbers, with the errors of its own sampling."""
    population, names = posterior.population, posterior.space.names
    return {
        "posterior": posterior.summary(),
        "errors": posterior.errors(),
        "log_evidence": population.log_evidence,
        "log_evidence_error": population.log_evidence_error,
        "ess": population.ess,
        "steps": population.steps,
        "acceptance": population.acceptance,
        "disagreement": dict(zip(names, posterior.disagreement.tolist(), strict=True)),
    }
