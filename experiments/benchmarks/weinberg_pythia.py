"""weinberg_pythia over seeds: how often the 68 % interval holds nature's value, and at which energies it measures.

    python experiments/benchmarks/weinberg_pythia.py        # some four CPU minutes a seed; resumable

Prints the table of `experiments/weinberg_pythia/README.md`. What has been run is not run
again; `--seeds N` is how many.
"""

import bench

STUDY = "weinberg_pythia/study.yaml"
HIDDEN = 0.2315
INFORMATIVE = (80.0, 100.0)  # the peak and its flanks [GeV]


def main(seeds: int, again: bool) -> None:
    """Run and print."""
    lines = bench.campaigns(STUDY, range(1, seeds + 1), {"executor": {"ray": {"workers": 2}}}, again=again)
    body = [_row(line) for line in lines]
    bench.table(["seed", "sin2theta", "sd", "off [sd]", "rounds", "simulations", "seconds", "energies [GeV]"], body)
    held = sum(abs(_final(line)[0] - HIDDEN) <= _final(line)[1] for line in lines)
    energies = [energy for line in lines for energy in _energies(line)]
    inside = sum(INFORMATIVE[0] <= energy <= INFORMATIVE[1] for energy in energies)
    print(
        f"the value is within one sd in {held} of {len(lines)}; 12 to 15 of 20 are expected of a right 68 % interval"
    )
    print(f"measured at the peak or its flanks: {inside} of {len(energies)}")
    bench.effort(lines)


def _final(line: bench.Line) -> tuple[float, float]:
    last = line["rounds"][-1]
    return last["mean"]["sin2theta"], last["sd"]["sin2theta"]


def _energies(line: bench.Line) -> list[float]:
    return [one["design"]["sqrt_s"] for each in line["rounds"] for one in each["measured"]]


def _row(line: bench.Line) -> tuple:
    mean, sd = _final(line)
    energies = ", ".join(f"{energy:.1f}" for energy in _energies(line))
    counts = (len(line["rounds"]) - 1, line["simulations"], f"{line['seconds']:.0f}")
    return (line["seed"], f"{mean:.5f}", f"{sd:.5f}", f"{(mean - HIDDEN) / sd:+.2f}", *counts, energies)


if __name__ == "__main__":
    given = bench.arguments(__doc__, seeds=20)
    main(given.seeds, given.again)
