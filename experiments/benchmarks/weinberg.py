"""weinberg (a), ten seeds: chosen by activesci, likelihood-free, against random order and against a perfect loop.

    python experiments/benchmarks/weinberg.py        # ten minutes of one core

Prints the tables of `experiments/weinberg/README.md` and draws `experiments/weinberg/chosen_against_random.png`. Every
campaign uses up all 17 rows, so that one sees what lies behind the stop; the stop is where the study's rule would have
stopped it. Beside the sd that the loop believed stands the exact one of the same rows: a surrogate that stopped
because it was too sure of itself would be seen.
"""

import bench
import numpy as np
import weinberg_picture

STUDY = "weinberg/study.yaml"
LIMIT = 0.0566  # the study's stop rule: 10 % above the sd of all rows


def main(seeds: int, again: bool) -> None:
    """Run, print, draw."""
    reference = bench.reference("weinberg")
    pool, data = reference.pool("below_z.csv", reference.G_F), reference.read("below_z.csv")
    numbers = range(1, seeds + 1)
    settings = {"stop": {"rounds": len(data)}}
    chosen = bench.campaigns(STUDY, numbers, settings, again=again)
    random = bench.campaigns(STUDY, numbers, settings | {"designer": {"random": {}}}, again=again)
    mean, sd = (float(each[0]) for each in pool.posterior())
    print(f"all rows, exact: g_f = {mean:.4f} +- {sd:.4f}; the target is an sd of at most {LIMIT}\n")
    for title, lines in (("chosen", chosen), ("random order", random)):
        print(f"{title}, likelihood-free, {seeds} seeds:\n")
        show(lines, pool, data, mean)
    show_exact(pool, len(data))
    weinberg_picture.draw(pool, data, chosen, LIMIT)


def show(lines: list[bench.Line], pool, data: list[dict], full: float) -> None:
    """Print a row for each seed."""
    body = []
    for line in lines:
        needed = bench.first(bench.path(line, "sd", "g_f")[1:] <= LIMIT)
        order = bench.rows(line)
        exact_mean, exact_sd = exact(pool, order[:needed])
        mean, sd = (bench.path(line, what, "g_f")[needed] for what in ("mean", "sd"))
        row = data[order[0]]
        names = f"{row['experiment']} {row['sqrt_s']:g}"
        exact_needed = bench.first(pool.sds_along(order)[:, 0] <= LIMIT)
        numbers = (mean, sd, exact_mean, exact_sd)
        body.append((line["seed"], names, needed, *numbers, (mean - full) / 0.0515, exact_needed))
    form = [(*row[:3], *(f"{number:.4f}" for number in row[3:7]), f"{row[7]:+.2f}", row[8]) for row in body]
    head = ["seed", "first", "needed", "g_f", "sd", "exact g_f", "exact sd", "off [sd]", "needed by exact sd"]
    bench.table(head, form)
    print(f"needed, median (range): {bench.spread([row[2] for row in body], '{:g}'.format)};", end=" ")
    print(f"by the exact sd: {bench.spread([row[8] for row in body], '{:g}'.format)}")
    within = sum(row[6] <= LIMIT for row in body)
    print(f"exact sd within the target at the stop: {within} of {len(body)};", end=" ")
    print(f"sd / exact sd at the stop: {bench.spread([row[4] / row[6] for row in body], '{:.3f}'.format)}")
    last = np.array([[bench.path(line, what, "g_f")[-1] for what in ("mean", "sd")] for line in lines])
    print(f"after all rows: g_f {bench.spread(last[:, 0], '{:.4f}'.format)},", end=" ")
    print(f"sd {bench.spread(last[:, 1], '{:.4f}'.format)}")
    bench.effort(lines)


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
