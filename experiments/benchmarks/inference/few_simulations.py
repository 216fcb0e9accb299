"""How near the posterior is to the exact one when a simulator costs minutes, beside sbi with ten times as many runs.

    python experiments/benchmarks/inference/few_simulations.py ours       # in this project's environment
    python experiments/benchmarks/inference/few_simulations.py rounds     # the same, placed as a study places them
    python experiments/benchmarks/inference/few_simulations.py peer       # in an environment with sbi 0.27.0
    python experiments/benchmarks/inference/few_simulations.py table      # prints the table, draws the picture

The simulator is one-compartment pharmacokinetics with first-order absorption: three parameters (absorption and
elimination rates, volume), ten concentrations in one outcome, an error that grows with the concentration and is
correlated in time. The exact posterior of each observation comes from weighting a million points.

`ours` gets all simulations over the prior, as the peer does. `rounds` gets as many in all, but places them as a study
does by default: 40 % over the prior, and the rest in four passes, most of each around the posterior so far.

Printed are the classifier two-sample score (C2ST; 0.5 is perfect) of 1000 samples against 1000 exact ones, the error
of the means in posterior standard deviations, the error of the log sds, and CPU seconds, medians over observations and
seeds. Each finished case is a line in runs/benchmarks/; what is there is not done again.
"""

import argparse
import json
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from published.c2st import c2st

LOW, HIGH = np.array([0.5, 0.05, 15.0]), np.array([3.0, 0.4, 45.0])
TIMES = np.array([0.25, 0.5, 1.0, 1.5, 2.5, 4.0, 6.0, 9.0, 13.0, 20.0])
DOSE, FLOOR, SHARE, PERSISTENCE = 320.0, 0.15, 0.1, 0.5
CORRELATION = PERSISTENCE ** np.abs(np.subtract.outer(np.arange(10), np.arange(10)))
SAMPLES, OBSERVATIONS, SEEDS = 1000, 4, 3
OURS, PEERS = (100, 300), (1000, 3000)
ALL = (*OURS, *PEERS)
BEGIN, PASSES = 0.4, 4
METHODS = {
    "auto": "ours, auto",
    "auto, rounds": "ours, in rounds",
    "sbi NPE": "sbi NPE",
    "sbi NLE": "sbi NLE",
    "sbi NRE": "sbi NRE",
}
RUNS = Path(__file__).parents[3] / "runs" / "benchmarks" / "few_simulations.jsonl"


def concentration(theta):
    """Expected concentrations (n, 10) [mg/l] at parameters (n, 3): rates [1/h] and volume [l]."""
    absorbed, eliminated, volume = (theta[:, i : i + 1] for i in range(3))
    factor = DOSE * absorbed / (volume * (absorbed - eliminated))
    return factor * (np.exp(-eliminated * TIMES) - np.exp(-absorbed * TIMES))


def simulate(theta, rng):
    """Measured concentrations (n, 10)."""
    expected = concentration(theta)
    noise = rng.standard_normal(expected.shape) @ np.linalg.cholesky(CORRELATION).T
    return expected + (FLOOR + SHARE * expected) * noise


def log_likelihood(theta, y):
    """Log density (n,) of one outcome (10,), up to a constant."""
    expected = concentration(theta)
    sd = FLOOR + SHARE * expected
    pull = (y - expected) / sd
    return -0.5 * np.einsum("ni,ij,nj->n", pull, np.linalg.inv(CORRELATION), pull) - np.log(sd).sum(axis=1)


def drawn(n, seed):
    """Parameters (n, 3) of the prior and their outcomes (n, 10)."""
    rng = np.random.default_rng([20250, seed, n])
    theta = LOW + (HIGH - LOW) * rng.random((n, 3))
    return theta, simulate(theta, rng)


def exact(y, seed):
    """Samples (SAMPLES, 3) of the exact posterior: a coarse look first, then a box around what it found."""
    rng = np.random.default_rng([7, seed])
    low, high = LOW, HIGH
    for n in (200_000, 1_000_000):
        theta = low + (high - low) * rng.random((n, 3))
        log_like = log_likelihood(theta, y)
        weights = np.exp(log_like - log_like.max())
        weights /= weights.sum()
        mean = weights @ theta
        sd = np.sqrt(weights @ (theta - mean) ** 2)
        low, high = np.maximum(mean - 8 * sd, LOW), np.minimum(mean + 8 * sd, HIGH)
    return theta[rng.choice(n, SAMPLES, p=weights)]


