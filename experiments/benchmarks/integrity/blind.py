"""Trial 17 on whole studies: run blind, search all that is there and is said for what is hidden, open, and find it.

    .venv/bin/python experiments/benchmarks/integrity/blind.py [--seeds 3] [STUDY ...]

What has been run is not run again; lines go to runs/benchmarks/blind.jsonl. A table is printed.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from click.testing import CliRunner
from leaks import Secrets, leaks

import activesci as asci
from activesci.cli import main
from activesci.integrity.blinding import shifts_of
from activesci.ledger import Ledger, fold
from activesci.ledger.sealing import kept_key
from activesci.report.numbers import rounded

EXPERIMENTS = Path(__file__).parents[2]
LINES = EXPERIMENTS.parent / "runs" / "benchmarks" / "blind.jsonl"
STUDIES = ("decay/study.yaml", "weinberg/study.yaml")
FAR = 20.0
"""An offset of so many sd moves every tick of an axis away from what it hides."""
COMMANDS = (["status"], ["status", "--json"], ["status", "--failures"], ["verify"], ["report"], ["resume", "--json"])


def secrets_of(study: asci.Study, folder: Path) -> Secrets:
    """Return what is hidden: offsets, posteriors of all rounds, evidence, gains, outcomes that chance cannot hit."""
    with Ledger.open(folder) as ledger:
        history = fold(ledger.events())
        key = kept_key(folder, history.blinding.payload["commitment"])
        shifts = shifts_of(study, key)
        numbers = {f"offset of {name}": shift.offset for name, shift in shifts.items()}
        for record in history.rounds[1:]:
            said, where = record.inferred.payload, f"round {record.number}"
            for name, one in said["posterior"].items():
                numbers |= {f"{place} of {name}, {where}": one[place] for place in ("mean", "q05", "q50", "q95")}
            numbers |= {f"evidence, {where}": said["log_evidence"], f"realised, {where}": said.get("realised")}
            numbers |= {f"gain {one['id']}, {where}": one["gain"] for one in record.proposals}
        theta = ledger.arrays(history.inferred)["theta"]
    names = study.parameter_space.names
    numbers |= {f"sample {i} of {name}": theta[i, j] for i in (0, len(theta) // 2) for j, name in enumerate(names)}
    last = history.inferred.payload["posterior"]
    kept = {name: float(value) for name, value in numbers.items() if value is not None and _long(float(value))}
    words = {f"{name} as a report has it": rounded(last[name]["mean"], last[name]["sd"]) for name in names}
    # where the offset happens to be small, the axis around what is shown is around the truth too, and says nothing
    far = {name: last[name] for name in names if abs(shifts[name].offset) > FAR * last[name]["sd"]}
    return Secrets(kept, words, {name: (one["mean"], one["sd"]) for name, one in far.items()})


def _long(value: float) -> bool:
    return len(f"{value:.12g}".strip("-0").replace(".", "")) >= 7


def commanded(folder: Path, to: Path) -> dict[str, str]:
    """Return what commands say, and export what may be exported."""
    runs = [[one[0], str(folder), *one[1:]] for one in COMMANDS]
    runs += [["export", kind, str(folder), "--to", str(to / kind)] for kind in ("csv", "crate", "parquet")]
    runs += [["export", "arviz", str(folder), "--to", str(to / "run.nc")]]
    return {" ".join(run): CliRunner().invoke(main, run).output for run in runs}


def trial(path: str, seed: int) -> dict[str, object]:
    """Run one study blind and return how often what is hidden was found, before and after it was opened."""
    study = asci.Study.load(EXPERIMENTS / path).without("blind", "expect").with_settings({"seed": seed, "blind": {}})
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as place:
        folder, told = Path(place) / "run", []
        with asci.Campaign(study, folder) as campaign:
            for state in campaign:
                told.append(f"{state} {state.posterior.summary()} {campaign.summary()} {campaign._repr_html_()}")
            campaign.run()
        secrets = secrets_of(study, folder)
        texts = {"Python": "\n".join(told), **commanded(folder, Path(place) / "before")}
        found = leaks(secrets, folder, texts) + leaks(secrets, Path(place) / "before", {})
        opened = CliRunner().invoke(main, ["unblind", str(folder)])
        texts = commanded(folder, Path(place) / "after")
        then = leaks(secrets, folder, texts) + leaks(secrets, Path(place) / "after", {})
        files = sum(one.is_file() for one in Path(place).rglob("*"))
    hidden = {*secrets.numbers, *secrets.words}
    seen = hidden & {hit.rpartition(": ")[2] for hit in then}
    said = {"study": path, "seed": seed, "secrets": len(hidden), "files": files, "found": found}
    return {**said, "opened": opened.exit_code, "after": len(seen), "cpu": time.process_time() - begun}


def lines(studies: list[str], seeds: int) -> list[dict[str, object]]:
    """Return a line for each trial, run now unless it is there."""
    LINES.parent.mkdir(parents=True, exist_ok=True)
    known = [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []
    done = {(one["study"], one["seed"]): one for one in known}
    for path in studies:
        for seed in range(1, seeds + 1):
            if (path, seed) not in done:
                done[path, seed] = trial(path, seed)
                with LINES.open("a") as file:
                    file.write(json.dumps(done[path, seed]) + "\n")
    return [done[path, seed] for path in studies for seed in range(1, seeds + 1)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="*", default=list(STUDIES))
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    print("| study | seed | hidden numbers | found while blind | found once open | CPU s |\n|---|---|---|---|---|---|")
    for one in lines(given.studies, given.seeds):
        row = (one["study"], one["seed"], one["secrets"], len(one["found"]), one["after"], f"{one['cpu']:.0f}")
        print("| " + " | ".join(map(str, row)) + " |")
        for hit in one["found"]:
            print(f"    {hit}")
