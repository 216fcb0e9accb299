"""A nuisance that all measurements share, against closed forms: `python shared.py`

A height under a drift (`problems/shared`), all Gaussian. Asked about the height alone, the gain of one measurement and
of two together, in which the drift is the same, is held against the exact one; and the design that is picked against
the one picked by who asks about both, and by who takes the drift for fresh noise in each measurement.
"""

import argparse

import numpy as np
from curves import model
from kept import HERE, exact, kept, mean, table

from activesci.design import designer_for
from activesci.gain import estimator_for
from activesci.loop import round as rounds
from activesci.rng import Purpose, generator
from activesci.study import Study

DESIGNS = np.linspace(0, 4, 17)
PAIRS = np.array([[1.0, 1.0], [1.0, 4.0], [0.5, 3.0], [4.0, 4.0], [0.7, 2.0]])
MODEL = model("shared")


def study_of(seed, asks="height"):
    study = Study.load(HERE / "problems" / "shared" / "study.yaml").with_settings({"seed": seed})
    return study if asks == "height" else study.with_settings({"parameters.drift.role": "interest"})


def exact_gain(x, keep=(0,)):
    """Return the gain of measurements at x (q,) together, about some of height and drift [nats]."""
    rows = MODEL.sensitivity(np.asarray(x, dtype=float))
    after = np.linalg.inv(np.eye(2) + rows.T @ rows / MODEL.NOISE**2)
    return float(-0.5 * np.linalg.slogdet(after[np.ix_(keep, keep)])[1])


def fresh_gain(x):
    """Return the gain about the height if each measurement had a drift of its own [nats]."""
    height, drift = MODEL.sensitivity(np.asarray(x, dtype=float)).T
    return float(0.5 * np.log1p((height**2 / (drift**2 + MODEL.NOISE**2)).sum()))


def estimated(key):
    study = study_of(key["seed"])
    rng = np.random.default_rng([key["seed"], 1])
    theta = study.parameter_space.from_cube(rng.random((4096, 2)))
    estimator = estimator_for(study, exact(study), theta, generator(key["seed"], 1, Purpose.GAIN))
    single = estimator(DESIGNS[:, None])
    pairs = [estimator.given(np.array([[one]]))(np.array([[other]])) for one, other in PAIRS]
    found = [single, *pairs]
    return {name: np.concatenate([getattr(gain, name) for gain in found]).tolist() for name in ("value", "error")}


def chosen(key):
    study = study_of(key["seed"], key["asks"])
    belief = rounds.before_data(study, exact(study))
    choices = rounds.choose(study, 1, belief, designer_for(study.designer), None, None, key["batch"])
    return {"xi": [float(choice.xi[0]) for choice in choices]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--again", action="store_true")
    given, rows = parser.parse_args(), []
    lines = kept("shared_gain", [{"seed": seed} for seed in range(given.seeds)], estimated, given.again)
    value, error = (np.array([line[name] for line in lines]) for name in ("value", "error"))
    parts = {
        "one measurement": (slice(0, len(DESIGNS)), [exact_gain([x]) for x in DESIGNS]),
        "two together": (slice(len(DESIGNS), None), [exact_gain(pair) for pair in PAIRS]),
    }
    for name, (columns, truth) in parts.items():
        off = value[:, columns] - np.array(truth)
        rows.append([name, given.seeds, f"{max(truth):.3f}", f"{np.abs(off.mean(0)).max():.4f}"])
        rows[-1] += [f"{off.std(0).max():.4f}", f"{error[:, columns].mean(0).max():.4f}", f"{np.abs(off).max():.3f}"]
        rows[-1] += [f"{np.mean(np.abs(off) < 2 * error[:, columns]):.3f}"]
    table(
        ["gain about the height", "seeds", "best gain [nats]", "largest bias", "largest sd", "largest stated error"]
        + ["largest error of all", "truth within 2 stated errors"],
        rows,
    )
    at = np.linspace(0, 4, 401)
    best, rows = {1: max(exact_gain([x]) for x in at)}, []
    best[2] = max(exact_gain([x, z]) for x in at[::4] for z in at[::4])
    for batch in (1, 2):
        for asks in ("height", "both"):
            keys = [{"asks": asks, "batch": batch, "seed": seed} for seed in range(1, given.seeds + 1)]
            found = [sorted(line["xi"]) for line in kept("shared_choice", keys, chosen, given.again)]
            kept_share = [100 * exact_gain(x) / best[batch] for x in found]
            where = ", ".join(f"{x:.2f}" for x in np.median(found, axis=0))
            rows.append([batch, asks, given.seeds, where, mean(kept_share, 1), f"{min(kept_share):.1f}"])
        if batch == 2:
            pairs = [(x, z) for x in at[::4] for z in at[::4]]
            fresh = max(pairs, key=fresh_gain)
            share = 100 * exact_gain(fresh) / best[2]
            rows.append([2, "height, drift fresh", "exact", ", ".join(f"{x:.2f}" for x in fresh), f"{share:.1f}", ""])
    table(
        ["designs", "who asks about", "seeds", "x picked (median)", "% of the best gain about the height", "worst"],
        rows,
    )


if __name__ == "__main__":
    main()