def compared(samples, reference):
    """How samples differ from exact ones."""
    sd = reference.std(axis=0)
    return {
        "c2st": c2st(reference, samples),
        "mean": float(np.abs((samples.mean(axis=0) - reference.mean(axis=0)) / sd).mean()),
        "sd": float(np.abs(np.log(samples.std(axis=0) / sd)).mean()),
    }


def study_of(surrogate, **inference):
    """The study of the simulator, with nothing to choose and one outcome to be told."""
    from activesci import Study

    limits = zip(("absorbed", "eliminated", "volume"), LOW, HIGH, strict=True)
    return Study(
        study="few-simulations",
        parameters={name: {"prior": {"uniform": [low, high]}} for name, low, high in limits},
        outcome={"y": {"real": [len(TIMES)]}},
        simulator={"function": "slow:simulate"},
        experiment={"manual": True},
        inference={"surrogate": surrogate, "particles": SAMPLES, **inference},
        stop={"rounds": 1},
    )


def empty_of(study):
    """The study's surrogate, nothing fitted yet."""
    from activesci.loop.surrogates import surrogate_for

    return surrogate_for(study, SimpleNamespace(has_log_likelihood=False)).surrogate


def banked(round, theta, y):
    """Simulations as a campaign keeps them."""
    from activesci.ledger import Bank

    return Bank.of(round, theta, np.empty((len(theta), 0)), [{"index": np.arange(len(theta)), "y": y}])


def activesci_sampler(surrogate):
    """Fit a surrogate of the package; return what samples the posterior of an outcome."""
    from activesci.inference.base import Data
    from activesci.inference.posterior import density
    from activesci.inference.smc import from_prior

    def fit(theta, y, seed):
        study = study_of(surrogate, simulations=len(theta), per_round=0)
        fitted, _ = empty_of(study).fit(banked(0, theta, y), len(theta), None, np.random.default_rng(seed))

        def sample(observed):
            data = Data(np.empty((1, 0)), observed[None])
            target = density(study.parameter_space, fitted, data)
            found = from_prior(target, SAMPLES, 3, np.random.default_rng([seed, 1]))
            return study.parameter_space.from_cube(found.u)

        return sample

    return fit


def rounds_sampler(surrogate):
    """Fit to the first simulations; return what places the others around an outcome's posterior, and samples it."""
    from activesci.inference.base import Data
    from activesci.ledger import Bank
    from activesci.loop import round as rounds

    def fit(theta, y, seed):
        first = round(BEGIN * len(theta))
        more = (len(theta) - first) // PASSES
        study = study_of(surrogate, simulations=first, per_round=more, passes=PASSES).with_settings({"seed": seed})
        known = banked(0, theta[:first], y[:first])
        fitted, _ = empty_of(study).fit(known, first, None, np.random.default_rng(seed))

        def sample(observed):
            data, bank = Data(np.empty((1, 0)), observed[None]), known
            belief = rounds.after_data(study, 1, rounds.before_data(study, fitted), fitted, data)
            for step in range(PASSES):
                rng = np.random.default_rng([seed, step])
                near, _ = rounds.plan(study, 1, more, belief, [], None, step)
                bank = Bank.join([bank, banked(1 + step, near, simulate(near, rng))])
                closer, _ = belief.surrogate.fit(bank, more, belief.posterior.theta, rng)
                belief = rounds.after_data(study, 1, belief, closer, data, 1 + step)
            return belief.posterior.theta

        return sample

    return fit


def sbi_sampler(kind):
    """Train one of sbi's estimators with its defaults; return what samples the posterior of an outcome."""
    import torch
    from sbi import inference
    from sbi.utils import BoxUniform

    def fit(theta, y, seed):
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        prior = BoxUniform(torch.tensor(LOW, dtype=torch.float32), torch.tensor(HIGH, dtype=torch.float32))
        trainer = getattr(inference, kind)(prior, show_progress_bars=False)
        tensors = (torch.tensor(a, dtype=torch.float32) for a in (theta, y))
        trainer.append_simulations(*tensors).train()
        posterior = trainer.build_posterior()

        def sample(observed):
            x = torch.tensor(observed, dtype=torch.float32)
            return posterior.sample((SAMPLES,), x=x, show_progress_bars=False).numpy().astype(np.float64)

        return sample

    return fit


