"""Results as JSON lines: one for each run and observation, skipped when a script is started again."""

import hashlib
import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[4] / "runs" / "benchmarks" / "published"


def read(file):
    """Return all rows of a file in runs/benchmarks/published/."""
    path = FOLDER / file
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def append(file, row):
    """Add a row to a file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / file).open("a") as opened:
        opened.write(json.dumps(row) + "\n")


def missing(file, run, observations, **also):
    """Return which observations of a run have no row that also says what `also` says."""
    wanted = run | also
    done = {row["observation"] for row in read(file) if all(row.get(name) == one for name, one in wanted.items())}
    return [number for number in observations if number not in done]


def keep(name, samples):
    """Keep posterior samples (n, d) under a name, to be scored later."""
    (FOLDER / "samples").mkdir(parents=True, exist_ok=True)
    np.save(FOLDER / "samples" / f"{name}.npy", samples.astype(np.float32))


def kept(name):
    """Return the samples of a name."""
    return np.load(FOLDER / "samples" / f"{name}.npy").astype(np.float64)


def digest(*arrays):
    """Return a short digest of arrays: equal simulations have equal digests."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()[:16]
