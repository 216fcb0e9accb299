"""Make the observations and the reference samples that every method is held against.

    .venv/bin/python experiments/benchmarks/inference/published/references.py --reference ../shared/reference

Tasks with a folder under --reference take their observations and samples from there; of the others, five observations
are simulated at parameters drawn from the prior, and their posteriors sampled exactly. What is there is kept.
`--check N` samples the posteriors of N observations a second time by an independent route and prints the C2ST between
both, which is 0.5 if they agree: against published samples the exact samples (slcp, which has no closed form, as the
rest), and against those of our own this package's sequential Monte Carlo with the exact likelihood.
"""

from tasks import SAMPLES, TASKS  # isort: skip # first: it sets the number of threads

import argparse
from pathlib import Path

import numpy as np
from c2st import c2st, folds_of
from exact import EXACT

REFERENCES = Path(__file__).resolve().parents[4] / "runs" / "benchmarks" / "published" / "references"
COUNT, SIZE = 5, 10_000
PARTICLES = 8192


def published(folder):
    """Read truths, observations and samples of a task from its folder."""
    found = [
        [np.loadtxt(folder / f"num_observation_{number}" / name, delimiter=",", skiprows=1) for name in FILES]
        for number in range(1, COUNT + 1)
    ]
    truth, y, samples = zip(*found, strict=True)
    return {"truth": np.stack(truth), "observations": np.stack(y), "samples": np.stack(samples)}


FILES = ("true_parameters.csv", "observation.csv", "reference_posterior_samples.csv.bz2")


def made(task):
    """Simulate a task's observations and sample their posteriors."""
    rng = np.random.default_rng([1, *task.name.encode()])
    truth = task.prior(COUNT, rng)
    y = task.simulate(truth, rng)
    samples = [EXACT[task.name](task, one, SIZE, rng) for one in y]
    return {"truth": truth, "observations": y, "samples": np.stack(samples)}


def load(name):
    """Return a task's `truth` (5, d), `observations` (5, width) and `samples` (5, 10000, d)."""
    with np.load(REFERENCES / f"{name}.npz") as file:
        return dict(file)


def sampled(task, y, rng):
    """Sample a posterior by sequential Monte Carlo with the exact likelihood."""
    from activesci.inference.smc import from_prior

    def target(u):
        columns = [one.distribution.ppf(u[:, i]) for i, one in enumerate(task.marginals)]
        return task.log_likelihood(task.from_study(np.stack(columns, axis=1)), y)

    u = from_prior(target, PARTICLES, task.dim, rng).u
    return task.from_study(np.stack([one.distribution.ppf(u[:, i]) for i, one in enumerate(task.marginals)], axis=1))


def check(task, is_published, observations):
    """Print the C2ST of a task's reference samples and those of an independent route."""
    known, rng = load(task.name), np.random.default_rng(2)
    closed = is_published and task.name in EXACT
    for number in range(observations):
        y = known["observations"][number]
        other = EXACT[task.name](task, y, SIZE, rng) if closed else sampled(task, y, rng)
        found = c2st(known["samples"][number][:SAMPLES], other[:SAMPLES], folds_of(task.dim))
        print(f"{task.name} {number + 1} {'closed form' if closed else 'SMC'}: {found:.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, default=Path("../shared/reference"))
    parser.add_argument("--check", type=int, default=0, metavar="N", help="how many observations")
    parser.add_argument("tasks", nargs="*", default=list(TASKS), metavar="task")
    options = parser.parse_args()
    REFERENCES.mkdir(parents=True, exist_ok=True)
    for name in options.tasks:
        folder, file = options.reference / name, REFERENCES / f"{name}.npz"
        if not file.exists():
            np.savez(file, **(published(folder) if folder.is_dir() else made(TASKS[name])))
            print(f"{name}: {'read' if folder.is_dir() else 'sampled'}", flush=True)
        check(TASKS[name], folder.is_dir(), options.check)


if __name__ == "__main__":
    main()
