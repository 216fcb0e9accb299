"""How a round learns: the surrogate refitted, the posterior sampled, until it is trusted."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from activesci.inference.base import Drawing, FitInfo, Surrogate
from activesci.inference.candidates import Candidates
from activesci.inference.checks.heldout import HeldOut, held_out, kept_from_fits
from activesci.inference.posterior import as_arrays
from activesci.inference.tuning import Answer, Sets, TuningSurrogate, answer, flat
from activesci.integrity.rivals import Rival
from activesci.ledger import Kind
from activesci.loop import round as rounds
from activesci.loop.foreseeing import foreseen
from activesci.loop.learners import Learner
from activesci.loop.looking import Looking
from activesci.loop.memory import Memory
from activesci.loop.rivalry import rivals_as_arrays, rivals_described
from activesci.loop.round import Belief
from activesci.loop.setup import Setup
from activesci.loop.stop import Pause
from activesci.loop.teaching import Teaching
from activesci.rng import Purpose, generator
from activesci.study.plans import most_a_pass
from activesci.study.tuning import places_of

AGREED, OUTSIDE = 0.25, 0.01
"""A posterior is trusted if members agree within AGREED sd and at most OUTSIDE of it lies where they are coarse."""
IMPOSSIBLE = (
    "no parameters that the prior allows can give these data: their likelihood is zero everywhere, and what is shown "
    "as the posterior means nothing; widen the prior, or give the model the noise or the failures that it lacks"
)
ENVELOPE = 2**20
"""The stream of random numbers of the parameters at which is looked what the simulator can reach."""
MORE = "more simulations would help (inference.per_round)"
NOTHING_TO_LEARN = FitInfo(0.0, 0.0, 0, warm=True)
"""Of a study's own simulator that states its likelihood."""
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
        self._teaching, self._looking = Teaching(setup, memory), Looking(setup, memory)

    def complete(self, number: int) -> None:
        """Fit, unless that is recorded, and infer, which completes the pass and, if it is trusted, the round.

        Raises:
            Pause: If there are too few valid simulations to fit to.
        """
        self._infer(number, self._fit(number))

    def _fit(self, number: int) -> Candidates:
        setup, journal = self._setup, self._setup.journal
        belief = self._memory.belief()
        last = setup.candidates if belief is None else belief.candidates
        if self._memory.record.current.fitted is None:
            self._record_fit(number, last)
        fitted = self._memory.record.current.fitted
        assert fitted is not None  # it is recorded by now
        return last.restore(journal.arrays(fitted))

    def _record_fit(self, number: int, last: Candidates) -> None:
        setup, start, said, others = self._setup, time.perf_counter(), said_of(NOTHING_TO_LEARN), dict[str, Any]()
        said["surrogate"] = setup.journal.history.surrogate
        for learner in setup.learners:
            surrogate, info = self._fitted(number, learner, last.of(learner.hypothesis))
            last = last.put(learner.hypothesis, surrogate)
            if learner.hypothesis:
                others[learner.hypothesis] = said_of(info)
            else:
                said |= said_of(info)
        rest: dict[str, Any] = {"others": others} if others else {}
        rest["seconds"] = time.perf_counter() - start
        setup.journal.append(Kind.FITTED, number, said | rest, last.state())

    def _fitted(self, number: int, learner: Learner, last: Surrogate) -> tuple[Surrogate, FitInfo]:
        """Return a simulator's surrogate fitted to its own simulations.

        Raises:
            Pause: If too few of them are valid.
        """
        name, belief = learner.hypothesis, self._memory.belief()
        bank, step = self._memory.bank(name), learner.stream(self._step)
        learned = ~kept_from_fits(bank)
        fresh = int(learned[len(bank) - len(self._memory.simulated(name)) :].sum())
        rng = generator(learner.study.seed, number, Purpose.FIT, step)
        try:
            given = bank.where(learned), fresh, rounds.focus(learner.of(belief)), rng
            return self._setup.workplace.fit(name, last, *given)
        except ValueError as error:
            raise Pause(learner.named(str(error))) from error

    def _infer(self, number: int, surrogate: Candidates) -> None:
        start, study = time.perf_counter(), self._setup.study
        belief = self._believed(number, surrogate)
        others = self._others_checked(number, belief)
        checked = self._checked(number, belief)
        doubt = doubt_about(belief) or (checked.doubt if checked else None) or next(iter(doubts_in(others)), None)
        again = doubt is not None and self._may_go_on(number)
        if not again and doubted_surrogate(belief):
            belief = rounds.widened(study, number, belief, self._step)
        said = {
            **described(belief),
            **rivals_described(study, number, self._setup.journal.history, belief),
            "doubt": doubt,
            "again": again,
        }
        if not again:
            said |= self._settled(number, belief, checked, others)
        tuned = self._tuned(belief)
        self._mention_reach(number, tuned)
        said |= {} if tuned is None else {"tuning": tuned.said}
        said |= {"others_checked": {name: found_in(one) for name, one in others.items()}} if others else {}
        said |= {"checked": found_in(checked), "seconds": time.perf_counter() - start}
        found = {} if tuned is None else flat(tuned)
        ranks = {} if checked is None else {"checked": np.concatenate(list(checked.ranks.values()))}
        self._setup.journal.append(
            Kind.INFERRED, number, said, {**as_arrays(belief.posterior), **rivals_as_arrays(belief), **ranks, **found}
        )

    def _believed(self, number: int, surrogate: Candidates) -> Belief:
        """Return what is believed after the round's data with this pass' surrogates."""
        study = self._setup.study
        if (before := self._memory.belief()) is None:
            return rounds.before_data(study, surrogate)
        return rounds.after_data(study, number, before, surrogate, self._memory.data(), self._step)

    def _settled(
        self, number: int, belief: Belief, checked: HeldOut | None, others: Mapping[str, HeldOut]
    ) -> dict[str, Any]:
        """Return what is said of a round's last belief alone, its alarms raised."""
        self._mention_doubts(number, belief, checked)
        for one in doubts_in(others):
            self._setup.journal.alarm(number, "surrogate", f"{one}: {MORE}")
        taught = self._teaching.found(number, belief)
        said = {**taught, **self._looking.found(number, belief), **(self._foreseen(belief) if number == 0 else {})}
        self._teaching.mention(number, taught)
        return said

    def _foreseen(self, belief: Belief) -> dict[str, Any]:
        """Return what the study's hypotheses let expect before the first measurement; nothing in a study without."""
        setup = self._setup
        found = foreseen(setup.study, belief, None if setup.pool is None else setup.pool.xi, not setup.simulates)
        return {} if found is None else {"foreseen": found}

    def _tuned(self, belief: Belief) -> Answer | None:
        """Return what a tuner asks for, in a study whose data have errors of their own."""
        study, surrogate = self._setup.study, belief.surrogate
        if study.tuning is None or not isinstance(surrogate, TuningSurrogate):
            return None
        sets = Sets(places_of(study), frozenset(name for name, part in study.tuning.data.items() if part.held_out))
        space, n = study.parameter_space, study.inference.particles
        prior = space.from_cube(generator(study.seed, 0, Purpose.INFER, ENVELOPE).random((n, space.dim)))
        default = None if study.tuning.default is None else np.array([study.tuning.default[k] for k in space.names])
        waiting = None if self._setup.pool is None else self._setup.pool.y
        return answer(surrogate, belief.posterior.theta, prior, belief.data, sets, default, waiting)

    def _mention_reach(self, number: int, tuned: Answer | None) -> None:
        """Raise the alarm, as soon as there are data and before they are used, for bins that no parameters reach."""
        if tuned is None or number != (0 if self._setup.pool is not None else 1):
            return
        first = {name: found["unreachable"] for name, found in tuned.said.get("sets", {}).items()}
        for name, bins in tuned.said.get("reach", first).items():
            if bins:
                message = (
                    f"{name}: the simulator comes near the data nowhere under the prior in the bins "
                    f"{bins} (counted from 0): widen the prior, or leave them out"
                )
                self._setup.journal.alarm(number, "reach", message)

    def _checked(self, number: int, belief: Belief) -> HeldOut | None:
        """Return how simulations that the surrogate has not learned from lie in it; None if there are too few."""
        learner = next((one for one in self._setup.learners if not one.hypothesis), None)
        return None if learner is None else self._checked_one(number, belief, learner)

    def _others_checked(self, number: int, belief: Belief) -> dict[str, HeldOut]:
        """Return the same of hypotheses' own simulators, by the hypothesis' name."""
        own = [one for one in self._setup.learners if one.hypothesis]
        found = {one.hypothesis: self._checked_one(number, belief, one) for one in own}
        return {name: one for name, one in found.items() if one is not None}

    def _checked_one(self, number: int, belief: Belief, learner: Learner) -> HeldOut | None:
        bank, known = self._memory.bank(learner.hypothesis), belief.under(learner.hypothesis)
        spaces = (learner.study.parameter_space, learner.study.outcome_space)
        rng = generator(learner.study.seed, number, Purpose.CHECK, learner.stream(self._step))
        return held_out(known.surrogate, spaces, bank.where(kept_from_fits(bank)), known.posterior.theta, rng)

    @property
    def _step(self) -> int:
        """How many passes of the round are complete."""
        return sum(one.inferred is not None for one in self._memory.record.passes)

    def _may_go_on(self, number: int) -> bool:
        """Say whether the study's budget allows another pass."""
        inference, stop = self._setup.study.inference, self._setup.study.stop
        budget = None if stop is None else stop.least("simulations")
        others = sum(1 for one in self._setup.learners if one.hypothesis)
        planned = self._setup.journal.history.simulations + most_a_pass(self._setup.study)
        planned += others * inference.per_round
        within = budget is None or planned <= budget
        return self._setup.simulates and number > 0 and self._step + 1 < inference.passes and within

    def _mention_doubts(self, number: int, belief: Belief, checked: HeldOut | None) -> None:
        """Raise the alarm for what is doubted in the end: impossible data, members' quarrels, a wrong surrogate."""
        journal, surrogate, posterior = self._setup.journal, belief.surrogate, belief.posterior
        if posterior.population.impossible:
            journal.alarm(number, "impossible", IMPOSSIBLE)
        if checked is not None and checked.doubt:
            journal.alarm(number, "surrogate", f"{checked.doubt}: {MORE}")
        if posterior.outside > OUTSIDE:
            journal.alarm(number, "surrogate", f"{coarse(posterior.outside)}: more simulations would help")
        worst = int(posterior.disagreement.argmax())
        if isinstance(surrogate, Drawing):  # what is not known of the simulator is in the posterior
            return
        if posterior.disagreement[worst] > DISAGREEMENT:
            journal.alarm(
                number,
                "surrogate",
                f"the surrogate's members disagree on {posterior.space.names[worst]} by "
                f"{posterior.disagreement[worst]:.2g} posterior sd: more simulations would help "
                "(inference.simulations, inference.per_round)",
            )


