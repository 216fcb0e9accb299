"""A long campaign of a 1 ms simulator, killed every so many rounds: what a round, a reader and the ledger cost then.

    .venv/bin/python experiments/benchmarks/reliability/soak.py [--rounds 10000] [--kill 500] [--share 0.01] [--to DIR]

Each line of the table is so many rounds: CPU time a round, memory, open files and threads of the process, size of the
ledger. Then how far the posterior after each round is from the exact one of the same measurements, which knows of no
failure and no kill, and what `activesci status` and `activesci report` take (CPU). The same folder goes on where it
was. A killed process has to lose nothing: the proposals are 0, 1, 2 ... without a gap or a repetition, and the ledger
holds.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import faulty
import numpy as np
import yaml

STUDY = {
    "study": "soak",
    "seed": 3,
    "parameters": {"slope": {"prior": {"normal": [0.0, 1.0]}}},
    "design": {"x": {"real": [0.0, 2.0]}},
    "outcome": {"y": {"real": []}},
    "simulator": {"function": "model:simulate", "batch": 64, "timeout": faulty.PATIENCE},
    "experiment": {"truth": {"slope": 0.5}},
    "inference": {"surrogate": "exact", "particles": 64},
    "designer": {"random": {}},
}
EACH = 100
"""Rounds a line that a process prints."""
FIFTH = 0.2
NOISE = 0.1  # as in faulty.py


def written(folder, rounds, share):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.py").write_text(faulty.model(share, likelihood=True))
    (folder / "study.yaml").write_text(yaml.safe_dump({**STUDY, "stop": {"rounds": rounds}}, sort_keys=False))
    return folder / "study.yaml"


def rss():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def live(study, run):
    """Run in this process, and print a line of JSON now and then."""
    from activesci import Campaign, Study

    begun = time.process_time(), -1
    with Campaign(Study.load(study), run) as campaign:
        for state in campaign:
            if state.round % EACH == 0:
                now = time.process_time()
                spent = 1e3 * (now - begun[0]) / max(state.round - begun[1], 1) if begun[1] >= 0 else None
                size = (run / "ledger.sqlite").stat().st_size / 1e6
                counts = [len(list(Path("/proc/self", name).iterdir())) for name in ("fd", "task")]
                print(json.dumps([state.round, spent, rss(), *counts, size]), flush=True)
                begun = now, state.round


def played(study, run, kill):
    """Run in processes that are killed; return their lines, and those at which one was killed."""
    kept = run.parent / "lines.json"
    lines, ends = json.loads(kept.read_text()) if kept.exists() else ([], [])
    while True:
        command = [sys.executable, __file__, "--live", str(study), "--to", str(run)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            first = None
            for text in process.stdout:
                lines.append(json.loads(text))
                first = lines[-1][0] if first is None else first
                if lines[-1][0] - first >= kill:
                    process.kill()
                    ends.append(lines[-1])
                    kept.write_text(json.dumps([lines, ends]))
                    break
        if process.returncode == 0:
            return lines, ends
        if process.returncode != -signal.SIGKILL:
            raise RuntimeError(f"the campaign ended with exit code {process.returncode}: see above")


def cpu(command):
    before = os.times()
    done = subprocess.run(command, capture_output=True, text=True)
    after = os.times()
    assert done.returncode == 0, done.stderr
    return after.children_user + after.children_system - before.children_user - before.children_system


def table(lines):
    print("| rounds | CPU ms a round | RSS MB | open files | threads | ledger MB |\n|---|---|---|---|---|---|")
    size = max(1, int(len(lines) * FIFTH))
    for start in range(0, len(lines), size):
        part = lines[start : start + size]
        spent = [line[1] for line in part if line[1] is not None]
        mean = f"{sum(spent) / len(spent):.1f}" if spent else "-"
        last = part[-1]
        print(f"| {part[0][0]} to {last[0]} | {mean} | {last[2]:.0f} | {last[3]} | {last[4]} | {last[5]:.2f} |")


def growth(ends):
    """Return how memory grows with the rounds, from processes of one age [MB every 1000 rounds]."""
    rounds, sizes = (np.array([line[i] for line in ends], dtype=float) for i in (0, 2))
    return 1e3 * float(np.polyfit(rounds, sizes, 1)[0])


def off(history):
    """Return how far the posterior after each round is from the exact one: means [sd] and ratios of sds, (r,) each."""
    x, y = np.array([(one.design["x"], one.outcome["y"]) for one in history.measured()]).T
    precision = 1.0 + np.cumsum(x**2) / NOISE**2
    mean, sd = np.cumsum(x * y) / NOISE**2 / precision, precision**-0.5
    said = [record.inferred.payload["posterior"]["slope"] for record in history.rounds[1:]]
    found = np.array([(one["mean"], one["sd"]) for one in said])[: len(x)]
    return (found[:, 0] - mean) / sd, found[:, 1] / sd


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--kill", type=int, default=500)
    parser.add_argument(
        "--share", type=float, default=0.01, help="calls of the simulator, nature's too, that go wrong"
    )
    parser.add_argument("--to", type=Path, default=Path("runs/soak"))
    parser.add_argument("--live", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.live is not None:
        live(asked.live, asked.to)
        return
    study, run = written(asked.to / "study", asked.rounds, asked.share), asked.to / "run"
    lines, ends = played(study, run, asked.kill)
    table(lines)
    from activesci.ledger import Ledger, fold

    with Ledger.read_only(run) as ledger:
        history = fold(ledger.check())
    numbers = [one.proposal for one in history.measured()]
    program = [sys.executable, "-m", "activesci.cli"]
    whole = numbers == list(range(asked.rounds))
    print(f"\n{len(ends)} kills, {len(numbers)} measurements, none lost or repeated: {whole}")
    if len(ends) > 1:
        print(f"memory at the same age of a process: {growth(ends):+.2f} MB every 1000 rounds")
    tried = sum(len(record.measured) for record in history.rounds)
    apart, ratio = off(history)
    print(
        f"{tried - len(numbers)} attempts failed; means off the exact ones by {apart.mean():+.3f} sd, "
        f"{apart.std():.3f} from round to round, sds {ratio.mean():.3f} of the exact ones"
    )
    for command in ("status", "report"):
        print(f"activesci {command}: {cpu([*program, command, str(run)]):.1f} s CPU")
    print(f"starting Python and importing: {cpu([*program, 'status', '--help']):.1f} s CPU of these")


if __name__ == "__main__":
    main()
