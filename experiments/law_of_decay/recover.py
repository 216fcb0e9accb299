"""Is the right law found, under each truth, and how soon? Chosen times against random ones.

    python experiments/law_of_decay/recover.py [--seeds 2] [--parameters prior]

Every campaign is registered, run blind and opened, in a folder of its own below runs/. Counted is after how many
measurements a law was claimed, and which. By default the truths are exponential with rate 0.4 and power law with power
1.2; with `--parameters prior` those of each seed are drawn from the priors, where the two laws are often alike. A
campaign that is there is not run again.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from activesci import Campaign, Study

HERE = Path(__file__).resolve().parent
RUNS = HERE.parents[1] / "runs" / "law_of_decay"
FIXED = {"exponential": {"amplitude": 1.0, "rate": 0.4}, "power_law": {"amplitude": 1.0, "power": 1.2}}
DESIGNERS = {"chosen": {"grid": {"points": 61}, "target": "hypothesis"}, "random": {"random": {}}}
MOST = 25
"""Measurements after which a campaign ends undecided, as the study says."""


def nature(study: Study, truth: str, parameters: str, seed: int) -> dict:
    """Return the experiment in which a hypothesis is true."""
    one = next(each for each in study.rivals if each.name == truth)
    drawn = one.space.from_cube(np.random.default_rng(seed).random((1, one.space.dim)))[0]
    values = FIXED[truth] if parameters == "fixed" else dict(zip(one.space.names, drawn.tolist(), strict=True))
    return {"truth": values, **({"hypothesis": truth} if one.own else {})}


def campaign(truth: str, designer: str, seed: int, parameters: str) -> dict:
    """Register and run a campaign, unless that is done, and return what it came to."""
    folder = RUNS / f"{parameters}-{truth}-{designer}-{seed}"
    if not (folder / "result.json").exists():
        study = Study.load(HERE / "study.yaml")
        settings = {
            "experiment": nature(study, truth, parameters, seed),
            "designer": DESIGNERS[designer],
            "seed": seed,
        }
        study = study.with_settings({**settings, "expect": [f"probability of {truth} above 0.99"]})
        start = time.process_time()
        if not folder.exists():
            Campaign.register(study, folder)
        with Campaign(study, folder) as running:
            running.run()
        Campaign.unblind(folder)
        said = json.loads((folder / "summary.json").read_text())
        claim = said["hypotheses"]["claim"]
        found = {"verdict": claim["verdict"], "claimed": claim["hypothesis"], "measurements": len(said["rounds"])}
        (folder / "result.json").write_text(json.dumps({**found, "cpu": time.process_time() - start}))
    return json.loads((folder / "result.json").read_text())


def row(truth: str, designer: str, found: list[dict]) -> str:
    """Return a line of the table."""
    right = sum(one["claimed"] == truth and one["verdict"] == "claimed" for one in found)
    false = sum(one["verdict"] == "claimed" and one["claimed"] != truth for one in found)
    taken = np.array([one["measurements"] for one in found])
    low, middle, high = np.quantile(taken, (0.1, 0.5, 0.9), method="nearest")
    cells = [
        truth,
        designer,
        f"{right} of {len(found)}",
        str(false),
        f"{middle:g} ({low:g} to {high:g})",
        f"{taken.mean():.1f}",
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--parameters", choices=("fixed", "prior"), default="fixed")
    asked = parser.parse_args()
    print("| truth | times | claimed | false claims | measurements, median (10 to 90 %) | mean |")
    print("|---|---|---|---|---|---|")
    cpu = 0.0
    for truth in FIXED:
        for designer in DESIGNERS:
            found = [campaign(truth, designer, seed, asked.parameters) for seed in range(1, asked.seeds + 1)]
            cpu += sum(one["cpu"] for one in found)
            print(row(truth, designer, found), flush=True)
    print(f"\nCPU seconds of all campaigns: {cpu:.0f}")


if __name__ == "__main__":
    main()
