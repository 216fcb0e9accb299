"""Are hidden parameters of Pythia found again? Pseudo-data in place of ALEPH's, for several truths.

    python experiments/pythia_tune/closure.py --truths 10

Each truth is drawn from the middle 80 % of the prior. Its pseudo-data are 8 000 events and, in each bin, a Gaussian
error of the size of ALEPH's; the errors that the study states are both together. With `--placed` every truth has its
own campaign, which places simulations of its own as the tune of real data does, until it is settled or 300 are done:
an hour of CPU. Without, the same 160 simulations all over the prior, done once, must do for all; the surrogate is
fitted to them as a campaign's is, and the posterior sampled in the same way.

Every truth is a line of runs/pythia_tune/closure.jsonl (placed.jsonl), and is not done again.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import analysis
import generator
import numpy as np

import activesci as asci
from activesci.inference.base import Data
from activesci.inference.posterior import prior, update
from activesci.inference.tuning import Measured, TuningSurrogate
from activesci.ledger import Bank, Ledger, bank_of, fold

HERE = Path(__file__).resolve().parent
RUNS = HERE.parents[1] / "runs" / "pythia_tune"
EVENTS, BATCHES, INNER, BANK = 4000, 2, 0.8, 160
SETS = ("thrust", "charged", "mean_charged")


def generated(parameters, events, seed, folder):
    """Return the histograms of so many events."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    paths = {name: folder / f"{name}" for name in ("particles.npy", "shapes.npy", "histograms.json")}
    generator.generate({**parameters, "events": events}, {}, {"particles": paths["particles.npy"]}, rng)
    analysis.select({}, {"particles": paths["particles.npy"]}, {"shapes": paths["shapes.npy"]}, rng)
    analysis.histogram({}, {"shapes": paths["shapes.npy"]}, {"histograms": paths["histograms.json"]}, rng)
    return {name: np.atleast_1d(value) for name, value in json.loads(paths["histograms.json"].read_text()).items()}


def averaged(parameters, batches, seed, folder):
    """Return histograms of several batches of EVENTS together, and the errors of their number of events."""
    parts = [generated(parameters, EVENTS, [seed, batch], folder) for batch in range(batches)]
    mean = {name: np.mean([part[name] for part in parts], axis=0) for name in SETS}
    total = EVENTS * batches
    widths = {"thrust": np.diff(analysis.THRUST), "charged": 1.0}
    shares = {name: mean[name] * widths[name] for name in widths}
    errors = {name: np.sqrt(shares[name] * (1 - shares[name]) / total) / widths[name] for name in widths}
    numbers = np.arange(4, 55, 2)
    spread = (shares["charged"] * (numbers - mean["mean_charged"]) ** 2).sum()
    return mean, errors | {"mean_charged": np.atleast_1d(np.sqrt(spread / total))}


def pseudo_data(study, number):
    """Return hidden parameters, measured numbers and their errors."""
    rng = np.random.default_rng([91, number])
    names, space = study.parameter_space.names, study.parameter_space
    truth = space.from_cube(0.5 + INNER * (rng.random((1, space.dim)) - 0.5))[0]
    kept = RUNS / "closure" / f"data{number}.json"
    if not kept.exists():
        mean, errors = averaged(dict(zip(names, truth.tolist(), strict=True)), BATCHES, 1000 + number, kept.parent)
        kept.write_text(json.dumps([{name: part[name].tolist() for name in SETS} for part in (mean, errors)]))
    mean, own = ({name: np.array(part[name]) for name in SETS} for part in json.loads(kept.read_text()))
    stated = {name: np.array(study.tuning.data[name].errors) for name in SETS}
    errors = {name: np.hypot(stated[name], own[name]) for name in SETS}
    return truth, {name: rng.normal(mean[name], stated[name]) for name in SETS}, errors


def posed(study, number, bank=None):
    """Return the truth and the study of its pseudo-data, written into a folder of their own."""
    truth, measured, errors = pseudo_data(study, number)
    folder = RUNS / "closure" / ("bank" if bank else f"truth{number}")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("workflow.yaml", "generator.py", "analysis.py", "tune.cmnd"):
        put(folder / name, (HERE / name).read_text())
    outcome = {name: measured[name].tolist() for name in SETS} | {"mean_charged": float(measured["mean_charged"][0])}
    put(folder / "data.jsonl", json.dumps({"design": {}, "outcome": outcome}) + "\n")
    mapping = study.mapping()
    for name in SETS:
        mapping["tuning"]["data"][name]["errors"] = errors[name].tolist()
    mapping |= {"study": f"closure-{number}", "experiment": {"recorded": "data.jsonl"}, "executor": {"serial": {}}}
    mapping["tuning"].pop("events")  # simulations of 2 000 events each, as its tables say
    mapping["stop"] = {"any": [{"settled": 0.25}, {"simulations": 300}]}
    if bank is not None:
        mapping |= {"inference": {"simulations": bank, "passes": 1}, "stop": {"rounds": 1}}
    mapping["simulator"] |= {"cache": str(RUNS / "closure" / "cache")}
    put(folder / "study.yaml", json.dumps(mapping))
    return truth, folder


