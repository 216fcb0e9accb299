"""An angle whose ends are one design, declared so or not: `python periodic.py`

A polariser (`problems/polariser`) whose best design is 0 degrees, with the range beginning there, elsewhere on the
hill of the gain, or in the valley opposite. Likelihoods are learned from few simulations, and the exact gain says what
is lost by the design that is picked, and how far the learned gain is off and jumps where the range ends.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from curves import folder_of, model
from gold import learned
from kept import kept, mean, table
from scipy.stats import norm

from activesci.design import designer_for
from activesci.gain import estimator_for
from activesci.loop import round as rounds
from activesci.rng import Purpose, generator
from activesci.study import Study

PROBLEM, TURN = "polariser", 180.0
SEAMS = (0.0, 20.0, 90.0)
PLACES = np.linspace(0.0, TURN, 37)[:-1]
MODEL = model(PROBLEM)
DIRECTIONS = 30 + 30 * (np.arange(2000) + 0.5) / 2000


@dataclass(frozen=True)
class Case:
    """How the angle is declared.

    Attributes:
        periodic: Whether it is said that the ends are one.
        seam: Where the range begins.
    """

    periodic: bool
    seam: float

    def study(self):
        angle = {"real": [self.seam, self.seam + TURN], "periodic": self.periodic}
        return Study.load(folder_of(PROBLEM) / "study.yaml").with_settings({"design": {"angle": angle}})


def exact_gain(angles):
    """Return the exact gains of angles (n,), by quadrature over the outcome [nats]."""
    found = []
    for angle in angles:
        expected, sd = MODEL.mean({"direction": DIRECTIONS}, {"angle": angle}), MODEL.noise({"angle": angle})
        y = np.linspace(expected.min() - 6 * sd, expected.max() + 6 * sd, 1001)
        density = np.maximum(norm.pdf(y[:, None], expected, sd).mean(axis=1), 1e-300)
        found.append(-np.trapezoid(density * np.log(density), y) - 0.5 * np.log(2 * np.pi * np.e * sd**2))
    return np.array(found)


def chosen(key):
    """Return the angle that is picked with a learned likelihood, and gains all over the range and at its ends."""
    seed, study = key["seed"], Case(key["periodic"], key["seam"]).study().with_settings({"seed": key["seed"]})
    surrogate = learned(study, key["simulations"], seed)
    belief = rounds.before_data(study, surrogate)
    choice = rounds.choose(study, 1, belief, designer_for(study.designer), None, None, 1)[0]
    gain = estimator_for(study, surrogate, belief.posterior.theta, generator(seed, 1, Purpose.GAIN))
    angles = key["seam"] + np.mod(PLACES - key["seam"], TURN)
    ends = np.array([key["seam"], np.nextafter(key["seam"] + TURN, 0.0)])
    values = gain(np.concatenate([angles, ends])[:, None]).value
    return {"xi": float(choice.xi[0]), "gain": values[:-2].tolist(), "ends": values[-2:].tolist()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--simulations", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--again", action="store_true")
    given, rows = parser.parse_args(), []
    truth, best = exact_gain(PLACES), float(exact_gain([0.0])[0])
    for simulations in given.simulations:
        for seam in SEAMS:
            for periodic in (True, False):
                case = {"periodic": periodic, "seam": seam, "simulations": simulations}
                lines = kept("periodic", [{**case, "seed": s} for s in range(1, given.seeds + 1)], chosen, given.again)
                regret = 100 * (1 - exact_gain([line["xi"] for line in lines]) / best)
                off = np.sqrt(np.mean((np.array([line["gain"] for line in lines]) - truth) ** 2, axis=1))
                jump = [abs(line["ends"][0] - line["ends"][1]) for line in lines]
                rows.append([simulations, f"{seam:g}", "yes" if periodic else "no", given.seeds, mean(regret, 2)])
                rows[-1] += [f"{regret.max():.1f}", mean(off), mean(jump), f"{max(jump):.3f}"]
                rows[-1] += [mean([line["cpu_seconds"] for line in lines], 1)]
    print(f"best gain {best:.3f} nats, at chance {exact_gain(PLACES).mean():.3f}\n")
    table(
        ["simulations", "range begins at", "periodic", "seeds", "regret, % of the best gain", "the worst"]
        + ["error of the gain, rms [nats]", "jump where the range ends [nats]", "the largest", "CPU s"],
        rows,
    )


if __name__ == "__main__":
    main()
