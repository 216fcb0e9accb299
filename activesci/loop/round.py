"""One round as pure functions: arrays and random numbers in, arrays out; no clock, no disk."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from activesci.design import Choice, Designer, Policy, Question, ahead, believed, beside, together
from activesci.gain import (
    Beliefs,
    Further,
    GainEstimator,
    Known,
    Realised,
    Side,
    WhichGain,
    doubted,
    estimator_for,
    ignorance,
    realised,
)
from activesci.inference import posterior as posteriors
from activesci.inference.base import Data, Placing, Surrogate
from activesci.inference.candidates import Candidates
from activesci.inference.modes import modes
from activesci.inference.moves import normal
from activesci.inference.posterior import Posterior, likelihood
from activesci.inference.smc import reflected
from activesci.integrity.rivals import Rival, evidence_error, rivals_after, rivals_before
from activesci.integrity.weighing import Weighed
from activesci.rng import Purpose, generator
from activesci.study import Study
from activesci.types import FloatArray, IntArray

if TYPE_CHECKING:
    from activesci.design.policies.taught import Taught

Cost = Callable[[FloatArray], FloatArray]

HINTS = 2**20
"""The stream of random numbers of the designs at what is believed."""
WIDENING = 2**19
"""The streams of random numbers of posteriors that are widened."""
POSTERIOR_SHARE = 0.75
"""Share of later simulations whose parameters come from the posterior; the rest come from the prior."""
PLACED_SHARE, CANDIDATES = 0.9, 2000
"""The same where the surrogate says itself which of so many parameters around the posterior tell most."""
WIDENED = 3.0
"""Simulations are spread over up to about this many times the posterior's width."""
RIVALS_SHARE, LEAST_PROBABLE = 0.5, 1e-3
"""Of the simulations around what is believed, the share around what is believed under hypotheses, and how probable one
has to be for that."""
ASTRAY_SAMPLES = 64
"""Posterior samples at which is looked how far a surrogate is from what a policy was trained on."""
STREAMS = 64
"""Streams of random numbers of a pass: one a hypothesis."""
DENSITIES, NEAR_FROM = ("auto", "likelihood"), 1000
"""What learns a density of outcomes whatever designs parameters come with, and the fewest simulations of a first round
some of which can be spared from filling the space."""
PROMISING, UNSURE = 8, 4
"""The designs of the highest gain, and those where not knowing the simulator costs most, to simulate at."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed after a round.

    Attributes:
        surrogate: The density of outcomes.
        data: The raw measurements so far.
        posterior: Prior times the likelihood of all of them.
        rivals: The study's hypotheses, and what is believed under each; none in a study without.
        others: The densities of outcomes of hypotheses' own simulators, by the hypothesis' name.
    """

    surrogate: Surrogate
    data: Data
    posterior: Posterior
    rivals: tuple[Rival, ...] = ()
    others: Mapping[str, Surrogate] = field(default_factory=dict)

    @property
    def candidates(self) -> Candidates:
        """The densities of outcomes of all candidate simulators."""
        return Candidates(self.surrogate, self.others)

    def seen(self, rival: Rival) -> Surrogate:
        """Return the density of outcomes under a hypothesis, of its own free parameters."""
        return rival.seen(self.candidates)

    def under(self, hypothesis: str) -> "Belief":
        """Return what is believed if a hypothesis is taken for granted, as if there were no other; with "" this."""
        if not hypothesis:
            return self
        own = next(one for one in self.rivals if one.hypothesis.name == hypothesis)
        return Belief(self.candidates.of(hypothesis), self.data, own.posterior)


def before_data(study: Study, surrogate: Surrogate | Candidates) -> Belief:
    """Return what is believed before the first measurement: the prior."""
    known = surrogate if isinstance(surrogate, Candidates) else Candidates(surrogate)
    space = study.parameter_space
    prior = posteriors.prior(space, study.inference.particles, generator(study.seed, 0, Purpose.INFER))
    nothing = Data(np.empty((0, study.design_space.dim)), np.empty((0, study.outcome_space.width)))
    rivals = rivals_before(study.rivals, study.inference.particles, _streams(study, 0, 0))
    return Belief(known.main, nothing, prior, rivals, known.others)


