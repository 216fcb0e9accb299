"""Draw estimated gains over exact ones from the kept lines: `python picture.py PATH/eig.json`, after `gold.py`."""

import argparse
import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
from kept import HERE, RUNS

mpl.use("agg")
from matplotlib import pyplot as plt  # noqa: E402

AXES = {"gaussian_cosine": "phi", "weinberg_toy": "beam energy [GeV]"}
COLOURS = {"exact": "#0072b2", "learned": "#d55e00"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path, help="the file of exact gains")
    gold = json.loads(parser.parse_args().gold.read_text())
    lines = [json.loads(line) for line in (RUNS / "gold.jsonl").read_text().splitlines()]
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for axes, (problem, name) in zip(panels, AXES.items(), strict=True):
        at = np.array([float(key) for key in gold[problem]["eig"]])
        axes.plot(at, list(gold[problem]["eig"].values()), color="black", linewidth=0.8, label="exact")
        for shift, (surrogate, colour) in enumerate(COLOURS.items()):
            chosen = [
                x for x in lines if (x["problem"], x["surrogate"], x["precision"]) == (problem, surrogate, "fine")
            ]
            for i, line in enumerate(chosen[:10]):
                where = at + (0.006 * (i - 5) + 0.03 * (2 * shift - 1)) * np.ptp(at) / 6
                label = f"{surrogate} likelihood" if i == 0 else None
                axes.errorbar(where, line["value"], 2 * np.array(line["error"]), fmt=".", ms=3, lw=0.7, color=colour)
                axes.plot([], [], ".", color=colour, label=label)
        axes.set_xlabel(name)
        axes.set_title(problem, loc="left", fontsize=10)
    panels[0].set_ylabel("gain of 20 events [nats]")
    panels[0].legend(frameon=False, fontsize=8)
    figure.savefig(HERE / "gold.png", dpi=110)


if __name__ == "__main__":
    main()
