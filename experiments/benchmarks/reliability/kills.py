"""The reference study killed (`kill -9`) in the middle of each of its stages and resumed: it has to end the same.

    .venv/bin/python experiments/benchmarks/reliability/kills.py [--kills 50] [--mutant]

One run is one kill. Runs differ in the round and the stage in which they are killed, drawn with a fixed seed: while
they propose, dispatch, wait for results, record (between the beginning and the end of an event's transaction), and
refit; in late rounds more often than in early ones, as each run is gone on with to its end. A run need not go through
all rounds before its own: it begins as the undisturbed one was a round earlier, with its events and artifacts up to
there. Results go to runs/benchmarks/kills.jsonl; what is there of the same code is not run again. The mutant, whose
simulations draw from one stream of random numbers a process, has to end otherwise; of it nothing is kept.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from datetime import datetime
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
from reference import ROOT_OF_RUNS, answer, same, written

from activesci import Campaign, Study
from activesci.ledger import Kind, Ledger, store
from activesci.loop.surroundings import program_digest
from activesci.simulate import function

RESULTS = ROOT_OF_RUNS / "kills.jsonl"
ROUNDS = 20
MUTANT = "--mutant"
LEFT = 5
"""Rounds that a killed run still has to go through, on average."""
STAGES = {
    "propose": Kind.INFERRED,
    "dispatch": Kind.MEASURED,
    "wait": Kind.PLANNED,
    "record": Kind.CHOSEN,
    "refit": Kind.SIMULATED,
}
"""The stages, and after which event of its round a run is killed in each."""


class Telling:
    """An observer that tells another process of every event."""

    def __init__(self, line):
        self.line = line

    def event(self, event):
        """Tell its number, kind, round and digest, and when it was."""
        self.line.send((event.seq, str(event.kind), event.round, event.digest, time.process_time()))

    def progress(self, *_):
        """Tell nothing."""


def one_stream():
    """Let the simulator draw from what this process has drawn before, not from what the simulation is."""
    stream = np.random.default_rng(3)
    function.generator = lambda *_: stream


def child(study, run, dies_writing=None):
    """Begin or resume the campaign in a process of its own; return that, and what it tells.

    Args:
        study: The study's file.
        run: The run folder.
        dies_writing: The kind and the round of an event in whose transaction the process kills itself.
    """
    ours, theirs = Pipe(duplex=False)
    pid = os.fork()
    if pid:
        theirs.close()
        return pid, ours
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if MUTANT in sys.argv:
            one_stream()
        if dies_writing is not None:
            sabotage(*dies_writing)
        with Campaign(Study.load(study), run, observer=Telling(theirs)) as campaign:
            campaign.run()
        os._exit(0)
    finally:
        os._exit(1)


def sabotage(kind, round):
    """Let this process die when an event's row is in the file and its transaction is not complete."""
    write = store.write

    def dying(connection, event, text, may=None):
        if (event.kind, event.round) == (kind, round):
            connection.set_trace_callback(lambda said: said == "COMMIT" and os.kill(os.getpid(), signal.SIGKILL))
        write(connection, event, text, may)

    store.write = dying


def ended(pid, line, until=None):
    """Read what a process tells to its end, and kill it after a while once it has told of an event.

    Args:
        pid: The process.
        line: What it tells.
        until: The kind and round of the event, which of these it is, and how long to wait after it [s].
    """
    told, seen = [], 0
    while True:
        try:
            told.append(line.recv())
        except EOFError:
            break
        seen += until is not None and told[-1][1:3] == (str(until[0]), until[1])
        if until is not None and seen == until[2]:
            time.sleep(until[3])
            os.kill(pid, signal.SIGKILL)
            until = None
    line.close()
    return told, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def begun(whole, run, last):
    """Make a run that is as the undisturbed one was when it had recorded so many events."""
    shutil.copytree(whole, run, ignore=shutil.ignore_patterns("*.lock", "summary.json", "report.html", "*.csv"))
    with closing(sqlite3.connect(run / "ledger.sqlite")) as connection, connection:
        connection.execute("DELETE FROM events WHERE seq > ?", (last,))
        digest = connection.execute("SELECT digest FROM events WHERE seq = ?", (last,)).fetchone()[0]
        connection.execute("UPDATE meta SET value = ? WHERE key = 'head'", (digest,))


def events_of(run):
    """Return a run's events, each held against the chain."""
    with Ledger.read_only(run) as ledger:
        return ledger.check()