def after_data(
    study: Study, round: int, belief: Belief, surrogate: Surrogate | Candidates, data: Data, step: int = 0
) -> Belief:
    """Return what is believed with a refitted surrogate and all the data, after so many passes of the round."""
    rng = generator(study.seed, round, Purpose.INFER, step)
    known = surrogate if isinstance(surrogate, Candidates) else Candidates(surrogate, belief.others)
    before, after = (belief.candidates, belief.data), (known, data)
    rivals = rivals_after(belief.rivals, before, after, _streams(study, round, step))
    posterior = posteriors.update(belief.posterior, (belief.surrogate, belief.data), (known.main, data), rng)
    return Belief(known.main, data, posterior, rivals, known.others)


def widened(study: Study, round: int, belief: Belief, step: int = 0) -> Belief:
    """Return a belief whose posterior is as wide as not knowing the surrogate makes it, after so many passes."""
    rng = generator(study.seed, round, Purpose.INFER, WIDENING + step)
    return replace(belief, posterior=posteriors.widened(belief.posterior, belief.surrogate, belief.data, rng))


def _streams(study: Study, round: int, step: int) -> list[np.random.Generator]:
    """Return random numbers for each hypothesis."""
    return [generator(study.seed, round, Purpose.HYPOTHESIS, step * STREAMS + k) for k in range(len(study.rivals))]


def weighed(belief: Belief) -> Weighed:
    """Return the hypotheses weighed against each other."""
    rivals = belief.rivals
    logs = [-np.inf if one.impossible else one.posterior.population.log_evidence for one in rivals]
    errors = [evidence_error(one, belief.seen(one), belief.data) for one in rivals]
    prior = np.array([one.hypothesis.probability for one in rivals])
    return Weighed(tuple(one.hypothesis.name for one in rivals), prior, np.array(logs), np.array(errors))


def about(study: Study, round: int, belief: Belief) -> GainEstimator:
    """Return the estimator of the gain about what is asked: parameters, a function of them, or which hypothesis."""
    rng = generator(study.seed, round, Purpose.GAIN)
    if study.designer.estimator == "barber_agakov":
        return _learned_gain(study, belief, rng)
    if not study.asks_which:
        return estimator_for(study, belief.surrogate, belief.posterior.theta, rng)
    pairs = zip(belief.rivals, weighed(belief).probability.tolist(), strict=True)
    return WhichGain.between([Side(p, belief.seen(one), one.posterior.theta) for one, p in pairs], rng)


def _learned_gain(study: Study, belief: Belief, rng: np.random.Generator) -> GainEstimator:
    """Return the estimator by a posterior of all outcomes, learned now."""
    from activesci.gain.amortised import AmortisedGain

    beliefs = Beliefs.of(belief.surrogate, study.parameter_space, belief.posterior.theta, rng)
    return AmortisedGain.learned(study, beliefs, _against_prior(belief), rng)


def _against_prior(belief: Belief) -> Callable[[FloatArray], FloatArray] | None:
    """Return the log density of what is believed, against the prior; None before any data."""
    if not len(belief.data):
        return None
    known = likelihood(belief.surrogate, belief.data, belief.posterior.widened)
    return lambda theta: known(theta) - belief.posterior.population.log_evidence


def choose(
    study: Study,
    round: int,
    belief: Belief,
    designer: Designer,
    cost: Cost | None,
    pool: FloatArray | None,
    batch: int,
    taken: FloatArray | None = None,
) -> list[Choice]:
    """Return the next designs, each the best given those before it, or the first of a plan with a longer horizon.

    Beside designs of the same round that are asked for already there is no plan: what they tell is counted first.

    Args:
        study: The study.
        round: The round.
        belief: What is believed.
        designer: Who searches.
        cost: The cost of designs, or None.
        pool: The designs that are left to be measured, (m, k), or None.
        batch: How many designs; of a pool no more than it has.
        taken: Designs of this round that are asked for, whose outcomes are not known to the belief, (q, k), or None.
    """
    rng = generator(study.seed, round, Purpose.CHOOSE, 0 if taken is None else len(taken))
    gain = about(study, round, belief)
    hints = None if pool is not None else hinted(study, round, belief)
    if taken is not None:
        question = Question(study.design_space, Further.beside(gain, taken), cost, pool, taken, hints)
        choices = together(designer, question, batch, rng)
    else:
        question = Question(study.design_space, gain, cost, pool, hints=hints, data=belief.data)
        horizon = planned(study, round, batch)
        plan = horizon > batch
        choices = ahead(designer, question, batch, horizon, rng) if plan else together(designer, question, batch, rng)
    return choices if study.asks_which else [_doubted(study, round, belief, choice) for choice in choices]


