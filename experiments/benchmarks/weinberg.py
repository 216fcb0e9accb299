"""weinberg (a), ten seeds: chosen by activesci, likelihood-free, against random order and against a perfect loop.

    python experiments/benchmarks/weinberg.py        # ten minutes of one core

Prints the tables of `experiments/weinberg/README.md` and draws `experiments/weinberg/chosen_against_random.png`.
Every chosen campaign goes on to the ninth row, so that one sees what lies behind the stop; the stop is where the
study's rule would have stopped it. Random ones stop by that rule. Beside the sd that the loop believed stands the
exact one of the same rows: a surrogate that stopped because it was too sure of itself would be seen.
"""

import bench
import numpy as np
import weinberg_picture

STUDY = "weinberg/study.yaml"
ALL_ROWS = 0.0515  # the exact sd of all 17 rows
LIMIT = 0.0566  # the study's stop rule: 10 % above the sd of all rows
SHOWN = 9  # rounds


def main(seeds: int, again: bool) -> None:
    """Run, print, draw."""
    reference = bench.reference("weinberg")
    pool, data = reference.pool("below_z.csv", reference.G_F), reference.read("below_z.csv")
    numbers = range(1, seeds + 1)
    chosen = bench.campaigns(STUDY, numbers, {"stop": {"rounds": SHOWN}}, again=again)
    random = bench.campaigns(STUDY, numbers, {"designer": {"random": {}}}, again=again)
    mean, sd = (float(each[0]) for each in pool.posterior())
    print(f"all rows, exact: g_f = {mean:.4f} +- {sd:.4f}; the target is an sd of at most {LIMIT}\n")
    for title, lines in (("chosen", chosen), ("random order", random)):
        print(f"{title}, likelihood-free, {seeds} seeds:\n")
        show(lines, pool, data, mean)
    show_exact(pool, len(data))
    weinberg_picture.draw(pool, data, chosen, LIMIT)


def show(lines: list[bench.Line], pool, data: list[dict], full: float) -> None:
    """Print a row for each seed."""
    body = [_row(line, pool, data, full) for line in lines]
    cells = [
        (*row[:3], *(f"{number:.4f}" for number in row[3:7]), f"{row[7]:+.2f}", row[8] or "later") for row in body
    ]
    head = ["seed", "first", "needed", "g_f", "sd", "exact g_f", "exact sd", "off [sd]", "needed by exact sd"]
    bench.table(head, cells)
    print(f"needed, median (range): {bench.spread([row[2] for row in body], '{:g}'.format)}")
    within = sum(row[6] <= LIMIT for row in body)
    print(f"exact sd within the target at the stop: {within} of {len(body)};", end=" ")
    print(f"sd / exact sd at the stop: {bench.spread([row[4] / row[6] for row in body], '{:.3f}'.format)}")
    bench.effort(lines)


def _row(line: bench.Line, pool, data: list[dict], full: float) -> tuple:
    """Return what there is to say about a campaign: `full` is the mean of all rows."""
    order = bench.rows(line)
    needed = bench.first(bench.path(line, "sd", "g_f")[1:] <= LIMIT) or len(order)
    mean, sd = (bench.path(line, what, "g_f")[needed] for what in ("mean", "sd"))
    row = data[order[0]]
    exact_needed = bench.first(pool.sds_along(order)[:, 0] <= LIMIT)
    numbers = (mean, sd, *exact(pool, order[:needed]))
    start = f"{row['experiment']} {row['sqrt_s']:g}"
    return line["seed"], start, needed, *numbers, (mean - full) / ALL_ROWS, exact_needed


def exact(pool, rows: list[int]) -> tuple[float, float]:
    """Return the exact posterior's mean and sd from these rows."""
    oracle_mean = pool.belief(rows).sum(1) @ pool.values[0]
    return float(oracle_mean), float(pool.sds_along(rows)[-1, 0])


def show_exact(pool, size: int, orders: int = 1000) -> None:
    """Print what a perfect loop and random orders need."""
    best = pool.sds_along(pool.order()[0])[:, 0]
    rng = np.random.default_rng(1)
    paths = [pool.sds_along(rng.permutation(size))[:, 0] for _ in range(orders)]
    random = np.array([bench.first(path <= LIMIT) for path in paths])
    low, middle, high = np.quantile(random, [0.05, 0.5, 0.95])
    print(f"likelihood known: chosen by exact gain {bench.first(best <= LIMIT)};", end=" ")
    print(f"random order {middle:.0f} (90 % of {orders} orders between {low:.0f} and {high:.0f})")


if __name__ == "__main__":
    asked = bench.arguments(__doc__.splitlines()[0], seeds=10)
    main(asked.seeds, asked.again)
