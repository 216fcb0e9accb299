"""Makes real ledgers of pretended campaigns: the events of INTERFACES with plausible numbers, no simulator run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from activesci.ledger import History, Kind, Ledger
from activesci.study import Study

Predict = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
"""theta (n, d), xi (k,) to flat outcomes (n, width)."""

VERSIONS = {"activesci": "0.1.0", "python": "3.11.7", "numpy": "2.4.1", "torch": "2.9.0"}


@dataclass
class Pretender:
    """Writes rounds into a ledger; the posterior shrinks onto the truth as measurements come."""

    study: Study
    folder: Path
    truth: Sequence[float]
    predict: Predict
    pool: np.ndarray | None = None
    shrink: float = 0.72
    samples: int = 1500
    seed: int = 3
    proposals: int = 0
    doubt: str | None = None
    rng: np.random.Generator = field(init=False)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.ledger = Ledger.create(self.folder)
        said = {
            "study": self.study.mapping(),
            "study_digest": self.study.digest,
            "source_text": self.study.source_text,
            "seed": self.seed,
            "versions": VERSIONS,
            "simulator_digest": "ab" * 32,
            "surrogate": "likelihood",
            "reason": "the simulator offers no log_likelihood",
        }
        self.ledger.append(Kind.STARTED, 0, said)

    def believe(self, number: int, measured: int) -> np.ndarray:
        """Samples near the truth, the wider the fewer measurements."""
        space = self.study.parameter_space
        prior = space.from_cube(self.rng.random((self.samples, space.dim)))
        if not measured:
            return prior
        factor = self.shrink**measured
        centre = np.asarray(self.truth) + 0.5 * factor * prior.std(axis=0) * self.rng.normal(size=space.dim)
        mixing = np.eye(space.dim) + 0.35 * np.tri(space.dim, k=-1)
        wide = self.rng.normal(size=(self.samples, space.dim)) @ mixing.T
        return np.clip(centre + factor * prior.std(axis=0) * wide, prior.min(axis=0), prior.max(axis=0))

    def learn(self, number: int, measured: int, count: int = 500, reasons: dict[str, int] | None = None) -> None:
        """PLANNED, SIMULATED, FITTED, INFERRED."""
        space, rng = self.study.parameter_space, self.rng
        theta = space.from_cube(rng.random((count, space.dim)))
        xi = self.study.design_space.sample(count, rng)
        self.ledger.append(Kind.PLANNED, number, {"count": count, "purpose": 1}, {"theta": theta, "xi": xi})
        reasons = reasons or {}
        failed = sum(reasons.values())
        y = np.concatenate([self.predict(t[None], x, rng) for t, x in zip(theta, xi, strict=True)])
        said = {"failed": failed, "reasons": reasons, "seconds": 0.4 + 0.6 * rng.random()}
        self.ledger.append(Kind.SIMULATED, number, said, {"index": np.arange(count), "y": y})
        fitted = {"surrogate": "likelihood", "loss": 1.2, "held_out": 1.3, "steps": 300, "seconds": 2.5 + rng.random()}
        self.ledger.append(Kind.FITTED, number, fitted, {"weights": np.zeros(3)})
        self.infer(number, self.believe(number, measured))

    def infer(self, number: int, theta: np.ndarray) -> None:
        names = self.study.parameter_space.names
        said = {
            "posterior": {n: moments(theta[:, i]) for i, n in enumerate(names)},
            "log_evidence": -3.1 * number,
            "log_evidence_error": 0.04,
            "errors": {n: float(theta[:, i].std() / 40) for i, n in enumerate(names)},
            "ess": 900.0,
            "steps": 7,
            "acceptance": 0.31,
            "seconds": 0.9,
            "doubt": self.doubt,
        }
        self.ledger.append(Kind.INFERRED, number, said, {"theta": theta})

    def choose(self, number: int, gain: Callable[[np.ndarray], np.ndarray], candidates: int = 40, q: int = 1) -> list:
        """CHOSEN: the candidates' gains, the best q proposed."""
        space, rng = self.study.design_space, self.rng
        xi = self.pool if self.pool is not None else space.sample(candidates, rng)
        error = 0.01 + 0.02 * rng.random(len(xi))
        value = gain(xi) * 0.85 ** (number - 1) + error * rng.normal(size=len(xi))
        best = np.argsort(value)[::-1][:q]
        lower, upper = value - 2 * error, value + 1.5 * error
        made = [
            {
                "id": self.proposals + i,
                "design": space.decode(xi[b]),
                "gain": float(value[b]),
                "error": float(error[b]),
                "lower": float(lower[b]),
                "upper": float(upper[b]),
            }
            for i, b in enumerate(best)
        ]
        self.proposals += q
        said = {"proposals": made, "designer": self.study.designer.kind, "evaluations": len(xi), "seconds": 1.1}
        arrays = {"xi": xi, "gain": value, "lower": lower, "upper": upper, "error": error}
        self.ledger.append(Kind.CHOSEN, number, said, arrays)
        if self.pool is not None:
            self.pool = np.delete(self.pool, best, axis=0)
        return made

    def measure(
        self, number: int, proposal: dict[str, Any], theta: np.ndarray, surprise: float | None = None, attempt: int = 0
    ) -> None:
        """MEASURED: nature's answer at the truth, with its prediction from the samples theta."""
        xi = self.study.design_space.encode(proposal["design"])
        y = self.predict(np.asarray(self.truth, dtype=float)[None], xi, self.rng)
        said = {
            "proposal": proposal["id"],
            "attempt": attempt,
            "status": "ok",
            "design": proposal["design"],
            "outcome": {n: np.asarray(v[0]).tolist() for n, v in self.study.outcome_space.columns(y).items()},
            "reason": None,
            "surprise": float(self.rng.random()) if surprise is None else surprise,
            "row": proposal["id"] if self.pool is not None else None,
            "seconds": 0.05,
        }
        predicted = self.predict(theta[:200], xi, self.rng)
        self.ledger.append(Kind.MEASURED, number, said, {"y": y, "predicted": predicted})

    def fail(self, number: int, proposal: dict[str, Any], reason: str) -> None:
        said = {
            "proposal": proposal["id"],
            "attempt": 0,
            "status": "failed",
            "design": proposal["design"],
            "outcome": None,
            "reason": reason,
            "surprise": None,
            "row": None,
            "seconds": 0.2,
        }
        self.ledger.append(Kind.MEASURED, number, said)

    def rounds(self, last: int, gain: Callable[[np.ndarray], np.ndarray], q: int = 1) -> None:
        """Round 0 to `last`, all of them done."""
        self.learn(0, 0)
        measured = 0
        for number in range(1, last + 1):
            theta = self.believe(number, measured)
            for proposal in self.choose(number, gain, q=q):
                self.measure(number, proposal, theta)
                measured += 1
            self.learn(number, measured)

    def stop(self, reason: str = "sd of a at most 0.05: it is 0.047") -> "Pretender":
        self.ledger.append(Kind.STOPPED, self.history.rounds[-1].number, {"reason": reason, "rule": "sd"})
        return self

    @property
    def history(self) -> History:
        return History.fold(self.ledger.events())