def taught_policy(study: Study, belief: Belief, designer: Policy, progress: Callable[[int, int], None]) -> "Taught":
    """Return the policy of a study, trained against what is believed of the simulator, under the prior.

    Args:
        study: The study.
        belief: What is believed before the first choice.
        designer: How the policy is trained.
        progress: Told of the steps of the training.
    """
    from activesci.design.policies.taught import teach
    from activesci.design.policies.training import Plan

    plan = Plan(designer.horizon, designer.steps, designer.rollouts, designer.contrasts)
    return teach(belief.surrogate, study, plan, generator(study.seed, 0, Purpose.POLICY), progress)


def astray(study: Study, round: int, belief: Belief, taught: "Taught", xi: FloatArray) -> tuple[float, float]:
    """Return how far the surrogate is from what a policy was trained on, at a design (k,), and the error, nats."""
    rng = generator(study.seed, round, Purpose.POLICY)
    theta = belief.posterior.theta[rng.integers(len(belief.posterior.theta), size=ASTRAY_SAMPLES)]
    return taught.astray(belief.surrogate, theta, xi[None], rng)


def _doubted(study: Study, round: int, belief: Belief, choice: Choice) -> Choice:
    """Return a choice whose gain's error knows how well the surrogate is known."""

    def estimator(surrogate: Surrogate) -> GainEstimator:
        return estimator_for(study, surrogate, belief.posterior.theta, generator(study.seed, round, Purpose.GAIN))

    return replace(choice, gain=doubted(choice.gain, belief.surrogate, choice.xi[None], estimator))


def hinted(study: Study, round: int, belief: Belief) -> FloatArray | None:
    """Return designs at what is believed, (h, k), where the study has parameters in a design variable's unit."""
    rng = generator(study.seed, round, Purpose.CHOOSE, HINTS)
    return believed(study.parameter_space, study.design_space, belief.posterior.theta, rng)


def unsure(study: Study, round: int, belief: Belief, xi: FloatArray) -> FloatArray:
    """Return what not knowing the simulator costs at designs (c, k), (c,), nats; NaN where it is not looked at."""
    rng = generator(study.seed, round, Purpose.GAIN)
    beliefs = Beliefs.of(belief.surrogate, study.parameter_space, belief.posterior.theta, rng, study.target)
    return ignorance(beliefs, xi)


def taught(study: Study, round: int, before: Belief, after: Belief, step: int = 0) -> Realised:
    """Return what a round's measurements have taught about what is asked, the gain that was realised.

    It is not a number where no parameters can give the data: nothing is learned from what cannot be.

    Args:
        study: The study.
        round: The round.
        before: What was believed before it.
        after: What is believed now.
        step: How many passes the round has had.
    """
    if any(one.posterior.population.impossible for one in (before, after)):
        return Realised(np.nan, np.inf)
    if study.asks_which:
        return _taught_which(weighed(before), weighed(after))
    rng = generator(study.seed, round, Purpose.GAIN, 1 + step)
    return realised(study.parameter_space, study.target, known(before), known(after), rng, evidence(before, after))


def _taught_which(before: Weighed, after: Weighed) -> Realised:
    """Return the divergence of what is believed of the hypotheses from what was, and its error to first order."""
    now, then = after.probability, before.probability
    surprise = np.log(np.maximum(now, 1e-300)) - np.log(np.maximum(then, 1e-300))
    slopes = (surprise + 1) * after.probability_error, now / np.maximum(then, 1e-300) * before.probability_error
    return Realised(float(now @ surprise), float(np.sqrt(np.square(slopes).sum())))


