"""What it costs to learn from 50 new simulations after 1000, and how good the density then is, beside sbi.

    .venv/bin/python experiments/benchmarks/inference/warm_refit.py ours     # in this project's environment
    python experiments/benchmarks/inference/warm_refit.py peer               # in an environment with sbi 0.27.0
    .venv/bin/python experiments/benchmarks/inference/warm_refit.py table    # prints the table, draws the picture

Two simulators: `decay`, y = a exp(-b xi) + 0.1 t4, one outcome of two parameters and a design; and `moons`, two
outcomes of two parameters on a curved ridge. A likelihood is learned from 1000 simulations and goes on, three times,
with 50 more; then another one is learned from all 1150 from scratch. sbi's NLE does the same with its defaults
(append and train, which keeps its network). Printed are CPU seconds and the mean log density of 2000 other
simulations, nats, the mean over seeds. Every case is a line of `runs/benchmarks/warm_refit.jsonl`, and is not done
again.
"""

import argparse
import json
import os
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

HERE = Path(__file__).resolve().parent
LINES = HERE.parents[2] / "runs" / "benchmarks" / "warm_refit.jsonl"
FIRST, MORE, TIMES, FRESH = 1000, 50, 3, 2000
STEPS = ("first", *(f"+{MORE * (i + 1)}" for i in range(TIMES)), "scratch")


def decay(n, rng):
    """Parameters (n, 2), designs (n, 1) and outcomes (n, 1)."""
    theta, xi = np.array([0.5, 0.1]) + np.array([1.5, 1.9]) * rng.random((n, 2)), 5 * rng.random((n, 1))
    return theta, xi, theta[:, :1] * np.exp(-theta[:, 1:] * xi) + 0.1 * rng.standard_t(4, size=(n, 1))


def moons(n, rng):
    """Parameters (n, 2), no designs (n, 0) and outcomes (n, 2) on a bow around what the parameters say."""
    theta, angle, radius = 2 * rng.random((n, 2)) - 1, np.pi * (rng.random(n) - 0.5), rng.normal(0.1, 0.01, n)
    bow = np.stack([radius * np.cos(angle) + 0.25, radius * np.sin(angle)], axis=1)
    turned = np.stack([-np.abs(theta.sum(axis=1)), theta[:, 1] - theta[:, 0]], axis=1) / np.sqrt(2)
    return theta, np.empty((n, 0)), bow + turned


SIMULATORS = {"decay": decay, "moons": moons}
RANGES = {"decay": ([0.5, 2.0], [0.1, 2.0]), "moons": ([-1.0, 1.0], [-1.0, 1.0])}


def drawn(name, seed):
    """The simulations to learn from, and those to judge by."""
    return SIMULATORS[name](FIRST + TIMES * MORE, np.random.default_rng([7, seed])), SIMULATORS[name](
        FRESH, np.random.default_rng([8, seed])
    )


def ours(name, seed):
    """Yield what each step cost, and how the density then describes other simulations."""
    from activesci import Study
    from activesci.inference.base import mixed
    from activesci.inference.likelihood import LikelihoodSurrogate
    from activesci.ledger import Bank

    study = Study(
        study="warm-refit",
        parameters={f"p{i}": {"prior": {"uniform": list(ends)}} for i, ends in enumerate(RANGES[name])},
        design={"xi": {"real": [0, 5]}} if name == "decay" else {},
        outcome={"y": {"real": [] if name == "decay" else [2]}},
        simulator={"function": "none:none"},
        experiment={"manual": True},
        stop={"rounds": 1},
    )
    (theta, xi, y), (t, x, other) = drawn(name, seed)
    bank = Bank.of(0, theta, xi, [{"index": np.arange(len(theta)), "y": y}])
    rng = np.random.default_rng(seed)
    empty = LikelihoodSurrogate(study.parameter_space, study.design_space, study.outcome_space)

    def judged(surrogate, began):
        cpu = time.process_time() - began
        each = [
            mixed(surrogate.log_prob(t[i : i + 1], x[i : i + 1], other[None, None, i : i + 1])[0, :, 0])
            for i in range(FRESH)
        ]
        return cpu, float(np.mean(each))

    surrogate = empty
    for n in range(FIRST, FIRST + TIMES * MORE + 1, MORE):
        began = time.process_time()
        surrogate, _ = surrogate.fit(bank.where(np.arange(len(bank)) < n), MORE, None, rng)
        yield judged(surrogate, began)
    began = time.process_time()
    yield judged(empty.fit(bank, 0, None, rng)[0], began)


