"""Print the tables, and draw the picture.

    .venv/bin/python experiments/benchmarks/inference/published/table.py [--surrogate auto]

What runs/ holds goes into peer.csv and ours.csv first; without runs/, the tables are made from these.
"""

import argparse

import numpy as np
from results import HERE, NAMES, PEERS, PUBLISHED, Results, export, kept, latest, seconds

METHODS = ("ours", *PEERS)
SIZES = (1000, 10_000)
COLOURS = {"ours": "#0b6e4f", "NPE": "#b4532a", "NLE": "#3b6fb6", "NRE": "#8a8a8a"}


def spread(rows):
    """Say the median of C2ST, its ends, and of how many runs."""
    found = [row["c2st"] for row in rows.values()]
    return f"{np.median(found):.3f} ({min(found):.2f}-{max(found):.2f}, {len(found)})" if found else "-"


def printed(head, body):
    """Print a table in Markdown."""
    for line in (head, ["---"] * len(head), *body):
        print("| " + " | ".join(line) + " |")
    print()


def quality(results, size):
    """Print the C2ST of all methods, and by how much ours is above the best peer."""
    body = []
    for task in NAMES:
        cells = [spread(results.of(task, method, size)) for method in METHODS]
        body.append([task, *cells, f"{results.ahead(task, size):+.3f}"])
    printed([f"C2ST, {size} simulations", *METHODS, "ours - best"], body)


def effort(results, size):
    """Print the CPU seconds of a fit and 4000 samples, and what the peers need of ours."""
    body = []
    for task in NAMES:
        cells = [f"{seconds(results.of(task, method, size).values()):.1f}" for method in METHODS]
        body.append([task, *cells, *(f"{results.ratio(task, peer, size):.1f}" for peer in PEERS)])
    ratios = [[results.ratio(task, peer, size) for task in NAMES] for peer in PEERS]
    body.append(["median", *[""] * len(METHODS), *(f"{np.median(found):.1f}" for found in ratios)])
    printed([f"CPU s, {size} simulations", *METHODS, *(f"{peer} / ours" for peer in PEERS)], body)


def verdict(results, size):
    """Say how many tasks are won and what the worst one is."""
    ahead = {task: results.ahead(task, size) for task in NAMES if np.isfinite(results.ahead(task, size))}
    if not ahead:
        return
    worst = max(ahead, key=lambda task: ahead[task])
    won = sum(value < 0 for value in ahead.values())
    print(
        f"{size} simulations: below the best peer on {won} of {len(ahead)} tasks; worst {worst} {ahead[worst]:+.3f}\n"
    )


def in_rounds():
    """Print the C2ST after ten rounds of a thousand simulations."""
    rows = latest([row for row in kept("ours") if row["method"] == "rounds"])
    found = {task: {i: row for i, row in enumerate(rows) if row["task"] == task} for task in NAMES}
    body = [[task, spread(of), f"{seconds(of.values()):.0f}"] for task, of in found.items() if of]
    printed(["ten rounds of 1000", "C2ST", "CPU s"], body)


def picture(results):
    """Draw C2ST and CPU seconds, a column for each number of simulations."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, len(SIZES), figsize=(9.5, 6.4), sharex=True, sharey="row", layout="constrained")
    for (above, below), size in zip(axes.T, SIZES, strict=True):
        above.set_title(f"{size:,} simulations".replace(",", " "), fontsize=11)
        for place, method in enumerate(METHODS):
            drawn(above, below, results, method, size, 0.17 * (place - 1.5))
        below.set_yscale("log")
        below.set_xticks(range(len(NAMES)), [name.replace("_", " ") for name in NAMES], rotation=35, ha="right")
    axes[0, 0].set_ylabel("C2ST (0.5: indistinguishable)")
    axes[1, 0].set_ylabel("CPU s, fit and 4000 samples")
    axes[0, 0].set_ylim(0.48, 1.01)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), frameon=False, ncols=4, loc="outside upper center")
    for axis in axes.flat:
        axis.grid(axis="y", color="#e4e4e4", linewidth=0.8)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(HERE / "published.png", dpi=110)


def drawn(above, below, results, method, size, shift):
    """Draw one method: the medians as points, the ends as lines."""
    label = method if method == "ours" else f"sbi {method}"
    for number, task in enumerate(NAMES):
        if not (rows := results.of(task, method, size)):
            continue
        values, label_now = [row["c2st"] for row in rows.values()], label if number == 0 else None
        above.plot([number + shift] * 2, [min(values), max(values)], color=COLOURS[method], linewidth=1.2, alpha=0.6)
        above.plot(number + shift, np.median(values), "o", color=COLOURS[method], markersize=4.5, label=label_now)
        below.plot(number + shift, seconds(rows.values()), "o", color=COLOURS[method], markersize=4.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--surrogate", default="auto", choices=["auto", "likelihood", "posterior", "ratio"])
    options = parser.parse_args()
    export()
    results = Results(options.surrogate)
    for size in SIZES:
        quality(results, size)
        effort(results, size)
        verdict(results, size)
    in_rounds()
    body = [[task, peer, *(f"{value:.3f}" for value in values)] for (task, peer), values in PUBLISHED.items()]
    printed(["published medians (2021)", "method", "1000", "10000"], body)
    picture(results)


if __name__ == "__main__":
    main()
