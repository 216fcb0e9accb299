"""How often is a right simulator accused where the loop chooses the designs? Whole campaigns of the product.

    .venv/bin/python experiments/benchmarks/inference/alarm_chosen.py [--runs 300] [--table]

`alarm.py` sets designs beforehand, and one problem. Here three studies run for ten rounds with the exact likelihood,
each of their truths drawn from the prior, and take the design of the largest gain among 21 each time, so that designs
depend on what was measured before. Printed is the share of campaigns with an alarm that accuses the simulator, by its
kind, with one binomial error; the stated rates are those of `alarm.py`. Every campaign is a line of
`runs/benchmarks/alarm_chosen.jsonl`, and is not done again.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import activesci as asci
from activesci.ledger import Kind, Ledger

HERE = Path(__file__).resolve().parent
EXPERIMENTS, LINES = HERE.parents[1], HERE.parents[2] / "runs" / "benchmarks" / "alarm_chosen.jsonl"
STUDIES = ("decay", "gaussian_cosine", "weinberg_toy")
KINDS = {"misfit": "single", "misfits": "together", "scatter": "scatter", "missing": "constant"}
ROUNDS, TRUTH = 10, 71  # and what sets the stream of truths apart from the campaign's own
SETTINGS = {
    "inference.surrogate": "exact",
    "inference.particles": 512,
    "designer": {"grid": {"points": 21}},
    "stop": {"rounds": ROUNDS},
}


def accused(name, seed):
    """Return the kinds of alarm that a campaign of a right simulator raises."""
    study = asci.Study.load(EXPERIMENTS / name / "study.yaml")
    space = study.parameter_space
    theta = space.from_cube(np.random.default_rng([TRUTH, seed]).random((1, len(space.names))))
    truth = dict(zip(space.names, theta[0].tolist(), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        settings = {**SETTINGS, "seed": seed, "experiment": {"truth": truth}}
        with asci.Campaign(study.with_settings(settings), Path(folder) / "run") as campaign:
            for _ in campaign:
                pass
        with Ledger.read_only(Path(folder) / "run") as ledger:
            return sorted({event.payload["what"] for event in ledger.events() if event.kind is Kind.ALARM})


def lines():
    return [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []


def run(runs):
    """Do what has not been done, all studies evenly."""
    done = {(line["study"], line["seed"]) for line in lines()}
    LINES.parent.mkdir(parents=True, exist_ok=True)
    for seed in range(runs):
        for name in STUDIES:
            if (name, seed) not in done:
                line = {"study": name, "seed": seed, "alarms": accused(name, seed)}
                with LINES.open("a") as file:
                    file.write(json.dumps(line) + "\n")


def share(flags):
    """Return a share with its binomial error, as text."""
    mean = np.mean(flags)
    return f"{mean:.1%} +- {np.sqrt(max(mean * (1 - mean), 1 / len(flags) / 2) / len(flags)):.1%}"


def table():
    print("| right simulator, designs chosen | alarm | " + " | ".join(KINDS.values()) + " | others | runs |")
    print("|---" * (len(KINDS) + 4) + "|")
    for name in STUDIES:
        found = [set(line["alarms"]) for line in lines() if line["study"] == name]
        if found:
            cells = [share([bool(one & KINDS.keys()) for one in found])]
            cells += [share([kind in one for one in found]) for kind in KINDS]
            others = sorted(set().union(*found) - KINDS.keys())
            print(f"| {name} | " + " | ".join(cells) + f" | {', '.join(others)} | {len(found)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--table", action="store_true", help="show what is there, and run nothing")
    given = parser.parse_args()
    if not given.table:
        run(given.runs)
    table()


if __name__ == "__main__":
    main()
