"""Rows of a benchmark, kept as JSON lines under runs/benchmarks: what is there is not done again."""

import argparse
import json
from pathlib import Path

RUNS = Path(__file__).resolve().parents[3] / "runs" / "benchmarks"


def truths(description, default):
    """Read the command line: how many hidden truths there are to be."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--truths", type=int, default=default)
    return parser.parse_args().truths


def kept(name, keys, run):
    """Return a row for each key, from the file or run now and appended to it.

    Args:
        name: The file's, without its ending.
        keys: Each a mapping that its row contains.
        run: Makes the row of a key's values.
    """
    file, found = RUNS / f"{name}.jsonl", []
    file.parent.mkdir(parents=True, exist_ok=True)
    known = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    for key in keys:
        row = next((row for row in known if key.items() <= row.items()), None)
        if row is None:
            row = run(*key.values())
            with file.open("a") as opened:
                opened.write(json.dumps(row) + "\n")
        found.append(row)
    return found