def peer(name, seed):
    """Yield the same of sbi's NLE with its defaults."""
    import torch
    from sbi.inference import NLE
    from sbi.utils import BoxUniform

    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    ranges = [*RANGES[name], [0.0, 5.0]] if name == "decay" else RANGES[name]
    prior = BoxUniform(*(torch.tensor([ends[i] for ends in ranges]) for i in (0, 1)))
    (theta, xi, y), (t, x, other) = drawn(name, seed)
    tensors = [torch.tensor(a, dtype=torch.float32) for a in (np.concatenate([theta, xi], 1), y)]
    judges = [torch.tensor(a, dtype=torch.float32) for a in (np.concatenate([t, x], 1), other)]

    def trained(trainer, rows):
        began = time.process_time()
        estimator = trainer.append_simulations(*(tensor[rows] for tensor in tensors)).train()
        cpu = time.process_time() - began
        with torch.no_grad():
            return cpu, float(estimator.log_prob(judges[1][None], condition=judges[0]).mean())

    trainer, last = NLE(prior, show_progress_bars=False), 0
    for n in range(FIRST, FIRST + TIMES * MORE + 1, MORE):
        yield trained(trainer, slice(last, n))
        last = n
    yield trained(NLE(prior, show_progress_bars=False), slice(0, None))


def run(who, seeds):
    LINES.parent.mkdir(parents=True, exist_ok=True)
    for seed in range(seeds):
        for name in SIMULATORS:
            if (who.__name__, name, seed) not in {(one["who"], one["simulator"], one["seed"]) for one in lines()}:
                steps = {step: list(found) for step, found in zip(STEPS, who(name, seed), strict=True)}
                line = {"who": who.__name__, "simulator": name, "seed": seed, "steps": steps}
                with LINES.open("a") as file:
                    file.write(json.dumps(line) + "\n")
                print(line, flush=True)


def lines():
    return [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []


def table():
    """Print CPU seconds and log densities, means over seeds, and draw one against the other."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(SIMULATORS), figsize=(6.4, 2.9))
    print("| simulator | | " + " | ".join(STEPS) + " | seeds |\n|---|---|" + "---|" * (len(STEPS) + 1))
    for panel, name in zip(axes, SIMULATORS, strict=True):
        for who, label, mark in (("ours", "activesci", "o-"), ("peer", "sbi NLE", "s--")):
            found = [one["steps"] for one in lines() if (one["who"], one["simulator"]) == (who, name)]
            if found:
                cpu, score = np.mean([[one[step] for step in STEPS] for one in found], axis=0).T
                cells = (f"{c:.1f} s, {s:.3f}" for c, s in zip(cpu, score, strict=True))
                print(f"| {name} | {label} | " + " | ".join(cells) + f" | {len(found)} |")
                panel.plot(np.cumsum(cpu[:-1]), score[:-1], mark, label=label, markersize=4)
        panel.set(title=name, xlabel="CPU seconds so far")
    axes[0].set_ylabel("held-out log density [nats]")
    axes[0].legend(fontsize=8, frameon=False)
    figure.tight_layout()
    figure.savefig(HERE / "warm_refit.png", dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["ours", "peer", "table"])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    table() if options.what == "table" else run({"ours": ours, "peer": peer}[options.what], options.seeds)


if __name__ == "__main__":
    main()
