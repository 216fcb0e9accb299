"""Are the intervals of a whole campaign as wide as they say? Four studies, 200 known truths each.

    .venv/bin/python experiments/benchmarks/inference/calibration.py [STUDY ...] [--repetitions 200] [--from posterior]

Each study is run to its end with a learned likelihood, in `runs/benchmarks/calibration/`, and its inference is then
repeated at the designs that it chose, on data that its simulator gives for known truths: drawn from its posterior, or
with `--from prior` all over the prior. Printed is the share of truths inside intervals of 50, 68, 90 and 95 %, a row
for each parameter and one for the joint region of highest density; a share more than two binomial sd from its level is
in bold (one in twenty is, of right ones). A campaign that is there is gone on with, and a calibration that is there is
not made again; the picture `calibration.png` shows all ranks against uniform ones.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import activesci as asci
from activesci.ledger import Kind

HERE = Path(__file__).resolve().parent
EXPERIMENTS, RUNS = HERE.parents[1], HERE.parents[2] / "runs" / "benchmarks" / "calibration"
STUDIES = {
    "gaussian_cosine": "gaussian_cosine/study.yaml",
    "weinberg_toy": "weinberg_toy/study.yaml",
    "decay": "decay/study_neural.yaml",
    "puromycin": "puromycin/study.yaml",
}


def calibrated(name, repetitions, origin, exact):
    """Return the note of a study's calibration and its ranks, made now or before."""
    kind = "exact" if exact else "likelihood"
    study = asci.Study.load(EXPERIMENTS / STUDIES[name]).with_settings({"inference.surrogate": kind})
    with asci.Campaign(study, RUNS / f"{name}-{kind}") as campaign:
        if campaign.history.status != "stopped":
            began = time.process_time()
            result = campaign.run()
            print(f"{name}: {result.status}, {result.reason}, {time.process_time() - began:.0f} CPU s", flush=True)
        if found(campaign, repetitions, origin) is None:
            began = time.process_time()
            campaign.calibrate(repetitions, origin)
            print(f"{name}: calibrated in {time.process_time() - began:.0f} CPU s", flush=True)
        note = found(campaign, repetitions, origin)
        return note.payload | {"ranks": campaign._journal.arrays(note)["ranks"].tolist()}


def found(campaign, repetitions, origin):
    """Return the last calibration of a campaign that is like this, or None."""
    notes = [note for note in campaign.history.notes if note.kind is Kind.NOTE]
    said = {"what": "calibration", "repetitions": repetitions, "origin": origin}
    return next((note for note in reversed(notes) if said.items() <= note.payload.items()), None)


def rows(name, note):
    """Yield a study's rows of the table in Markdown."""
    n = note["repetitions"]
    for what, shares in note["coverage"].items():
        cells = []
        for level, share in shares.items():
            off = abs(share - float(level)) > 2 * np.sqrt(float(level) * (1 - float(level)) / n)
            cells.append(f"**{share:.1%}**" if off else f"{share:.1%}")
        yield f"| {name} | {what} | " + " | ".join(cells) + f" | {note['p_values'][what]:.2g} |"


def picture(notes, names):
    """Draw how the ranks of each study's parameters differ from uniform ones."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(notes), figsize=(3.2 * len(notes), 2.6), sharey=True, squeeze=False)
    for panel, name, note in zip(axes[0], names, notes, strict=True):
        ranks = np.sort(np.array(note["ranks"]), axis=0)
        share = np.arange(1, len(ranks) + 1) / len(ranks)
        panel.axhspan(-1.36 / len(ranks) ** 0.5, 1.36 / len(ranks) ** 0.5, color="0.9")
        for column, parameter in zip(ranks.T, note["p_values"], strict=False):
            panel.plot(column, share - column, label=parameter, linewidth=1.2)
        panel.set(title=name, xlabel="rank of the truth", ylim=(-0.25, 0.25))
        panel.legend(fontsize=7, frameon=False)
    axes[0][0].set_ylabel("share too many")
    figure.tight_layout()
    figure.savefig(HERE / "calibration.png", dpi=90)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", default=list(STUDIES), metavar="STUDY")
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--from", dest="origin", choices=["posterior", "prior"], default="posterior")
    parser.add_argument("--exact", action="store_true", help="with the study's own likelihood")
    options = parser.parse_args()
    notes, table = [], []
    for name in options.studies:
        notes.append(calibrated(name, options.repetitions, options.origin, options.exact))
        table += rows(name, notes[-1])
        with (RUNS.parent / "calibration.jsonl").open("a") as opened:
            opened.write(json.dumps({"study": name, "exact": options.exact} | notes[-1]) + "\n")
        print("| study | what | 50 % | 68 % | 90 % | 95 % | p of uniform ranks |\n|---|---|---|---|---|---|---|")
        print("\n".join(table), flush=True)
    if not options.exact:
        picture(notes, options.studies)


if __name__ == "__main__":
    main()
