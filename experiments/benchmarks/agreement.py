"""decay and puromycin, ten seeds: the learned likelihood held against the exact one on the same measurements.

    python experiments/benchmarks/agreement.py        # ten minutes of one core

Each campaign runs likelihood-free to its own stop. The exact posterior of what it measured is then computed on a grid
by the experiment's `reference.py`, which shares no code with activesci. `bias` is the difference of the means in units
of the exact sd, `ratio` the quotient of the sds.
"""

import bench
import numpy as np

STUDIES = {"decay": "decay/study_neural.yaml", "puromycin": "puromycin/study.yaml"}
NUISANCES = ("noise_sd",)
BIAS, RATIO = 0.15, 0.10  # what is asked for


def decay(line: bench.Line, rounds: int) -> dict[str, tuple[float, float]]:
    """Return exact mean and sd of each parameter after so many rounds."""
    reference = bench.reference("decay")
    measured = [each for state in line["rounds"][: rounds + 1] for each in state["measured"]]
    answers = reference.posterior(
        [each["design"]["xi"] for each in measured], [each["outcome"]["y"] for each in measured]
    )
    return dict(zip(("a", "b"), zip(*answers, strict=True), strict=True))


def puromycin(line: bench.Line, rounds: int) -> dict[str, tuple[float, float]]:
    """Return exact mean and sd of each parameter after so many rounds; the nuisance's too."""
    reference = bench.reference("puromycin")
    pool = reference.pool()
    belief = pool.belief(bench.rows(line)[:rounds])
    answers = dict(
        zip(("v_max", "k_m"), zip(*reference.oracle.moments(belief, pool.values), strict=True), strict=True)
    )
    noise = reference.oracle.moments(belief.sum(0), reference.NOISE_SD[None])
    return answers | {"noise_sd": (noise[0][0], noise[1][0])}


def compared(line: bench.Line, exact, rounds: int) -> dict[str, tuple[float, float]]:
    """Return bias and ratio of each parameter after so many rounds."""
    state = line["rounds"][rounds]
    return {
        name: ((state["mean"][name] - mean) / sd, state["sd"][name] / sd)
        for name, (mean, sd) in exact(line, rounds).items()
    }


def main(seeds: int, again: bool) -> None:
    """Run and print."""
    for (name, study), exact in zip(STUDIES.items(), (decay, puromycin), strict=True):
        lines = bench.campaigns(study, range(1, seeds + 1), {}, again=again)
        print(f"{name}, {seeds} seeds, learned against exact at the stop:\n")
        ends = [compared(line, exact, len(line["rounds"]) - 1) for line in lines]
        show(lines, ends)
        judge(ends)
        every = [compared(line, exact, number) for line in lines for number in range(1, len(line["rounds"]))]
        print(f"after every round of all seeds ({len(every)} posteriors):")
        judge(every)
        bench.effort(lines)


def show(lines: list[bench.Line], ends: list[dict]) -> None:
    """Print a row for each seed."""
    names = list(ends[0])
    head = ["seed", "measured", *(f"{name}: bias, ratio" for name in names)]
    rows = [
        (line["seed"], len(line["rounds"]) - 1, *(f"{end[name][0]:+.3f}, {end[name][1]:.3f}" for name in names))
        for line, end in zip(lines, ends, strict=True)
    ]
    bench.table(head, rows)


def judge(ends: list[dict]) -> None:
    """Print, for each parameter, the spread of bias and ratio and how many are as asked."""
    for name in ends[0]:
        bias, ratio = np.array([end[name] for end in ends]).T
        good = (np.abs(bias) <= BIAS) & (np.abs(ratio - 1) <= RATIO)
        role = " (nuisance)" if name in NUISANCES else ""
        print(f"  {name}{role}: |bias| <= {BIAS} and ratio within {RATIO:.0%}: {good.sum()} of {len(good)};", end=" ")
        print(f"bias {bias.mean():+.3f} on average, {np.abs(bias).max():.3f} at most;", end=" ")
        print(f"ratio {ratio.mean():.3f} on average, {ratio.min():.3f} to {ratio.max():.3f}")


if __name__ == "__main__":
    asked = bench.arguments(__doc__.splitlines()[0], seeds=10)
    main(asked.seeds, asked.again)
