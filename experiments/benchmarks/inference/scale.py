"""How much memory and time many simulations take: a million at once, and thirty rounds of a few.

    .venv/bin/python experiments/benchmarks/inference/scale.py million [--simulations 1000000]
    .venv/bin/python experiments/benchmarks/inference/scale.py rounds [--rounds 30]
    .venv/bin/python experiments/benchmarks/inference/scale.py table      # prints both, draws the picture

`million` makes a bank of simulations of ten numbers and trains a likelihood on it; printed is the memory that the
process occupies before, with the bank, and at most while it trains. `rounds` refits after 200 new simulations a round,
as a campaign does; printed are the CPU seconds of the refits, which ought to depend on the new simulations and not on
the square of the rounds. Where the bank has doubled since the last full training, there is another one.
"""

import argparse
import json
import os
import resource
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from activesci import Study
from activesci.inference.likelihood import LikelihoodSurrogate
from activesci.ledger import Bank

HERE = Path(__file__).resolve().parent
LINES = HERE.parents[2] / "runs" / "benchmarks" / "scale.jsonl"
NUMBERS, FIRST, MORE = 10, 1000, 200


def study(numbers):
    return Study(
        study="scale",
        parameters={name: {"prior": {"uniform": [0.5, 2.0]}} for name in ("a", "b", "c")},
        design={"xi": {"real": [0, 2]}},
        outcome={"y": {"real": [numbers] if numbers > 1 else []}},
        simulator={"function": "none:none"},
        experiment={"manual": True},
        stop={"rounds": 1},
    )


def empty(numbers):
    asked = study(numbers)
    return LikelihoodSurrogate(asked.parameter_space, asked.design_space, asked.outcome_space)


def simulated(n, numbers, rng):
    """A bank of a damped swing, looked at so many times after a delay xi."""
    theta, xi = 0.5 + 1.5 * rng.random((n, 3)), 2 * rng.random((n, 1))
    y = np.empty((n, numbers))
    for i in range(numbers):
        time_ = xi[:, 0] + 0.3 * i
        y[:, i] = theta[:, 0] * np.exp(-theta[:, 1] * time_) * np.cos(theta[:, 2] * time_)
    y += 0.05 * rng.standard_normal(y.shape)
    return Bank.of(0, theta, xi, [{"index": np.arange(n), "y": y}])


def occupied():
    """Memory that the process occupies now, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def most():
    """The most memory that the process has occupied so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def million(n):
    rng = np.random.default_rng(0)
    empty(NUMBERS).fit(simulated(500, NUMBERS, rng), 0, None, rng)  # what the libraries themselves occupy
    before = occupied()
    bank = simulated(n, NUMBERS, rng)
    columns = [bank.theta, bank.xi, bank.y, bank.valid, bank.round, bank.index]
    size, with_bank, peak = sum(column.nbytes for column in columns) / 2**20, occupied(), most()
    began = time.process_time()
    _, info = empty(NUMBERS).fit(bank, 0, None, rng)
    return {
        "what": "million",
        "simulations": n,
        "libraries": before,
        "bank": size,
        "with_bank": with_bank,
        "making": peak,
        "training": most(),
        "steps": info.steps,
        "held_out": info.held_out,
        "cpu": time.process_time() - began,
    }


def rounds(count):
    """Yield what each refit costs."""
    rng, surrogate = np.random.default_rng(0), empty(1)
    bank = simulated(FIRST, 1, rng)
    for number in range(count + 1):
        if number:
            bank = Bank.join([bank, simulated(MORE, 1, rng)])
        began = time.process_time()
        surrogate, info = surrogate.fit(bank, MORE, None, rng)
        cpu = time.process_time() - began
        yield {"what": "rounds", "round": number, "simulations": len(bank), "warm": info.warm, "cpu": cpu}


def record(line):
    LINES.parent.mkdir(parents=True, exist_ok=True)
    with LINES.open("a") as file:
        file.write(json.dumps(line) + "\n")
    print(line, flush=True)


def lines(what):
    every = [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []
    return [line for line in every if line["what"] == what]


def table():
    """Print the last run of each, and draw the cost of the refits."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    for line in lines("million")[-1:]:
        print("| simulations | libraries | bank | with the bank | most while training | steps | CPU s |")
        print("|---|---|---|---|---|---|---|")
        sizes = " | ".join(f"{line[name]:.0f} MiB" for name in ("libraries", "bank", "with_bank", "training"))
        print(f"| {line['simulations']} | {sizes} | {line['steps']} | {line['cpu']:.0f} |\n")
    found = {line["round"]: line for line in lines("rounds")}
    if not found:
        return
    number, cpu = list(found), np.array([line["cpu"] for line in found.values()])
    warm = np.array([line["warm"] for line in found.values()])
    print("| rounds | refits | CPU s each | full trainings | CPU s together |\n|---|---|---|---|---|")
    for part in np.array_split(np.arange(1, len(cpu)), 3):
        each = f"{np.median(cpu[part][warm[part]]):.2f}"
        row = (f"{part[0]} to {part[-1]}", warm[part].sum(), each, (~warm[part]).sum(), f"{cpu[part].sum():.1f}")
        print("| " + " | ".join(map(str, row)) + " |")
    figure, axes = plt.subplots(figsize=(5.2, 2.8))
    axes.bar(number, cpu, color=np.where(warm, "C0", "C3"))
    axes.set(xlabel="round", ylabel="CPU seconds", title="refits (blue) and full trainings (red)")
    figure.tight_layout()
    figure.savefig(HERE / "scale.png", dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["million", "rounds", "table"])
    parser.add_argument("--simulations", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    if options.what == "million":
        record(million(options.simulations))
    elif options.what == "rounds":
        for line in rounds(options.rounds):
            record(line)
    else:
        table()


if __name__ == "__main__":
    main()
