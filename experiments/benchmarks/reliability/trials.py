"""The reliability trials of the ledger and the loop, one line each: how often it held, and whether its mutants failed.

    .venv/bin/python experiments/benchmarks/reliability/trials.py [--only 0 3 ...]

Each trial is some tests, also the long ones; a mutant is the same without what the trial is there for, and its test
holds if the mutant is seen to fail. Killed workers, machines and heads are in reliability.py, the soak in soak.py.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[3]
GUARDS = "tests/simulate/test_mutants.py"
TRIALS = {
    0: ("the reference study equals itself", ["tests/loop/test_self_identity.py"], "that_is_not_seeded"),
    1: ("killed at random moments", ["tests/stories/test_killed.py"], ""),
    2: ("a crash at every write of the ledger", ["tests/loop/test_crash.py"], "one_stream_of_random_numbers"),
    3: ("power loss, unsynced writes lost or torn", ["tests/ledger/test_power_loss.py"], "sync_left_out"),
    4: ("told to stop in the middle of a refit", ["tests/stories/test_stopped.py"], "without_a_handler"),
    6: ("hanging simulators", ["tests/simulate/test_process.py", f"{GUARDS}::trial_6"], "trial_6"),
    7: ("crashing simulators", ["tests/loop/test_commands.py", f"{GUARDS}::trial_7"], "trial_7"),
    8: ("bad outcomes", ["tests/simulate/test_bad_simulators.py", f"{GUARDS}::trial_8"], "trial_8"),
    9: ("floods of output", ["tests/loop/test_commands.py::floods", f"{GUARDS}::trial_9"], "trial_9"),
    10: ("a full disk", ["tests/loop/test_full_disk.py"], "without_a_care"),
    11: (
        "read-only, not ours, without locks, locked",
        ["tests/ledger/test_refusals.py", "tests/ledger/test_store.py::has_locked"],
        "a_lock_that_is_not_asked_for",
    ),
    12: ("two controllers, and a stopped one", ["tests/ledger/test_lock.py"], "[mutant]"),
    13: ("clocks that jump", ["tests/ledger/test_lock.py::jump", "tests/ledger/test_lock.py::time_of_day"], "would"),
    15: ("ledgers of every version", ["tests/ledger/test_golden.py"], "test_without_"),
    16: ("tampering", ["tests/cli/test_verify.py"], "were_not_looked_at"),
    21: ("swapped artifacts", ["tests/loop/test_swapped_artifacts.py"], "without_its_digest"),
}
"""What each trial is, its tests (a file, or those of a file with this in their names), and what names its mutants."""


def selected(places):
    """Return what pytest is told: files, and the tests in them by a part of their names."""
    files = list(dict.fromkeys(place.partition("::")[0] for place in places))
    whole = [Path(place).stem for place in places if "::" not in place]
    parts = [place.partition("::")[2] for place in places if "::" in place]
    return [*files, "-k", " or ".join([*whole, *parts])]


def ran(places):
    """Run tests, and return how each ended, by its name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "", "-p", "no:cacheprovider", f"--junitxml={path}"]
        subprocess.run([*command, *selected(places)], cwd=ROOT, capture_output=True, check=False)
        return {case.get("name"): _ended(case) for case in ElementTree.parse(path).iter("testcase")}


def _ended(case):
    found = {child.tag for child in case} & {"failure", "error", "skipped"}
    return found.pop() if found else "held"


def row(number):
    what, places, mutant = TRIALS[number]
    begun, found = time.monotonic(), ran(places)
    mutants = [end for name, end in found.items() if mutant and mutant in name]
    sound = [end for name, end in found.items() if not (mutant and mutant in name)]
    shares = [f"{part.count('held')} of {len(part)}" if part else "-" for part in (sound, mutants)]
    skipped = list(found.values()).count("skipped")
    return [number, what, *shares, skipped or "", f"{time.monotonic() - begun:.0f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", type=int, choices=list(TRIALS), metavar="N")
    print("| trial | what | held | mutants seen to fail | skipped | seconds |\n|---|---|---|---|---|---|")
    for number in parser.parse_args().only or TRIALS:
        print("| " + " | ".join(map(str, row(number))) + " |", flush=True)


if __name__ == "__main__":
    main()
