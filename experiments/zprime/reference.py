"""The exact answer to the request on a grid, and a run's beside it: `python experiments/zprime/reference.py RUN`.

RUN is the folder that `activesci reinterpret` has filled; its rows are used. With `--picture FILE` both are drawn.
"""

import argparse
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from scipy.stats import norm

from activesci.ledger import Ledger, fold
from activesci.report.reinterpreted import outcome

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "weinberg")]

import zprime  # noqa: E402

STANDARD = {"g_f": 1.16637, "m_z": 91.1875, "gamma_z": 2.4952, "sin2theta_eff": 0.23153}
G = (np.arange(3000) + 0.5) * 3.0 / 3000
M = 150 + (np.arange(650) + 0.5)
LEVEL = 0.95


def rows(run: Path) -> tuple[dict, np.ndarray]:
    """Return the designs and asymmetries that a run rests on."""
    with Ledger.read_only(run) as ledger:
        found = fold(ledger.events()).measured()
    design = {name: np.array([one.design[name] for one in found]) for name in ("sqrt_s", "error")}
    return design, np.array([one.outcome["a_fb"] for one in found])


def log_likelihood(design: dict, a_fb: np.ndarray, g: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Return log p(rows | g, m) for couplings (n,) and masses (k,), (k, n)."""
    theta = STANDARD | {"g_zprime": g[None, :, None], "m_zprime": m[:, None, None]}
    return norm.logpdf(a_fb, zprime.asymmetry(theta, design), design["error"]).sum(axis=2)


def limits(logs: np.ndarray) -> np.ndarray:
    """Return the credible limit and that by likelihood at each mass, (2, k); NaN beyond the prior."""
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    cumulative = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    edges = G + 0.5 * (G[1] - G[0])
    credible = [np.interp(LEVEL, row, edges) for row in cumulative]
    allowed = logs >= logs.max(axis=1, keepdims=True) - 0.5 * norm.ppf(LEVEL) ** 2
    last = logs.shape[1] - 1 - np.argmax(allowed[:, ::-1], axis=1)
    return np.array([credible, np.where(last == len(G) - 1, np.nan, edges[last])])


def show(run: Path) -> tuple[dict, np.ndarray]:
    """Print the run's limits, points and moments beside the exact ones; return its answer and the exact limits."""
    (design, a_fb), answer = rows(run), outcome(run)["answer"]
    said, at = answer["limit"], np.array(answer["limit"]["at"])
    exact = limits(log_likelihood(design, a_fb, G, at))
    print(f"{len(a_fb)} rows: sqrt_s {', '.join(f'{e:g}' for e in design['sqrt_s'])}")
    print("m_zprime   credible (exact)   by likelihood (exact)")
    for m, c, p, ce, pe in zip(at, said["credible"], said["likelihood"], *exact, strict=True):
        print(f"{m:8.0f}   {c:8.3f} ({ce:.3f})   {p if p else float('nan'):8.3f} ({pe:.3f})")
    whole = log_likelihood(design, a_fb, G, M)
    top = whole.max()
    evidence = top + np.log(np.exp(whole - top).mean())
    for one in answer["points"]:
        point = one["point"]
        logs = log_likelihood(design, a_fb, np.array([point["g_zprime"]]), np.array([point["m_zprime"]]))
        print(f"{point}: support {one['support']:.3f} ({float(logs[0, 0] - evidence):.3f}) nats")
    weights = np.exp(whole - top)
    weights /= weights.sum()
    for name, marginal, axis in (("g_zprime", weights.sum(axis=0), G), ("m_zprime", weights.sum(axis=1), M)):
        mean = marginal @ axis
        sd = np.sqrt(marginal @ (axis - mean) ** 2)
        found = answer["posterior"][name]
        print(f"{name}: {found['mean']:.4g} +- {found['sd']:.3g} ({mean:.4g} +- {sd:.3g})")
    return said, exact


def draw(said: dict, exact: np.ndarray, path: Path) -> None:
    """Draw the limits against the mass, learned and exact."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.4), layout="constrained")
    axes.fill_between(said["at"], said["credible"], 3.0, color="#0072b2", alpha=0.15, linewidth=0)
    axes.plot(said["at"], said["credible"], color="#0072b2", lw=2.4, label="95 % credible, learned")
    axes.plot(said["at"], exact[0], color="black", lw=1, ls="--", label="95 % credible, exact")
    learned = [np.nan if one is None else one for one in said["likelihood"]]
    axes.plot(said["at"], learned, color="#d55e00", lw=2.0, label="95 % by likelihood, learned")
    axes.plot(said["at"], exact[1], color="black", lw=1, ls=":", label="95 % by likelihood, exact")
    axes.set(xlabel="mass of the Z' [GeV]", ylabel="its coupling to charged leptons, g", ylim=(0, 3), xlim=(160, 790))
    axes.text(250, 2.4, "excluded", fontsize=12, color="#0072b2")
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    found = show(given.run)
    if given.picture:
        draw(*found, given.picture)