def run(method, fit, n):
    """Do what is missing of all observations and seeds of one method with n simulations."""
    observed = drawn(OBSERVATIONS, 999)[1]
    for seed in range(SEEDS):
        missing = [i for i in range(OBSERVATIONS) if (method, n, seed, i) not in done()]
        if not missing:
            continue
        theta, y = drawn(n, seed)
        start = time.process_time()
        sample = fit(theta, y, seed)
        training = time.process_time() - start
        for i in missing:
            start = time.process_time()
            samples = sample(observed[i])
            sampling = time.process_time() - start
            case = {"method": method, "simulations": n, "seed": seed, "observation": i}
            figures = compared(samples, exact(observed[i], i)) | {"training": training, "sampling": sampling}
            record(case | figures)


def record(line):
    RUNS.parent.mkdir(parents=True, exist_ok=True)
    with RUNS.open("a") as file:
        file.write(json.dumps(line) + "\n")
    print(line, flush=True)


def lines():
    return [json.loads(line) for line in RUNS.read_text().splitlines()] if RUNS.exists() else []


def done():
    return {(one["method"], one["simulations"], one["seed"], one["observation"]) for one in lines()}


def table():
    """Print medians over observations and seeds, with the lower and upper quartile of the C2ST."""
    found = lines()
    print(
        f"{'method':12} {'simulations':>11} {'C2ST':>6} {'quartiles':>13} {'mean/sd':>8} {'log sd':>7} "
        f"{'CPU s':>7} {'n':>3}"
    )
    for method, n in sorted({(one["method"], one["simulations"]) for one in found}, key=lambda key: (key[1], key[0])):
        cases = [one for one in found if (one["method"], one["simulations"]) == (method, n)]
        score, mean, sd = (np.array([one[name] for one in cases]) for name in ("c2st", "mean", "sd"))
        seconds = np.median([one["training"] + one["sampling"] for one in cases])
        low, high = np.quantile(score, [0.25, 0.75])
        print(
            f"{method:12} {n:11} {np.median(score):6.3f} {low:6.3f}-{high:.3f} {np.median(mean):8.3f} "
            f"{np.median(sd):7.3f} {seconds:7.1f} {len(cases):3}"
        )


def picture():
    """Draw the C2ST of every method against simulations: medians and quartiles."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    for i, method in enumerate(METHODS):
        scores = {
            n: [one["c2st"] for one in lines() if (one["method"], one["simulations"]) == (method, n)] for n in ALL
        }
        known = [n for n in ALL if scores[n]]
        low, middle, high = np.array([np.quantile(scores[n], [0.25, 0.5, 0.75]) for n in known]).T
        at = np.array(known) * 1.04 ** (i - 1)
        style = {"color": f"C{i}", "marker": "o", "capsize": 3, "label": METHODS[method]}
        axes.errorbar(at, middle, [middle - low, high - middle], **style)
    axes.axhline(0.5, color="0.6", linewidth=0.8)
    axes.set(xscale="log", xlabel="simulations", ylabel="C2ST against the exact posterior (0.5 is perfect)")
    axes.set_xticks(ALL, [str(n) for n in ALL])
    axes.minorticks_off()
    axes.legend(frameon=False)
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["ours", "rounds", "peer", "table"])
    parser.add_argument("--surrogates", nargs="+", default=["auto"], help="of ours")
    parser.add_argument("--simulations", nargs="+", type=int, help="how many, instead of those of the table")
    options = parser.parse_args()
    if options.command == "ours":
        for name in options.surrogates:
            for n in options.simulations or OURS:
                run(name, activesci_sampler(name), n)
    elif options.command == "rounds":
        for name in options.surrogates:
            for n in options.simulations or OURS:
                run(f"{name}, rounds", rounds_sampler(name), n)
    elif options.command == "peer":
        for n in options.simulations or PEERS:
            for name in ("NPE", "NRE", "NLE"):
                run(f"sbi {name}", sbi_sampler(name), n)
    else:
        table()
        picture()