def doubt_about(belief: Belief) -> str | None:
    """Return in words why more simulations should come before the posterior is trusted; None if it is."""
    posterior = belief.posterior
    if len(belief.data) == 0:
        return None
    if posterior.outside > OUTSIDE:
        return coarse(posterior.outside)
    for rival in rounds.open_(belief):
        if rival.posterior.outside > OUTSIDE:
            share, name = f"{rival.posterior.outside:.2%}", rival.hypothesis.name
            return f"{share} of the posterior under hypothesis {name} lies where the surrogate is coarse"
        if rival.hypothesis.own and (said := doubt_under(belief, rival)):
            return said
    if not belief.surrogate.resolves(posterior.theta):
        return "the posterior is much narrower than what the surrogate was fitted to"
    if (worst := float(posterior.disagreement.max())) > AGREED:
        return f"the surrogate's members disagree by {worst:.2g} posterior sd"
    return None


def doubt_under(belief: Belief, rival: Rival) -> str | None:
    """Return why more simulations of a hypothesis' own simulator should come first; None if none need to."""
    name = rival.hypothesis.name
    if not belief.seen(rival).resolves(rival.posterior.theta):
        return f"the posterior under hypothesis {name} is much narrower than what its surrogate was fitted to"
    if (worst := float(rival.posterior.disagreement.max())) > AGREED:
        return f"the members of the surrogate of hypothesis {name} disagree by {worst:.2g} posterior sd"
    return None


