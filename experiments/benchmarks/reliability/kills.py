"""The reference study killed (`kill -9`) in the middle of each of its stages and resumed: it has to end the same.

    .venv/bin/python experiments/benchmarks/reliability/kills.py [--kills 50]

One run is one kill. Runs differ in the round and the stage in which they are killed, drawn with a fixed seed: while
they propose, dispatch, wait for results, record (between the beginning and the end of an event's transaction), and
refit. A run need not go through all rounds before its own: it begins as the undisturbed one was a round earlier, with
its events and artifacts up to there. Results go to runs/benchmarks/kills.jsonl, and what is there is not run again.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from contextlib import closing
from datetime import datetime
from multiprocessing import Pipe
from pathlib import Path

from reference import ROOT_OF_RUNS, answer, same, written

from activesci import Campaign, Study
from activesci.ledger import Kind, Ledger, store

RESULTS = ROOT_OF_RUNS / "kills.jsonl"
ROUNDS = 20
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
        (stage, rng.randint(1, ROUNDS - 1), rng.uniform(0.05, 0.95))
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
        "killed": code == -9,
        "in": stage_of(at),
        "lost": len(lost),
        "repeated": len(answers) - len(set(answers)),
        "finished": code_then == 0,
        "to_next": first[1][4] - first[0][4] if len(first) > 1 else 0.0,
        "same": same(answer(whole), answer(run)),
    }


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
    asked = parser.parse_args()
    found = [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []
    with tempfile.TemporaryDirectory(prefix="activesci-") as made:
        study, whole = written(Path(made) / "study"), Path(made) / "whole"
        if len(found) < asked.kills:
            ended(*child(study, whole))
        for number, one in enumerate(plan(asked.kills)[len(found) :], start=len(found)):
            run = Path(made) / str(number)
            found.append({"stage": one[0], "round": one[1], **killed(study, whole, run, *one)})
            shutil.rmtree(run)
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            with RESULTS.open("a") as file:
                file.write(json.dumps(found[-1]) + "\n")
    table(found)


def table(found):
    """Print what there is, a line a stage."""
    print("| killed while it was to | runs | last event before | finished | lost | repeated | same | CPU s to go on |")
    print("|---|---|---|---|---|---|---|---|")
    for stage in STAGES:
        part = [one for one in found if one["stage"] == stage and one["killed"]]
        seen = ", ".join(sorted({one["in"] for one in part}))
        sums = [sum(one[name] for one in part) for name in ("finished", "lost", "repeated", "same")]
        most = max((one["to_next"] for one in part), default=0.0)
        print(f"| {stage} | {len(part)} | {seen} | " + " | ".join(map(str, sums)) + f" | at most {most:.1f} |")
    print(f"\n{sum(not one['killed'] for one in found)} runs were through with their round before the kill")


if __name__ == "__main__":
    main()
