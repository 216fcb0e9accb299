"""What was measured, joined: runs, their scores, and what the papers say."""

import csv
from pathlib import Path

import numpy as np
from rows import read
from tasks import TASKS

HERE = Path(__file__).resolve().parent
NAMES = tuple(TASKS)
PEERS = ("NPE", "NLE", "NRE")
COLUMNS = ("task", "method", "kind", "simulations", "seed", "observation", "fit", "sample", "c2st", "folds")
COLUMNS += ("epochs", "steps", "samples", "digest", "version", "commit", "engine")
RUN = ("task", "method", "simulations", "seed", "observation", "version", "engine")
"""What tells one run from another: a row of the same run replaces the one that is kept."""

PUBLISHED = {
    ("two_moons", "NPE"): (0.715, 0.608),
    ("two_moons", "NLE"): (0.789, 0.693),
    ("slcp", "NPE"): (0.973, 0.907),
    ("slcp", "NLE"): (0.954, 0.756),
    ("gaussian_linear", "NPE"): (0.686, 0.534),
    ("gaussian_linear", "NLE"): (0.611, 0.543),
}
"""Median C2ST at 1000 and 10000 simulations, Lueckmann et al. 2021, arXiv:2101.04653, of sbi as it was then."""


def joined(file):
    """Return the rows of a file that have a score, with it."""
    scores = {row["draws"]: row for row in read("scores.jsonl")}
    return [row | {key: scores[row["draws"]][key] for key in ("c2st", "folds")} for row in known(file, scores)]


def known(file, scores):
    """Return the rows of a file that have a score."""
    return [row for row in read(file) if row["draws"] in scores]


def export():
    """Add what runs/ has to the tables beside this file, where it is kept: peer.csv and ours.csv."""
    for name in ("peer", "ours"):
        if new := [rounded(row) for row in joined(f"{name}.jsonl")]:
            rows = {tuple(str(row.get(key, "")) for key in RUN): row for row in [*written(name), *new]}
            with (HERE / f"{name}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows.values())


def rounded(row):
    """Return a row with numbers of four digits."""
    return {key: float(f"{value:.4g}") if isinstance(value, float) else value for key, value in row.items()}


def written(name):
    """Return the rows of a kept table as they are written; nothing if there is none."""
    path = HERE / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def kept(name):
    """Return the rows of a kept table, numbers as numbers."""
    return [{key: number(value) for key, value in row.items()} for row in written(name)]


def number(text):
    """Return a cell as a number, if it is one."""
    try:
        return int(text) if text.isdigit() else float(text)
    except ValueError:
        return text


def latest(rows):
    """Return, of several rows of one run and observation, the last."""
    return list({tuple(row[key] for key in COLUMNS[:2] + COLUMNS[3:6]): row for row in rows}.values())


class Results:
    """All rows, ours those of the last run of each.

    Args:
        method: Which of our rows: that of the surrogate that was asked for.
    """

    def __init__(self, method="auto"):
        ours = latest([row | {"method": "ours"} for row in kept("ours") if row["method"] == method])
        self.rows = ours + kept("peer")

    def of(self, task, method, simulations):
        """Return the rows of a task and method, by seed and observation."""
        wanted = (task, method, simulations)
        found = [row for row in self.rows if (row["task"], row["method"], row["simulations"]) == wanted]
        return {(row["seed"], row["observation"]): row for row in found}

    def ahead(self, task, simulations):
        """Return by how much our median C2ST is above that of the best peer, each on the observations both have."""
        ours = self.of(task, "ours", simulations)
        found = []
        for peer in PEERS:
            theirs = self.of(task, peer, simulations)
            if shared := sorted(ours.keys() & theirs.keys()):
                found.append(np.median([[ours[one]["c2st"], theirs[one]["c2st"]] for one in shared], axis=0))
        return max((mine - other for mine, other in found), default=np.nan)

    def ratio(self, task, peer, simulations):
        """Return the peer's CPU seconds of fit and samples over ours, medians."""
        mine, theirs = (self.of(task, method, simulations).values() for method in ("ours", peer))
        return seconds(theirs) / seconds(mine) if mine and theirs else np.nan


def seconds(rows):
    """Return the median CPU seconds of a fit and the samples of one observation."""
    return float(np.median([row["fit"] + row["sample"] for row in rows])) if rows else np.nan
