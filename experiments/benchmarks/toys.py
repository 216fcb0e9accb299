"""gaussian_cosine and weinberg_toy: first-round gains, designs and posterior sds against the exact ones.

    python experiments/benchmarks/toys.py        # ten minutes of one core

The gain curve is what the first round of a campaign with `designer: {grid: {points: 41}}` has computed, at each point
of the grid; the exact one is that of `reference.py`, whose agreement with `gold/eig.json` the tests check.
"""

import bench
import numpy as np

STUDIES = ("gaussian_cosine", "weinberg_toy")


def exact_gain(reference, phi: float) -> float:
    """Return the exact gain [nats] of one experiment on the prior."""
    found = reference.gain(phi)
    return float(found[0] if isinstance(found, tuple) else found)


def gain_curves(name: str, reference, seeds: int, again: bool) -> None:
    """Print how far the first round's gains are from the exact ones."""
    settings = {"designer": {"grid": {"points": 41}}, "stop": {"rounds": 1}}
    lines = bench.campaigns(f"{name}/study.yaml", range(1, seeds + 1), settings, again=again)
    phi = np.array(lines[0]["first_gains"]["phi"])
    exact = np.array([exact_gain(reference, each) for each in phi])
    gains = np.array([line["first_gains"]["gain"] for line in lines])
    errors = gains - exact
    print(f"{name}: gain of the first experiment [nats], {seeds} seeds, 41 designs\n")
    few = range(0, len(phi), 5)
    body = [(f"{phi[i]:g}", f"{exact[i]:.3f}", bench.spread(gains[:, i], "{:.3f}".format)) for i in few]
    bench.table(["phi", "exact", "learned, median (range)"], body)
    for line, row in zip(lines, errors, strict=True):
        worst = int(np.abs(row).argmax())
        print(f"  seed {line['seed']}: largest error {row[worst]:+.3f} at phi = {phi[worst]:g};", end=" ")
        print(f"rms {np.sqrt(np.square(row).mean()):.3f}; best design {phi[gains[line['seed'] - 1].argmax()]:g}")
    print(f"  all: largest error {np.abs(errors).max():.3f}, mean error {errors.mean():+.4f}\n")


def loops(name: str, reference, seeds: int, again: bool) -> None:
    """Print what the loop has chosen, and the sd it came to, against random and perfect choices."""
    file, numbers = f"{name}/study.yaml", range(1, seeds + 1)
    chosen = bench.campaigns(file, numbers, {}, again=again)
    random = bench.campaigns(file, numbers, {"designer": {"random": {}}}, again=again)
    body = [
        (line["seed"], ", ".join(designs(line)), *end(line), *end(other))
        for line, other in zip(chosen, random, strict=True)
    ]
    print(f"{name}: designs chosen, and the posterior after the loop (truth 1)\n")
    bench.table(["seed", "chosen phi", "theta", "sd", "random: theta", "sd"], body)
    ends = {
        label: [bench.path(line, "sd", "theta")[-1] for line in lines]
        for label, lines in (("chosen", chosen), ("random", random))
    }
    for label, sds in ends.items():
        print(f"  sd {label}: mean {np.mean(sds):.3f} of {bench.spread(sds)}")
    oracle, blind = perfect(name, reference, len(chosen[0]["rounds"]) - 1)
    print(f"  exact: chosen perfectly {oracle:.3f}, at random {blind:.3f} on average")
    pulls = [(bench.path(line, "mean", "theta")[-1] - 1) / bench.path(line, "sd", "theta")[-1] for line in chosen]
    print(f"  (theta - truth) / sd: mean {np.mean(pulls):+.2f}, rms {np.sqrt(np.square(pulls).mean()):.2f}")
    bench.effort(chosen)


def designs(line: bench.Line) -> list[str]:
    """Return the designs in order."""
    return [f"{each['design']['phi']:.2f}" for state in line["rounds"] for each in state["measured"]]


def end(line: bench.Line) -> tuple[str, str]:
    """Return the last posterior's mean and sd."""
    return tuple(f"{bench.path(line, what, 'theta')[-1]:.3f}" for what in ("mean", "sd"))


def perfect(name: str, reference, rounds: int) -> tuple[float, float]:
    """Return the mean sd after so many experiments at the best designs and at random ones."""
    rng = np.random.default_rng(1)
    if name == "gaussian_cosine":
        best, anywhere = np.full((1, rounds), np.pi), rng.uniform(0, 6, (2000, rounds))
    else:
        best, anywhere = rng.choice([40.0, 50.0], (400, rounds)), rng.uniform(40, 50, (400, rounds))
    return float(reference.sd_after(best).mean()), float(reference.sd_after(anywhere).mean())


def main(seeds: int, again: bool) -> None:
    """Run and print."""
    for name in STUDIES:
        reference = bench.reference(name)
        gain_curves(name, reference, seeds, again)
        loops(name, reference, seeds, again)


if __name__ == "__main__":
    asked = bench.arguments(__doc__.splitlines()[0], seeds=10)
    main(asked.seeds, asked.again)