def moments(samples: np.ndarray) -> dict[str, float]:
    q05, q50, q95 = np.quantile(samples, [0.05, 0.5, 0.95])
    return {"mean": float(samples.mean()), "sd": float(samples.std()), "q05": q05, "q50": q50, "q95": q95}


DECAY: dict[str, Any] = {
    "study": "decay",
    "description": "How fast does the counter's signal decay?",
    "parameters": {
        "a": {"prior": {"uniform": [0.5, 2.0]}, "unit": "V"},
        "b": {"prior": {"lognormal": [0.0, 0.5]}, "unit": "s^-1"},
    },
    "design": {"t": {"real": [0.0, 5.0], "unit": "s"}},
    "outcome": {"y": {"real": []}},
    "simulator": {"function": "model:simulate"},
    "experiment": {"truth": {"a": 1.2, "b": 0.8}},
    "stop": {"any": [{"sd": {"b": 0.05}}, {"rounds": 12}]},
}


def decay(folder: Path, rounds: int = 8, **changes: Any) -> Pretender:
    """(i) One real design, two parameters, a simulated truth."""

    def predict(theta: np.ndarray, xi: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return (theta[:, 0] * np.exp(-theta[:, 1] * xi[0]) + 0.05 * rng.normal(size=len(theta)))[:, None]

    made = Pretender(Study(**{**DECAY, **changes}), folder, (1.2, 0.8), predict)
    made.rounds(rounds, lambda xi: 0.9 * np.exp(-0.5 * ((xi[:, 0] - 1.3) / 0.9) ** 2) + 0.1)
    return made.stop("sd of b at most 0.05 s⁻¹: it is 0.047")


ENERGIES = [13.9, 14.0, 34.5, 34.8, 35.0, 35.0, 38.3, 43.6, 43.8, 52.0, 53.3, 55.0, 56.0, 56.9, 57.0, 57.77, 29.0]
ERRORS = [6.0, 5.0, 2.35, 1.39, 1.58, 2.31, 5.32, 4.4, 3.04, 17.0, 13.0, 16.5, 12.4, 4.93, 14.9, 1.7, 1.58]


def weinberg(folder: Path) -> Pretender:
    """(ii) A recorded pool: one parameter with a unit that is a power of ten, two designs."""

    def predict(theta: np.ndarray, xi: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        s = xi[0] ** 2
        return (-2.6e-3 * theta[:, 0] * s * 4.2 / (1 - s / 8317) * 0.75 + xi[1] * rng.normal(size=len(theta)))[:, None]

    study = Study(
        study="weinberg-angle",
        description="How strong is the weak force, from e+e- → μ+μ- below the Z?",
        parameters={"g_f": {"prior": {"uniform": [0.8, 1.6]}, "unit": "1e-5 GeV^-2"}},
        design={"sqrt_s": {"real": [12, 60], "unit": "GeV"}, "error": {"real": [1, 20], "unit": "%"}},
        outcome={"a_fb": {"real": []}},
        simulator={"function": "model:simulate"},
        experiment={"recorded": "data.csv"},
        stop={"sd": {"g_f": 0.056}},
    )
    made = Pretender(study, folder, (1.17,), predict, pool=np.column_stack([ENERGIES, ERRORS]), shrink=0.75)
    made.rounds(6, lambda xi: 0.5 * np.log1p((xi[:, 0] / 30) ** 4 / xi[:, 1]))
    return made.stop("sd of g_f at most 0.056: it is 0.0512")


def angles(folder: Path) -> Pretender:
    """(iii) Twenty exchangeable events: an angle and a charge each; a nuisance."""

    def predict(theta: np.ndarray, xi: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n = len(theta)
        charge = (rng.random((n, 20)) < 0.5 + 0.3 * theta[:, :1]).astype(float)
        angle = np.tanh(0.8 * rng.normal(size=(n, 20)) + theta[:, :1] * np.cos(xi[0]) + theta[:, 1:2])
        return np.stack([charge, angle], axis=-1).reshape(n, -1)

    study = Study(
        study="gaussian-cosine",
        description="Which way are the muons polarised?",
        parameters={
            "polarisation": {"prior": {"uniform": [-1, 1]}},
            "offset": {"prior": {"normal": [0, 0.1]}, "role": "nuisance"},
        },
        design={"angle": {"real": [0, 3.14159], "unit": "rad"}},
        outcome={"cos_theta": {"real": [], "iid": 20}, "charge": {"binary": [], "iid": 20}},
        simulator={"function": "model:simulate"},
        experiment={"truth": {"polarisation": 0.4, "offset": 0.0}},
        stop={"rounds": 4},
    )
    made = Pretender(study, folder, (0.4, 0.0), predict)
    made.rounds(4, lambda xi: 0.7 * np.cos(xi[:, 0]) ** 2)
    return made.stop("4 rounds are done")


def kinetics(folder: Path, batch: int = 2) -> Pretender:
    """(iv) Three parameters, two designs of which one is a choice, batches of two, a vector outcome and a category."""

    def predict(theta: np.ndarray, xi: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n, times = len(theta), np.linspace(0.1, 1, 6)
        rate = theta[:, :1] * xi[0] / (theta[:, 1:2] + xi[0]) * (1 + 0.2 * xi[1]) * times
        colour = np.clip(np.rint(rate[:, -1] / 80 + 0.4 * rng.normal(size=n)), 0, 2)
        return np.column_stack([colour, rate + theta[:, 2:3] * rng.normal(size=(n, 6))])

    study = Study(
        study="kinetics",
        description="How fast can the enzyme work, and with which cofactor do we see it best?",
        parameters={
            "v_max": {"prior": {"loguniform": [50, 500]}, "unit": "counts/min^2"},
            "k_m": {"prior": {"lognormal": [-2.5, 0.5]}, "unit": "ppm"},
            "noise": {"prior": {"exponential": [10]}, "unit": "counts/min^2"},
        },
        design={
            "concentration": {"real": [0.01, 1.5], "log": True, "unit": "ppm"},
            "cofactor": {"choice": ["none", "Mg", "Mn"]},
        },
        outcome={"rate": {"real": [6]}, "colour": {"categories": ["clear", "pale", "yellow"]}},
        simulator={"function": "model:simulate", "batch": True},
        experiment={"truth": {"v_max": 212, "k_m": 0.064, "noise": 11}},
        designer={"bayesopt": {}, "batch": batch},
        stop={"all": [{"gain": 0.05}, {"any": [{"rounds": 5}, {"seconds": 60}]}]},
    )
    made = Pretender(study, folder, (212, 0.064, 11), predict, shrink=0.85)
    made.rounds(5, lambda xi: (0.3 + 0.2 * xi[:, 1]) * np.exp(-0.4 * np.log(xi[:, 0] / 0.1) ** 2), q=batch)
    return made.stop("gain below 0.05 nats: it is 0.04")


def many(folder: Path) -> Pretender:
    """Four designs, one whole number among them: projections; a count outcome."""

    def predict(theta: np.ndarray, xi: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return rng.poisson(np.exp(np.clip(theta[:, 0], -3, 3)) * xi[0] * xi[3] / 5)[:, None].astype(float)

    study = Study(
        study="counter",
        parameters={"log_rate": {"prior": {"normal": [0, 1]}}},
        design={
            "time": {"real": [1, 10], "unit": "h"},
            "distance": {"real": [0.1, 10], "log": True, "unit": "m"},
            "shield": {"choice": ["lead", "iron"]},
            "detectors": {"integer": [1, 8]},
        },
        outcome={"n": {"count": []}},
        simulator={"function": "model:simulate"},
        experiment={"manual": True},
        stop={"rounds": 3},
    )
    made = Pretender(study, folder, (0.3,), predict)
    made.rounds(3, lambda xi: 0.05 * xi[:, 0] / (1 + xi[:, 1]))
    return made.stop("3 rounds are done")


def plane(folder: Path) -> Pretender:
    """Two real designs: a coloured map."""

    def predict(theta: np.ndarray, xi: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return (rng.random(len(theta)) < 1 / (1 + np.exp(-theta[:, 0] * xi[0] - xi[1])))[:, None].astype(float)

    study = Study(
        study="plane",
        description="Where does the detector switch on?",
        parameters={"slope": {"prior": {"normal": [0, 2]}, "unit": "V^-1"}},
        design={"voltage": {"real": [-2, 2], "unit": "V"}, "bias": {"real": [-1, 1]}},
        outcome={"click": {"binary": []}},
        simulator={"function": "model:simulate"},
        experiment={"truth": {"slope": 1.4}},
        stop={"rounds": 10},
    )
    made = Pretender(study, folder, (1.4,), predict, shrink=0.9)
    made.rounds(10, lambda xi: 0.3 * np.abs(xi[:, 0]) * np.exp(-(xi[:, 1] ** 2)))
    return made.stop("10 rounds are done")


def tuning(folder: Path) -> Pretender:
    """(v) A simulator is tuned to data that exist: no design, twelve rows used at once, then rounds of simulations."""

    def predict(theta: np.ndarray, xi: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return (theta[:, 0] + theta[:, 1] * rng.normal(size=len(theta)))[:, None]

    study = Study(
        study="tuning",
        description="Which friction makes the simulated shower as wide as the measured one?",
        parameters={"friction": {"prior": {"uniform": [0, 3]}}, "width": {"prior": {"gamma": [2, 0.3]}, "unit": "cm"}},
        outcome={"radius": {"real": []}},
        simulator={"function": "model:simulate"},
        experiment={"recorded": "data.csv"},
        stop={"rounds": 3},
    )
    made = Pretender(study, folder, (1.1, 0.4), predict)
    made.learn(0, 0)
    theta = made.believe(0, 0)
    for row in range(12):
        made.measure(1, {"id": row, "design": {}}, theta)
    for number in (1, 2, 3):
        made.learn(number, 2 + number)
    return made.stop("3 rounds are done")


HOSTILE = "<script>alert(1)</script>\"'&$x_1$ \x1b[31m \u202e {{ 7*7 }}"


def troubled(folder: Path) -> Pretender:
    """(vi) Paused in the middle of round 4: failures, alarms, hostile words everywhere a stranger can write."""

    def predict(theta: np.ndarray, xi: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return (theta[:, 0] * xi[0] + 0.1 * rng.normal(size=len(theta)))[:, None]

    study = Study(
        study="troubled",
        description=f"What goes wrong? {HOSTILE}",
        parameters={"a": {"prior": {"uniform": [0.5, 2.0]}, "unit": HOSTILE}},
        design={"x": {"real": [0.0, 1.0], "unit": HOSTILE}, "colour": {"choice": [HOSTILE, "漢字", "red"]}},
        outcome={"y": {"real": []}},
        simulator={"function": "model:simulate"},
        experiment={"truth": {"a": 1.2}},
        stop={"rounds": 9},
    )
    made = Pretender(study, folder, (1.2,), predict, doubt=f"the members disagree {HOSTILE}")
    gain = lambda xi: 0.4 * xi[:, 0] + 0.05 * xi[:, 1]  # noqa: E731
    made.learn(0, 0, reasons={f"ValueError: {HOSTILE} (model.py:12)": 40, "timed out after 5 s": 3})
    for number in (1, 2):
        theta = made.believe(number, number - 1)
        proposal = made.choose(number, gain)[0]
        made.measure(number, proposal, theta, surprise=0.0004 if number == 2 else 0.3)
        if number == 2:
            made.ledger.append(Kind.ALARM, 2, {"what": "misfit", "message": f"tail probability 0.0004 {HOSTILE}"})
        made.learn(number, number, reasons={"timed out after 5 s": 7})
    made.fail(3, made.choose(3, gain)[0], f"the detector was off {HOSTILE}")
    made.ledger.append(Kind.PAUSED, 3, {"reason": f"more than 50 % of the simulations fail {HOSTILE}"})
    return made


def begun(folder: Path) -> Pretender:
    """(vii) Round 0 only."""
    made = decay_study(folder)
    made.learn(0, 0)
    return made


def empty(folder: Path) -> Pretender:
    """A ledger that says what was asked, and nothing more."""
    return decay_study(folder)


def decay_study(folder: Path) -> Pretender:
    return Pretender(Study(**DECAY), folder, (1.2, 0.8), lambda theta, xi, rng: theta[:, :1] * 1.0)


ALL: dict[str, Callable[[Path], Pretender]] = {
    f.__name__: f for f in (decay, weinberg, angles, kinetics, many, plane, tuning, troubled, begun, empty)
}