def plan(kills):
    """Return the stage, the round and the share of the stage's time of every kill."""
    rng = random.Random(5)
    return [
        (stage, max(1, ROUNDS - 1 - int(rng.expovariate(1.0 / LEFT))), rng.uniform(0.05, 0.95))
        for _ in range(-(-kills // len(STAGES)))
        for stage in STAGES
    ][:kills]


def killed(study, whole, run, stage, round, share):
    """Kill one run, resume it, and return what came of it."""
    kind, known = STAGES[stage], events_of(whole)
    start = next(event.seq for event in known if event.kind is Kind.INFERRED and event.round == round - 1)
    begun(whole, run, start)
    places = [i for i, one in enumerate(known) if (one.kind, one.round) == (kind, round)]
    following = known[places[-1] + 1]
    length = took(known[places[-1]], following)
    if stage == "record":
        told, code = ended(*child(study, run, (following.kind, following.round)))
    else:
        told, code = ended(*child(study, run), (kind, round, len(places), share * length))
    at = events_of(run)
    acknowledged = {one[0]: one[3] for one in told}
    lost = [seq for seq, digest in acknowledged.items() if len(at) < seq or at[seq - 1].digest != digest]
    first, code_then = ended(*child(study, run))
    after = events_of(run)
    answers = [event.payload["proposal"] for event in after if event.kind is Kind.MEASURED]
    return {
        "program": program_digest(),
        "killed": code == -9,
        "in": stage_of(at),
        "lost": len(lost),
        "repeated": len(answers) - len(set(answers)),
        "finished": code_then == 0,
        "to_dispatch": to_dispatch(first),
        "refit": max(refits(first), default=0.0),
        "same": same(answer(whole), answer(run)),
    }


def to_dispatch(told):
    """Return the CPU time from a process' beginning to its next intent to have something done [s]; None without."""
    return next((one[4] for one in told if one[1] in (Kind.PLANNED, Kind.CHOSEN)), None)


def refits(told):
    """Return the CPU times of fitting, sampling the posterior and choosing, of each round that did all of it [s]."""
    starts = {one[2]: one[4] for one in told if one[1] == Kind.SIMULATED}
    return [one[4] - starts[one[2] - 1] for one in told if one[1] == Kind.CHOSEN and one[2] - 1 in starts]


def took(event, following):
    """Return the wall time between two events [s]."""
    times = [datetime.fromisoformat(one.time) for one in (event, following)]
    return (times[1] - times[0]).total_seconds()


def stage_of(events):
    """Return after which event a run was killed."""
    last = next(event for event in reversed(events) if event.kind not in (Kind.RESUMED, Kind.ALARM))
    return str(last.kind)


def main():
    """Run what has not been run yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument(MUTANT, action="store_true")
    asked = parser.parse_args()
    rows = [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []
    found = [row for row in rows if row.get("program") == program_digest() and not asked.mutant]
    with tempfile.TemporaryDirectory(prefix="activesci-") as made:
        study, whole = written(Path(made) / "study"), Path(made) / "whole"
        if len(found) < asked.kills:
            ended(*child(study, whole))
        for number, one in enumerate(plan(asked.kills)[len(found) :], start=len(found)):
            run = Path(made) / str(number)
            found.append({"stage": one[0], "round": one[1], **killed(study, whole, run, *one)})
            shutil.rmtree(run)
            if not asked.mutant:
                kept(found[-1])
    table(found)


def kept(row):
    """Write a row to the results."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("a") as file:
        file.write(json.dumps(row) + "\n")


def table(found):
    """Print what there is, a line a stage."""
    heads = "killed while it was to | runs | last event before | finished | lost | repeated | same"
    print(f"| {heads} | CPU s from resume to dispatch | of one refit |\n|" + "---|" * 9)
    for stage in STAGES:
        part = [one for one in found if one["stage"] == stage and one["killed"]]
        seen = ", ".join(sorted({one["in"] for one in part}))
        sums = [sum(one[name] for one in part) for name in ("finished", "lost", "repeated", "same")]
        most = [max((one[name] or 0.0 for one in part), default=0.0) for name in ("to_dispatch", "refit")]
        cells = [stage, len(part), seen, *sums, *(f"at most {value:.1f}" for value in most)]
        print("| " + " | ".join(map(str, cells)) + " |")
    print(f"\n{sum(not one['killed'] for one in found)} runs were through with their round before the kill")


if __name__ == "__main__":
    main()