def put(path, text):
    """Write a file, unless it is there as it should be."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def campaigned(study, number):
    """Return what came of one truth with simulations of its own: after each round their number, means and sds."""
    truth, folder = posed(study, number)
    start = time.process_time()
    with asci.Campaign(asci.Study.load(folder / "study.yaml"), folder / "run") as campaign:
        result = campaign.run()
        rounds, total = [], 0
        for record in campaign.history.rounds:
            total += record.simulations
            if record.number:
                found = record.inferred.payload["posterior"]
                mean, sd = ([found[name][what] for name in study.parameter_space.names] for what in ("mean", "sd"))
                rounds.append({"simulations": total, "mean": mean, "sd": sd})
        ranks = (campaign.posterior.theta < truth).mean(axis=0).tolist()
        unsettled = float(campaign.posterior.disagreement.max())
    cpu = time.process_time() - start
    return {"truth": number, "theta": truth.tolist(), "rounds": rounds, "ranks": ranks, "unsettled": unsettled,
            "reason": result.reason, "cpu": cpu}  # fmt: skip


def bank_of_prior(study):
    """Return the first simulations of a campaign, BANK of them, all over the prior; they are done once."""
    _, folder = posed(study, 0, BANK)
    with asci.Campaign(asci.Study.load(folder / "study.yaml"), folder / "run") as campaign:
        if not campaign.history.rounds or not campaign.history.rounds[0].done:
            next(iter(campaign))
    with Ledger.read_only(folder / "run") as ledger:
        first = fold(ledger.events()).rounds[0]
        return Bank.join([bank_of(0, one, ledger.arrays) for one in first.passes])


def inferred(study, number, bank):
    """Return what came of one truth with simulations that all truths share, as `campaigned` does."""
    truth, measured, errors = pseudo_data(study, number)
    start, space, outcomes = time.process_time(), study.parameter_space, study.outcome_space
    covariance = np.diag(outcomes.flatten({name: one(errors[name]) for name in SETS}, {}) ** 2)
    used, rng = study.tuning.used(study), np.random.default_rng([17, number])
    empty = TuningSurrogate(space, outcomes, Measured(covariance, used, np.ones(len(used))))
    surrogate, _ = empty.fit(bank, len(bank), None, rng)
    y = outcomes.flatten({name: one(measured[name]) for name in SETS}, {})
    nothing, data = (Data(np.empty((n, 0)), np.tile(y, (n, 1))) for n in (0, 1))
    found = update(prior(space, 4096, rng), (surrogate, nothing), (surrogate, data), rng)
    rows = {
        "simulations": len(bank),
        "mean": found.theta.mean(axis=0).tolist(),
        "sd": found.theta.std(axis=0).tolist(),
    }
    return {"truth": number, "theta": truth.tolist(), "rounds": [rows], "reason": "",
            "ranks": (found.theta < truth).mean(axis=0).tolist(), "unsettled": float(found.disagreement.max()),
            "cpu": time.process_time() - start}  # fmt: skip


def one(numbers):
    """Return numbers as an outcome has them: a single one without a shape."""
    return float(numbers[0]) if len(numbers) == 1 else numbers


def table(rows, names):
    """Return the table."""
    last = [row["rounds"][-1] for row in rows]
    pulls = np.array([(np.array(row["theta"]) - end["mean"]) / end["sd"] for row, end in zip(rows, last, strict=True)])
    inside = np.abs(np.array([row["ranks"] for row in rows]) - 0.5) < 0.34
    lines = [f"{len(rows)} truths", "| | pull mean | pull sd | 68 % interval holds |", "|---|---|---|---|"]
    for i, name in enumerate(names):
        lines.append(f"| {name} | {pulls[:, i].mean():+.2f} | {pulls[:, i].std():.2f} | {inside[:, i].mean():.0%} |")
    lines.append(f"| all | {pulls.mean():+.2f} | {pulls.std():.2f} | {inside.mean():.0%} |")
    counts = [end["simulations"] for end in last]
    lines.append(f"simulations: median {np.median(counts):g}, most {max(counts)}; unsettled by at most "
                 f"{np.median([row['unsettled'] for row in rows]):.2f} sd (median); "
                 f"CPU {np.median([row['cpu'] for row in rows]):.0f} s a truth")  # fmt: skip
    return "\n".join(lines)


def main():
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--truths", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="the first truth, to run some of them side by side")
    parser.add_argument("--placed", action="store_true", help="place simulations of its own for each truth")
    parser.add_argument("--table", action="store_true", help="only show what is there")
    asked = parser.parse_args()
    lines = RUNS / ("placed.jsonl" if asked.placed else "closure.jsonl")
    study = asci.Study.load(HERE / "study.yaml")
    RUNS.mkdir(parents=True, exist_ok=True)
    missing = set(range(asked.first, asked.truths)) - {row["truth"] for row in rows_of(lines)}
    bank = None if asked.placed or asked.table or not missing else bank_of_prior(study)
    for number in [] if asked.table else sorted(missing):
        row = campaigned(study, number) if bank is None else inferred(study, number, bank)
        with lines.open("a") as file:
            file.write(json.dumps(row) + "\n")
    rows = [row for row in rows_of(lines) if row["truth"] < asked.truths]
    print(table(rows, study.parameter_space.names))  # noqa: T201


def rows_of(path):
    """Return the lines of a file of JSON; none if it is not there."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


if __name__ == "__main__":
    main()
