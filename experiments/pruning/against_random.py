"""Networks pruned at random, as many as a run has chosen: how much better chosen ones tell, and whether both agree.

    python experiments/pruning/against_random.py runs/pruning [--sets 4]

Posteriors are those of the Gibbs sampler (`reference.py`), for chosen and for random networks alike. Networks that are
there, in `runs/pruning_random.jsonl`, are not trained again.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from model import ASKED
from networks import accuracies
from reference import measured, sampled, table

from activesci import Study

HERE = Path(__file__).resolve().parent
LINES = HERE.parents[1] / "runs" / "pruning_random.jsonl"
DRAWS = 2000


def pruned_at_random(count: int) -> list[dict]:
    """Return networks of random designs and what came out, trained where they are not there."""
    rows = [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []
    space = Study.load(HERE / "study.yaml").design_space
    designs = [space.decode(xi) for xi in space.sample(count, np.random.default_rng(1))]
    with LINES.open("a") as file:
        for design in designs[len(rows) :]:
            rows.append({"design": design, "outcome": accuracies(design)})
            file.write(json.dumps(rows[-1]) + "\n")
            file.flush()
    return rows[:count]


def compared(chosen: list[dict], sets: int) -> Iterator[str]:
    """Yield a line for each coefficient."""
    rng, size = np.random.default_rng(2), len(chosen)
    others = pruned_at_random(sets * size)
    few = [table(others[i * size : (i + 1) * size]) for i in range(sets)]
    mine, theirs = sampled([table(chosen)], DRAWS, rng).drawn, sampled(few, DRAWS, rng).drawn
    everything = sampled([table(others)], DRAWS, rng).drawn
    heads = (
        "coefficient",
        f"{size} chosen",
        f"sd of {size} at random, {sets} sets",
        f"all {len(others)}",
        "difference",
    )
    yield f"| {' | '.join(heads)} |"
    yield "|---|---|---|---|---|"
    for at, name in enumerate(ASKED):
        one, rest = mine[:, 0, at], everything[:, 0, at]
        sds = theirs[:, :, at].std(axis=0)
        pull = (one.mean() - rest.mean()) / np.hypot(one.std(), rest.std())
        spread = f"{sds.mean():.3f} ({sds.min():.3f} to {sds.max():.3f})"
        yield (
            f"| {name} | {one.mean():.3f} +- {one.std():.3f} | {spread} | {rest.mean():.3f} +- {rest.std():.3f} | "
            f"{pull:+.1f} sd |"
        )


def main() -> None:
    """Train what is missing, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--sets", type=int, default=4)
    asked = parser.parse_args()
    for line in compared(measured(asked.run), asked.sets):
        print(line, flush=True)


if __name__ == "__main__":
    main()
