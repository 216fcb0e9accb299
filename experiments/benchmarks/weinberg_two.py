"""weinberg (b) and (c), three seeds each: two parameters at once, against the exact answers on a grid.

python experiments/benchmarks/weinberg_two.py        # five minutes of one core
"""

import bench

STUDIES = {  # study file: its grid and its pool
    "study_gf_mz.yaml": ("G_F_M_Z", "below_z.csv"),
    "study_angle.yaml": ("ANGLE", "all_energies.csv"),
}


def main(seeds: int, again: bool) -> None:
    """Run and print."""
    for file, (grid, recorded) in STUDIES.items():
        reference = bench.reference("weinberg")
        axes, data = getattr(reference, grid), reference.read(recorded)
        pool = reference.pool(recorded, axes)
        lines = bench.campaigns(f"weinberg/{file}", range(1, seeds + 1), {}, again=again)
        needed = pool.needed(pool.order()[0])
        print(f"{lines[0]['study']}, {seeds} seeds; chosen by exact gain: {needed} of {len(data)}\n")
        body = [row for line in lines for row in compared(line, pool, list(axes), data, reference.oracle)]
        head = ["seed", "measured", "first", "parameter", "learned", "exact, same rows", "bias [sd]", "ratio of sds"]
        bench.table(head, body)
        for line in lines:
            names = [f"{data[row]['experiment']} {data[row]['sqrt_s']:g}" for row in bench.rows(line)]
            exact = exact_needed(pool, bench.rows(line))
            print(
                f"  seed {line['seed']}: {'; '.join(names)}\n    stopped: {line['reason']}; by the exact sds: {exact}"
            )
        bench.effort(lines)


def exact_needed(pool, rows: list[int]) -> object:
    """Return after how many of these rows the exact sds were within 10 % of those of all rows, or 'not yet'."""
    target = 1.1 * pool.posterior()[1]
    return bench.first((pool.sds_along(rows) <= target).all(1)) or "not yet"


def compared(line: bench.Line, pool, names: list[str], data: list[dict], oracle) -> list[tuple]:
    """Return a row of the table for each parameter."""
    rows = bench.rows(line)
    means, sds = oracle.moments(pool.belief(rows), pool.values)
    start = f"{data[rows[0]]['experiment']} {data[rows[0]]['sqrt_s']:g}"
    found = []
    for name, mean, sd in zip(names, means, sds, strict=True):
        state = line["rounds"][-1]
        learned = f"{state['mean'][name]:.5g} +- {state['sd'][name]:.3g}"
        bias, ratio = (state["mean"][name] - mean) / sd, state["sd"][name] / sd
        found.append(
            (line["seed"], len(rows), start, name, learned, f"{mean:.5g} +- {sd:.3g}", f"{bias:+.2f}", f"{ratio:.3f}")
        )
    return found


if __name__ == "__main__":
    asked = bench.arguments(__doc__.splitlines()[0], seeds=3)
    main(asked.seeds, asked.again)
