"""Do the intervals of tuned parameters hold the truth as often as they say, and is what nobody can tell shown as such?

python experiments/benchmarks/tuning/toy.py --truths 50
"""

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from generator import EVENTS, NAMES, expected
from kept import kept, truths

import activesci as asci

HERE = Path(__file__).parent
FINE = 0.01
"""The relative error that every bin has beside that of its number of events."""


def data(truth, rng):
    """Return measured shares (40,) and their errors."""
    shares = expected(truth)[0]
    errors = np.sqrt(shares * (1 - shares) / EVENTS + (FINE * shares) ** 2 + 1e-9)
    return rng.normal(shares, errors), errors


def question(errors, seed):
    """Return the study of data with these errors."""
    return {
        "study": "toy-tuning",
        "seed": seed,
        "parameters": {name: {"prior": {"uniform": [0, 1]}} for name in NAMES},
        "outcome": {"shape": {"real": [20]}, "count": {"real": [20]}},
        "simulator": {"function": "generator:simulate", "batch": True},
        "experiment": {"recorded": "data.jsonl"},
        "tuning": {"data": {"shape": {"errors": errors[:20].tolist()}, "count": {"errors": errors[20:].tolist()}}},
        "inference": {"simulations": 80, "per_round": 20, "passes": 1, "particles": 2048},
        "stop": {"any": [{"settled": 0.25}, {"rounds": 8}]},
    }


def run(number):
    """Return what came of one truth."""
    rng = np.random.default_rng([8, number])
    truth = rng.uniform(0.1, 0.9, 6)
    y, errors = data(truth, rng)
    start = time.process_time()
    with TemporaryDirectory() as folder:
        study = Path(folder)
        (study / "generator.py").write_text((HERE / "generator.py").read_text())
        (study / "data.jsonl").write_text(
            json.dumps({"design": {}, "outcome": {"shape": y[:20].tolist(), "count": y[20:].tolist()}}) + "\n"
        )
        (study / "study.yaml").write_text(json.dumps(question(errors, number)))
        with asci.Campaign(asci.Study.load(study / "study.yaml"), study / "run") as campaign:
            for _ in campaign:
                pass
            return told(campaign, truth) | {"truth": number, "cpu": time.process_time() - start}


def told(campaign, truth):
    """Return ranks and pulls of the parameters and of the sum, and how the data's directions are shown."""
    theta = np.column_stack([campaign.posterior.theta, campaign.posterior.theta[:, 4:].sum(axis=1)])
    true = np.append(truth, truth[4:].sum())
    directions = campaign.history.inferred.payload["tuning"]["directions"]
    blind = [[one["parts"][name] for name in NAMES] for one in directions if not one["identified"]]
    return {
        "ranks": (theta < true).mean(axis=0).tolist(),
        "pulls": ((true - theta.mean(axis=0)) / theta.std(axis=0)).tolist(),
        "simulations": campaign.history.simulations,
        "unsettled": float(campaign.posterior.disagreement.max()),
        "reason": campaign.history.reason,
        "unidentified": blind,
        "alarms": [alarm["message"] for alarm in campaign.history.alarms],
    }


def table(rows):
    """Return the table."""
    ranks, pulls = (np.array([row[what] for row in rows]) for what in ("ranks", "pulls"))
    inside = np.abs(ranks - 0.5) < 0.34
    difference = np.array([0, 0, 0, 0, 1, -1]) / np.sqrt(2)
    one = [row["unidentified"] for row in rows if len(row["unidentified"]) == 1]
    right = sum(abs(np.array(only[0]) @ difference) > 0.95 for only in one)
    lines = [f"{len(rows)} truths", "| | 68 % interval holds | pull mean | pull sd |", "|---|---|---|---|"]
    for i, name in enumerate([*NAMES, "width + blur"]):
        lines.append(f"| {name} | {inside[:, i].mean():.0%} | {pulls[:, i].mean():+.2f} | {pulls[:, i].std():.2f} |")
    lines.append(f"| the six together | {inside[:, :6].mean():.0%} | | |")
    lines.append(
        f"simulations: median {np.median([row['simulations'] for row in rows]):g}, most "
        f"{max(row['simulations'] for row in rows)}; CPU {np.median([row['cpu'] for row in rows]):.1f} s"
    )
    lines.append(
        f"settled: {sum('move no parameter' in row['reason'] for row in rows)}; alarms in "
        f"{sum(bool(row['alarms']) for row in rows)}"
    )
    lines.append(f"one unidentified direction, the difference of width and blur: {right} of {len(rows)}")
    return "\n".join(lines)


def main():
    """Run what is missing, and print the table."""
    print(table(kept("tuning_toy", [{"truth": number} for number in range(truths(__doc__, 50))], run)))  # noqa: T201


if __name__ == "__main__":
    main()
