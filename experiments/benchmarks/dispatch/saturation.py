"""Where the controller saturates: up to 4000 workers, simulated event by event with the costs that were measured here.

    .venv/bin/python experiments/benchmarks/dispatch/saturation.py

The workers are simulated; what they are given is decided by activesci's own code (`execute/chunks.py`), and what it
costs the controller to hand out and collect was measured with `--costs` on a Ray of two workers, as CPU seconds of the
whole process: its threads work side by side on a machine with cores to spare, so the true limit is not lower. Times of
simulations are lognormal with a sd of half their mean. Prints a table and writes saturation.png beside this file.
"""

import argparse
import heapq
import json
import time
from collections import deque
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "runs" / "benchmarks" / "saturation.jsonl"
CHUNK, SIMULATION, LOOK, LATENCY = 1.2e-3, 35e-6, 0.44e-6, 1e-3
"""Seconds: of the controller for a chunk, for each simulation, for each chunk it waits for; of the way to a worker."""
WORKERS = (1, 10, 100, 300, 1000, 2000, 4000)
MEANS = (0.005, 0.1, 1.0, 30.0)
LONG = 60.0  # seconds that the workers would need if nothing held them up, or 20 simulations each


class Controller:
    """One thread that hands out chunks and collects them; two chunks are on their way for each worker.

    Args:
        workers: How many there are.
        times: What each simulation takes, (n,) [s].
    """

    def __init__(self, workers, times):
        from activesci.execute.chunks import Pace

        self.workers, self.times, self.pace = workers, times, Pace()
        self.next, self.under_way, self.busy = 0, 0, 0.0
        self.free, self.queue, self.events, self.through = workers, deque(), [], []

    def run(self):
        """Return the time until all is collected."""
        now = self.fill(0.0)
        while self.under_way:
            self.advance(now)
            if not self.through:
                now = self.events[0][0]
                continue
            done, self.through = self.through, []
            now += LOOK * self.under_way + sum(CHUNK + SIMULATION * size for size, _ in done)
            self.busy += LOOK * self.under_way + sum(CHUNK + SIMULATION * size for size, _ in done)
            self.under_way -= len(done)
            for size, took in done:
                self.learn(size, took)
            now = self.fill(now)
        return now

    def learn(self, size, took):
        """Take a chunk's speed in, as the executor does."""
        from activesci.types import BlockResult

        self.pace = self.pace.after([BlockResult(0, np.empty(0), {}, took / size)])

    def fill(self, now):
        """Hand out chunks until there are two for each worker."""
        while self.next < len(self.times) and self.under_way < 2 * self.workers:
            size = self.pace.chunk(len(self.times) - self.next, self.workers)
            part = self.times[self.next : self.next + size]
            self.next, self.under_way = self.next + size, self.under_way + 1
            self.queue.append((len(part), float(part.sum())))
            self.start(now)
        return now

    def start(self, now):
        """Let free workers begin what waits for them."""
        while self.free and self.queue:
            size, took = self.queue.popleft()
            self.free -= 1
            heapq.heappush(self.events, (now + LATENCY + took, size, took))

    def advance(self, now):
        """Let the workers go on until now."""
        while self.events and self.events[0][0] <= now:
            ended, size, took = heapq.heappop(self.events)
            self.through.append((size, took))
            self.free += 1
            self.start(ended)


def simulated(workers, mean):
    """Return what so many workers do with simulations of a mean time."""
    rng, sigma = np.random.default_rng(1), np.sqrt(np.log(1.25))
    count = int(workers * max(LONG / mean, 20))
    times = rng.lognormal(np.log(mean) - sigma**2 / 2, sigma, min(count, 4_000_000))
    controller = Controller(workers, times)
    wall = controller.run()
    return {
        "workers": workers, "mean": mean, "count": len(times), "wall": wall, "rate": len(times) / wall,
        "busy": float(times.sum()) / (workers * wall), "controller": controller.busy / wall,
    }  # fmt: skip


def costs():
    """Measure what the controller pays, on a Ray of two workers; the last line is what `RESULTS` was made with."""
    from activesci.execute import chunks, ray
    from activesci.types import Block

    blocks = [Block(0, 1, i, np.zeros((1, 1)), np.zeros((1, 1))) for i in range(20_000)]
    known = chunks.Pace.chunk
    with ray.RayExecutor(workers=2) as executor:
        for size in (1, 10, 100, 1000):
            chunks.Pace.chunk = lambda *_, size=size: size
            some = blocks[: min(len(blocks), 1000 * size)]
            executor.submit(_nothing, blocks[:4])
            list(executor.gather())
            start = time.process_time()
            executor.submit(_nothing, some)
            chunked = sum(1 for _ in executor.gather()) / size
            print(f"chunks of {size}: {1e6 * (time.process_time() - start) / chunked:.0f} us of the driver each")
    chunks.Pace.chunk = known


def _nothing(block):
    from activesci.types import BlockResult

    return BlockResult(block.first, np.zeros((len(block.theta), 1)), {}, 1e-4)


def picture(lines):
    """Draw how busy workers and controller are."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), layout="constrained")
    for axes, what, title in zip(
        figure.subplots(1, 2), ("busy", "controller"), ("workers at work", "controller at work"), strict=True
    ):
        for mean in MEANS:
            mine = [line for line in lines if line["mean"] == mean]
            label = f"{mean:g} s a simulation" if mean >= 1 else f"{1e3 * mean:g} ms a simulation"
            axes.plot([line["workers"] for line in mine], [100 * line[what] for line in mine], "o-", ms=3, label=label)
        axes.set(xscale="log", xlabel="workers", ylabel=f"{title} [%]", ylim=(0, 105))
        axes.grid(alpha=0.3)
    axes.legend(fontsize=8, frameon=False)
    figure.savefig(Path(__file__).with_name("saturation.png"), dpi=110)


def main():
    """Simulate, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--costs", action="store_true", help="measure the controller's costs instead")
    if parser.parse_args().costs:
        costs()
        return
    lines = [simulated(workers, mean) for mean in MEANS for workers in WORKERS]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text("".join(json.dumps(line) + "\n" for line in lines))
    print("| a simulation | workers | workers at work | controller at work | simulations a second |")
    print("|---|---|---|---|---|")
    for line in lines:
        cells = [
            f"{line['mean']:g} s",
            line["workers"],
            f"{line['busy']:.1%}",
            f"{line['controller']:.1%}",
            f"{line['rate']:.4g}",
        ]
        print("| " + " | ".join(map(str, cells)) + " |")
    picture(lines)


if __name__ == "__main__":
    main()
