"""Campaigns whose workers, machines and head are killed, against one left alone: the answer has to be the same.

    .venv/bin/python experiments/benchmarks/reliability/reliability.py [--only NAME ...] [--again]

Each line of the table is a campaign of its own on a cluster of its own, of a head and three nodes on this machine, all
asking for a token. Results go to runs/benchmarks/reliability.jsonl, and what is there is not run again. "Same" means
equal designs to the last bit, and posterior means and sds within 1e-6.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import yaml
from nodes import Nodes, end

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "runs" / "benchmarks" / "reliability.jsonl"
ACTIVESCI = str(Path(sys.executable).parent / "activesci")
LONGEST = 900.0  # seconds of one campaign

MODEL = """
import time

def simulate(theta, design, rng):
    time.sleep(0.1)
    return {"y": theta["a"] * design["x"] + 0.1 * rng.standard_normal()}
"""
STUDY = {
    "study": "killed",
    "seed": 7,
    "parameters": {"a": {"prior": {"uniform": [0, 1]}}},
    "design": {"x": {"real": [0, 1]}},
    "outcome": {"y": {"real": []}},
    "simulator": {"function": "model:simulate"},
    "experiment": {"truth": {"a": 0.4}},
    "inference": {"surrogate": "likelihood", "simulations": 600, "per_round": 300, "ensemble": 1, "particles": 256},
    "designer": {"grid": {"points": 9}},
    "stop": {"rounds": 2},
}


def worker(nodes, rng):
    """Kill one worker that is at a simulation."""
    if at_work := sorted(nodes.workers()):
        end(rng.choice(at_work))
    return bool(at_work)


def raylet(nodes, rng):
    """Kill the raylet of a node whose workers are at simulations, and put another node in its place."""
    if not nodes.workers():
        return False
    victim = nodes.nodes.pop(rng.randrange(len(nodes.nodes)))
    end(nodes.raylet(victim))
    nodes.nodes.append(nodes.join())
    nodes.kill(victim)
    return True


def head(nodes, _):
    """Kill the head."""
    if not nodes.workers():
        return False
    nodes.kill(nodes.head)
    return True


TRIALS = {
    "undisturbed": (None, 0, 1.0),
    "worker": (worker, 20, 1.5),
    "raylet": (raylet, 5, 3.0),
    "head": (head, 6, 5.0),
}
"""Who is killed, how often, and how long after each kill the next one comes [s]."""


def command(verb, folder, nodes):
    """Return how the campaign is begun or resumed."""
    if verb == "resume":
        return [ACTIVESCI, "resume", str(folder / "run")]
    address = f"executor.ray.address={nodes.address}"
    return [ACTIVESCI, "run", str(folder / "study.yaml"), "--to", str(folder / "run"), "--set", address]


def begun(verb, folder, nodes):
    """Start a campaign, or go on with it."""
    with (folder / "output").open("a") as output:
        return subprocess.Popen(command(verb, folder, nodes), env=nodes.environment, stdout=output, stderr=output)


def killed(process, nodes, kill, times, every, rng):
    """Kill so often, while a campaign runs; return how often it came to it."""
    done, until = 0, time.monotonic() + LONGEST
    while process.poll() is None:
        assert time.monotonic() < until
        time.sleep(every)
        if kill is not None and done < times and process.poll() is None:
            done += kill(nodes, rng)
    return done


def campaign(name, folder):
    """Run one trial's campaign to its end; return its exit codes, kills and pauses."""
    (folder / "model.py").write_text(MODEL)
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    kill, times, every = TRIALS[name]
    rng, codes, kills, port, token = random.Random(3), [], 0, None, None
    while not codes or (codes[-1] == 3 and len(codes) <= times):
        with Nodes(port=port, token=token) as nodes:
            port, token = nodes.port, nodes.token
            process = begun("resume" if codes else "run", folder, nodes)
            # the death of a head is one of several in a row; after the last, the campaign is left alone
            left = times - kills if name != "head" else int(kills < times)
            kills += killed(process, nodes, kill, left, every, rng)
            codes.append(process.returncode)
    return {"kills": kills, "codes": codes}


def outcome(folder):
    """Return what a finished campaign says: its designs, its posterior, its attempts."""
    from activesci.ledger import Kind, Ledger

    summary = json.loads((folder / "run" / "summary.json").read_text())
    with Ledger.read_only(folder / "run") as ledger:
        events = list(ledger.events())
    simulated = [event.payload for event in events if event.kind is Kind.SIMULATED]
    return {
        "status": summary["status"],
        "designs": [one["design"] for one in summary["rounds"]],
        "posterior": {key: [one["mean"], one["sd"]] for key, one in summary["posterior"].items()},
        "attempts": sum(one.get("failed_attempts", 0) for one in simulated),
        "failed": sum(one["failed"] for one in simulated),
        "pauses": [event.payload["reason"] for event in events if event.kind is Kind.PAUSED],
        "reasons": reasons(folder),
    }


def reasons(folder):
    """Return how many attempts of each kind the ledger holds."""
    from activesci.ledger import Kind, Ledger, unpack_attempts

    with Ledger.read_only(folder / "run") as ledger:
        arrays = [ledger.arrays(event) for event in ledger.events() if event.kind is Kind.SIMULATED]
    return dict(Counter(one.reason for each in arrays for one in unpack_attempts(each)))


def measured(name):
    """Return one trial's line."""
    with tempfile.TemporaryDirectory(prefix="activesci-") as made:
        folder, start = Path(made), time.perf_counter()
        ran = campaign(name, folder)
        try:
            return {"trial": name, **ran, "seconds": time.perf_counter() - start, **outcome(folder)}
        except (OSError, ValueError, AttributeError) as error:  # it has no end, or no posterior
            raise RuntimeError(f"{ran}: {(folder / 'output').read_text()[-3000:]}") from error


def same(line, quiet):
    """Say whether a campaign ended as the one that was left alone."""
    off = [
        abs(a - b)
        for key, both in quiet["posterior"].items()
        for a, b in zip(both, line["posterior"][key], strict=True)
    ]
    return line["designs"] == quiet["designs"] and max(off) <= 1e-6


def table(found):
    """Print what there is."""
    print(
        "| killed | times | exit codes | attempts lost, in the ledger | simulations failed | same answer | seconds |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, line in found.items():
        codes, lost = (
            ", ".join(map(str, line["codes"])),
            ", ".join(f"{n} x {why}" for why, n in line["reasons"].items()),
        )
        alike = "-" if name == "undisturbed" else {True: "yes", False: "NO"}[same(line, found["undisturbed"])]
        cells = [name, line["kills"], codes, lost or "0", line["failed"], alike, f"{line['seconds']:.0f}"]
        print("| " + " | ".join(map(str, cells)) + " |")
    for line in found.values():
        for pause in dict.fromkeys(line["pauses"]):
            print(f"\n{line['trial']}: paused: {pause}")


def main():
    """Run what has not been run yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(TRIALS))
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args()
    lines = [] if options.again or not RESULTS.exists() else map(json.loads, RESULTS.read_text().splitlines())
    found = {line["trial"]: line for line in lines}
    for name in options.only or TRIALS:
        if name not in found:
            found[name] = measured(name)
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            with RESULTS.open("a") as file:
                file.write(json.dumps(found[name]) + "\n")
    table({name: found[name] for name in TRIALS if name in found})


if __name__ == "__main__":
    main()