def known(belief: Belief) -> Known:
    """Return a belief as samples and likelihood."""
    return Known(belief.posterior.theta, likelihood(belief.surrogate, belief.data, belief.posterior.widened))


def evidence(before: Belief, after: Belief) -> Realised | None:
    """Return by how much the log evidence has grown, and its error; None for posteriors that do not know it."""
    if isinstance(after.surrogate, posteriors.Amortised):
        return None
    then, now = before.posterior.population, after.posterior.population
    return Realised(now.log_evidence - then.log_evidence, now.log_evidence_error)


def planned(study: Study, round: int, batch: int) -> int:
    """Return for how many measurements to plan: the horizon, or what the study's limit of rounds leaves of it."""
    rounds = None if study.stop is None else study.stop.least("rounds")
    left = np.inf if rounds is None else batch * (rounds - round + 1)
    return int(min(study.designer.horizon, left))


def plan(
    study: Study,
    round: int,
    n: int,
    belief: Belief | None,
    places: Sequence[FloatArray],
    pool: FloatArray | None,
    step: int = 0,
) -> tuple[FloatArray, FloatArray]:
    """Return where to simulate next: parameters (n, d) and designs (n, k).

    The first round fills prior and design space; where a density of outcomes is learned and parameters are places of
    designs, some of the designs go near them (`beside`). Later ones draw parameters from the posterior and, for the
    rest, the prior; a third of the designs are measured ones, a third promise much, and a third fill the space, so
    that the surrogate is good where the posterior is evaluated, where the next choice falls, and nowhere unknown.

    Args:
        study: The study.
        round: The round.
        n: How many simulations.
        belief: What is believed; None in the first round.
        places: The designs that were measured, this round's included, and those that promise much, each (p, k).
        pool: The designs that nature has recorded, (m, k), or None.
        step: How many passes the round has had.
    """
    rng = generator(study.seed, round, Purpose.PROPOSE, step)
    theta = study.parameter_space.from_cube(rng.random((n, study.parameter_space.dim)))
    xi = filling(study, n, pool, rng)
    if belief is not None:
        theta = proposed(belief, theta, rng)
        xi = focused(xi, places, rng)
    elif pool is None and n >= NEAR_FROM and study.inference.surrogate in DENSITIES:
        xi = beside(study.parameter_space, study.design_space, theta, xi, rng)
    return theta, xi


