"""Score the samples that peer.py and ours.py have kept: their C2ST against the reference samples.

    .venv/bin/python experiments/benchmarks/inference/published/score.py [--watch] [--minutes 110]

Scores go to runs/benchmarks/published/scores.jsonl; what is there is not done again. The classifier is the authors',
on as many reference samples as there are samples. With ten parameters, where it takes a minute, two of its five
folds are evaluated: the same quantity, a little noisier (0.009 where five have 0.006).
"""

from tasks import OBSERVATIONS  # isort: skip # first: it sets the number of threads

import argparse
import time

from c2st import c2st, folds_of
from references import load
from rows import append, kept, read

FILE = "scores.jsonl"
FEWEST = 1000
"""A method that has fewer samples than these when its time is up has failed."""


def waiting():
    """Return the rows without a score: every method's first observations before its second ones, newest ones first."""
    scored = {row["draws"] for row in read(FILE)}
    rows = [row for row in [*read("ours.jsonl"), *read("peer.jsonl")][::-1] if row["draws"] not in scored]
    return sorted(rows, key=lambda row: OBSERVATIONS[row["seed"]].index(row["observation"]))


def score(row):
    """Score one row's samples."""
    start, samples = time.process_time(), kept(row["draws"])
    folds = folds_of(samples.shape[1])
    reference = load(row["task"])["samples"][row["observation"]]
    found = c2st(reference, samples, folds) if len(samples) >= FEWEST else 1.0
    append(FILE, {"draws": row["draws"], "c2st": found, "folds": folds, "seconds": time.process_time() - start})
    print(row["draws"], f"{found:.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--watch", action="store_true", help="wait for more")
    parser.add_argument("--minutes", type=float, default=110.0)
    options = parser.parse_args()
    begun = time.perf_counter()
    while time.perf_counter() - begun < 60 * options.minutes:
        if rows := waiting():
            score(rows[0])
        elif options.watch:
            time.sleep(10)
        else:
            break


if __name__ == "__main__":
    main()