def doubts_in(checked: Mapping[str, HeldOut]) -> list[str]:
    """Return what held-out simulations of hypotheses' own simulators show to be wrong."""
    return [f"hypothesis {name}: {one.doubt}" for name, one in checked.items() if one.doubt]


def said_of(info: FitInfo) -> dict[str, Any]:
    """Return what the ledger says of a fit."""
    kind = {} if info.kind is None else {"surrogate": info.kind}
    found = {"loss": info.loss, "held_out": info.held_out, "steps": info.steps, "warm": info.warm}
    return kind | found | ({} if info.why is None else {"why": info.why})


def coarse(outside: float) -> str:
    """Return in words how much of a posterior lies outside the regions that the finest surrogates were made for."""
    return f"{outside:.2%} of the posterior lies where the surrogate is coarse"


def doubted_surrogate(belief: Belief) -> bool:
    """Return whether what is not known of the surrogate is to be made part of the posterior, as far as it is not."""
    inside = isinstance(belief.surrogate, Drawing)
    return not inside and len(belief.data) > 0 and float(belief.posterior.disagreement.max()) > AGREED


def found_in(checked: HeldOut | None) -> Mapping[str, Any] | None:
    """Return what came of held-out simulations in plain numbers."""
    if checked is None:
        return None
    sizes = {name: len(ranks) for name, ranks in checked.ranks.items()}
    return {"count": checked.count, "p_value": checked.p_value, "p_values": checked.p_values(), "sizes": sizes}


def described(belief: Belief) -> dict[str, object]:
    """Return a posterior in plain numbers, with the errors of its own sampling.

    There is no evidence where the surrogate knows the likelihood up to a function of the outcome only.
    """
    posterior, normalised = belief.posterior, getattr(belief.surrogate, "normalised", True)
    population, names = posterior.population, posterior.space.names
    evidence = -np.inf if population.impossible else population.log_evidence
    return {
        "posterior": posterior.summary(),
        "errors": posterior.errors(),
        "log_evidence": evidence if normalised else None,
        "log_evidence_error": population.log_evidence_error if normalised else None,
        "ess": population.ess,
        "steps": population.steps,
        "acceptance": population.acceptance,
        "outside": posterior.outside,
        "widened": posterior.widened,
        "disagreement": dict(zip(names, posterior.disagreement.tolist(), strict=True)),
    }