def proposed(belief: Belief, theta: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return parameters of the prior (n, d) with most of them moved to around the posterior, in random order.

    A surrogate that has to know the density they come from says itself where they are, if there is any data.
    """
    if isinstance(belief.surrogate, posteriors.Amortised):
        return belief.surrogate.proposed(belief.posterior.theta, len(theta), rng) if len(belief.data) else theta
    if isinstance(belief.surrogate, Placing) and len(belief.data):
        return placed(belief.surrogate, belief, theta, rng)
    near = int(len(theta) * POSTERIOR_SHARE)
    theta[:near] = around(belief.posterior, near, rng)
    sharing = constrained(belief)
    for turn, rival in enumerate(sharing):
        mine = theta[: int(near * RIVALS_SHARE)][turn :: len(sharing)]
        mine[:] = rival.hypothesis.full(around(rival.posterior, len(mine), rng))
    return theta[rng.permutation(len(theta))]


def constrained(belief: Belief) -> list[Rival]:
    """Return the hypotheses that are not ruled out and have the study's own simulator."""
    return [one for one in open_(belief) if not one.hypothesis.own]


def open_(belief: Belief) -> list[Rival]:
    """Return the hypotheses that are not ruled out."""
    if not belief.rivals:
        return []
    pairs = zip(belief.rivals, weighed(belief).probability, strict=True)
    return [one for one, p in pairs if p >= LEAST_PROBABLE]


def focus(belief: Belief | None) -> FloatArray | None:
    """Return the parameters (n, d) around which a surrogate must be right; None before there are data."""
    if belief is None or not len(belief.data):
        return None
    sharing = (one.hypothesis.full(one.posterior.theta) for one in constrained(belief))
    return np.concatenate([belief.posterior.theta, *sharing])


def placed(surrogate: Placing, belief: Belief, theta: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return parameters of the prior (n, d) with all but some moved to where they tell most about the posterior.

    Those that are left find what the posterior so far has missed.
    """
    near = int(np.ceil(len(theta) * PLACED_SHARE))
    candidates = around(belief.posterior, CANDIDATES, rng)
    theta[:near] = surrogate.placed(belief.posterior.theta, belief.data, candidates, near, rng)
    return theta[rng.permutation(len(theta))]


def around(posterior: Posterior, n: int, rng: np.random.Generator) -> FloatArray:
    """Return parameters (n, d) around a posterior, up to about three times as wide: slopes are learned from afar.

    Each is a sample plus a scaled difference of two others of its mode, which follows several and curved modes, in the
    unit cube. Modes get equal shares: a small one has to be known as well as a large one, or its weight is not.
    """
    u = posterior.population.u
    mode = modes(normal(u), rng.spawn(1)[0])
    first, second, third = (shared_out(rows_of(len(u), n, rng), mode) for _ in range(3))
    scale = rng.uniform(0.0, WIDENED, (n, 1)) / np.sqrt(2.0)
    return posterior.space.from_cube(reflected(u[first] + scale * (u[second] - u[third])))


def filling(study: Study, n: int, pool: FloatArray | None, rng: np.random.Generator) -> FloatArray:
    """Return designs (n, k) that fill the space, its ends more densely, or take a pool's designs in turn."""
    if pool is not None and len(pool):
        designs = np.unique(pool, axis=0)
        return np.asarray(designs[rng.permutation(np.arange(n) % len(designs))])
    return study.design_space.towards_ends(study.design_space.sample(n, rng)[rng.permutation(n)])


def focused(xi: FloatArray, places: Sequence[FloatArray], rng: np.random.Generator) -> FloatArray:
    """Return the designs (n, k) with a third of them moved to each of two sets of places that are not empty."""
    xi = xi.copy()
    for turn, designs in enumerate(places):
        if len(designs) and xi.shape[1]:
            moved = slice(turn * len(xi) // 3, (turn + 1) * len(xi) // 3)
            xi[moved] = designs[rows_of(len(designs), moved.stop - moved.start, rng)]
    return xi


def promising(
    chosen: FloatArray, evaluated: FloatArray, gains: FloatArray, unsure: FloatArray | None = None
) -> FloatArray:
    """Return where simulations are worth most, (p, k): for the next choice, and for knowing the simulator.

    Args:
        chosen: The designs that were chosen, (q, k).
        evaluated: Those that were looked at, (c, k), of which those of the highest gain and ignorance are taken.
        gains: Their gains, (c,).
        unsure: What not knowing the simulator costs there, (c,), as far as it is known and not zero.
    """
    best = np.argsort(-gains, kind="stable")[:PROMISING]
    cost = np.zeros(len(evaluated)) if unsure is None else np.nan_to_num(unsure)
    worst = np.argsort(-cost, kind="stable")[:UNSURE]
    return np.concatenate([chosen, evaluated[best], evaluated[worst[cost[worst] > 0]]])


def rows_of(size: int, n: int, rng: np.random.Generator) -> IntArray:
    """Return n of so many rows, each as often as any other, in random order, (n,)."""
    order = rng.permutation(size)
    return np.asarray(order[np.arange(n) % size])


def shared_out(rows: IntArray, mode: IntArray) -> IntArray:
    """Return rows (n,) replaced so that every mode, of which each row (m,) belongs to one, has its turn."""
    if not mode.any():
        return rows
    members = [np.flatnonzero(mode == one) for one in range(int(mode.max()) + 1)]
    turn = np.arange(len(rows)) % len(members)
    sizes = np.array([len(one) for one in members])
    starts = np.cumsum(sizes) - sizes
    return np.asarray(np.concatenate(members)[starts[turn] + rows % sizes[turn]])
