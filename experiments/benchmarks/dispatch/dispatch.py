"""What it costs to hand out simulations: activesci's executors against joblib and multiprocessing on the same work.

    .venv/bin/python experiments/benchmarks/dispatch/dispatch.py [--only NAME ...] [--again]

Each line of the table is a process of its own. Results go to runs/benchmarks/dispatch.jsonl, and what is there is not
measured again. Work that sleeps shows what handing out costs; work that computes shows what a second worker is worth.
"At work" is what simulations take by themselves, over the time that there was; "inside" is the time that workers
really spent in them, which on a machine that does other things too is more: a nap of 5 ms then takes longer.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "runs" / "benchmarks" / "dispatch.jsonl"

MODEL = """
import time

def nap100(theta, design, rng):
    time.sleep(0.1)
    return {"y": 0.0}

def nap5(theta, design, rng):
    time.sleep(0.005)
    return {"y": 0.0}

def work(theta, design, rng):
    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass
    return {"y": 0.0}

def trivial(theta, design, rng):
    return {"y": theta["a"] + rng.standard_normal()}
"""
STUDY = {
    "study": "dispatch",
    "parameters": {"a": {"prior": {"uniform": [0, 1]}}},
    "outcome": {"y": {"real": []}},
    "experiment": {"manual": True},
    "stop": {"rounds": 1},
}
DRIVERS = []
"""The process that drives Ray, while there is one."""
SECONDS = {"nap100": 0.1, "nap5": 0.005, "work": 0.5, "trivial": 0.0}
COUNTS = {"nap100": 200, "nap5": 4000, "work": 40, "trivial": 100_000}
CASES = [
    *[(who, work, 2) for work in ("nap100", "nap5") for who in ("ray", "joblib", "multiprocessing")],
    *[(who, "work", workers) for who in ("ray", "joblib", "multiprocessing") for workers in (1, 2)],
    *[(who, "trivial", 2) for who in ("ray", "joblib", "multiprocessing")],
    ("serial", "trivial", 1),
]


def study(folder, work):
    """Write the model and return the study that calls one of its functions."""
    from activesci.study import Study

    (folder / "model.py").write_text(MODEL)
    os.chdir(folder)
    return Study(**STUDY, simulator={"function": f"model:{work}"})


def planned(question, count):
    """Return the simulator's run and so many blocks of one simulation."""
    import numpy as np

    from activesci.simulate import blocks, simulator_for

    theta = np.linspace(0.01, 0.99, count)[:, None]
    return simulator_for(question).run, blocks(question, 0, 1, theta, np.empty((count, 0)))


def by_us(who, workers, simulate, plan, warm):
    """Run the plan on an executor of ours; yield when it is warm, and then results."""
    from activesci.execute import SerialExecutor
    from activesci.execute.driver import Driver

    with SerialExecutor() if who == "serial" else Driver(workers=workers) as executor:
        DRIVERS[:] = [] if who == "serial" else [executor._process.pid]
        executor.submit(simulate, warm)
        list(executor.gather())
        yield None
        executor.submit(simulate, plan)
        yield from executor.gather()


def by_joblib(workers, simulate, plan, warm):
    """The same with joblib's processes, which size their batches themselves."""
    from joblib import Parallel, delayed

    with Parallel(n_jobs=workers, return_as="generator_unordered") as parallel:
        list(parallel(delayed(simulate)(block) for block in warm))
        yield None
        yield from parallel(delayed(simulate)(block) for block in plan)


def by_multiprocessing(workers, simulate, plan, warm):
    """The same with a plain pool; chunks as Pool.map would choose them."""
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        list(pool.imap_unordered(simulate, warm))
        yield None
        chunk = max(1, -(-len(plan) // (4 * workers)))
        yield from pool.imap_unordered(simulate, plan, chunksize=min(chunk, 256))


def measure(who, work, workers):
    """Return what one case took, from when its workers are warm to the last result; stopping them is not in it."""
    with tempfile.TemporaryDirectory() as folder:
        question = study(Path(folder), work)
        simulate, plan = planned(question, COUNTS[work])
        warm = planned(question, 4 * workers)[1]
        if who in ("ray", "serial"):
            results = by_us(who, workers, simulate, plan, warm)
        else:
            results = (by_joblib if who == "joblib" else by_multiprocessing)(workers, simulate, plan, warm)
        next(results)
        wall, cpu, memory = time.perf_counter(), spent(), resident()
        count, inside, took = 0, 0.0, 0.0
        for result in results:
            count, inside, took = count + 1, inside + result.seconds, time.perf_counter() - wall
            if count == COUNTS[work]:  # Ray's driver is there until its executor is closed
                cost, growth = spent() - cpu, resident() - memory
    assert count == COUNTS[work]
    return {
        "who": who, "work": work, "workers": workers, "count": count, "wall": took,
        "busy": count * SECONDS[work] / (workers * took), "inside": inside / (workers * took),
        "driver_us": 1e6 * cost / count,
        "growth_mb": growth / 1e6,
        "load": os.getloadavg()[0],
    }  # fmt: skip


def resident():
    """Return the memory that this process and Ray's driver hold at most until now [bytes]."""
    drivers = [Path(f"/proc/{pid}/status").read_text() for pid in DRIVERS]
    peaks = [int(line.split()[1]) for text in drivers for line in text.splitlines() if line.startswith("VmHWM")]
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + sum(peaks)) * 1024


def spent():
    """Return the CPU time of this process and of Ray's driver [s]."""
    drivers = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13] for pid in DRIVERS]
    return time.process_time() + sum(int(ticks) for each in drivers for ticks in each) / os.sysconf("SC_CLK_TCK")


def known(again):
    """Return the results that are there, by case."""
    if again or not RESULTS.exists():
        return {}
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    return {(line["who"], line["work"], line["workers"]): line for line in lines}


def table(found):
    """Print what there is."""
    print(
        "| work | who | workers | simulations | wall [s] | at work | inside | driver CPU [us each] "
        "| driver growth [MB] | load |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for case in CASES:
        if line := found.get(case):
            busy = f"{100 * line['busy']:.0f} %" if SECONDS[line["work"]] else "-"
            inside = "-" if line["inside"] is None else f"{100 * line['inside']:.0f} %"
            cells = [case[1], case[0], case[2], line["count"], f"{line['wall']:.1f}", busy, inside]
            cells += [f"{line['driver_us']:.0f}", f"{line['growth_mb']:.0f}", f"{line['load']:.0f}"]
            print("| " + " | ".join(map(str, cells)) + " |")


def main():
    """Measure what is not measured yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", help="works to measure: nap100, nap5, work, trivial")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--show", action="store_true", help="print what is there and measure nothing")
    parser.add_argument("--case", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        who, work, workers = options.case
        print(json.dumps(measure(who, work, int(workers))))
        return
    found = known(options.again)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        if options.show or case in found or (options.only and case[1] not in options.only):
            continue
        command = [sys.executable, __file__, "--case", *map(str, case)]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
        with RESULTS.open("a") as file:
            file.write(done.stdout.splitlines()[-1] + "\n")
        found[case] = json.loads(done.stdout.splitlines()[-1])
    table(found)


if __name__ == "__main__":
    main()
