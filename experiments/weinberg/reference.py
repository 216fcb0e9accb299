"""The exact answers to the three studies, on a grid: `python experiments/weinberg/reference.py` (seconds)."""

import csv
import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

import model  # noqa: E402
import oracle  # noqa: E402

PUBLISHED = {"g_f": 1.16637, "m_z": 91.1875, "gamma_z": 2.4952, "sin2theta_eff": 0.23153}
G_F = {"g_f": oracle.cells(0.8, 1.6, 800)}
G_F_M_Z = {"g_f": oracle.cells(0.6, 1.8, 120), "m_z": oracle.cells(75, 110, 140)}
ANGLE = {"sin2theta_eff": oracle.cells(0.20, 0.25, 200), "g_f": oracle.cells(0.8, 1.6, 160)}


def read(name: str) -> list[dict]:
    """Read a recorded pool: numbers as floats, the rest as text."""
    with (FOLDER / name).open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [row | {key: float(row[key]) for key in ("sqrt_s", "error", "a_fb")} for row in rows]


def pool(name: str, axes: dict[str, np.ndarray]) -> oracle.Pool:
    """Put a recorded pool on a grid with uniform priors; parameters without an axis have their published values."""
    rows = read(name)
    values = oracle.mesh(*axes.values())
    theta = PUBLISHED | dict(zip(axes, values, strict=True))
    return oracle.Pool(
        values=values,
        log_prior=np.zeros((values.shape[1], 1)),
        means=np.array([model.asymmetry(theta, row) for row in rows]),
        sds=np.array([[row["error"]] for row in rows]),
        outcomes=np.array([row["a_fb"] for row in rows]),
    )


def show(title: str, name: str, axes: dict[str, np.ndarray], orders: int) -> None:
    """Print one study's answers."""
    here = pool(name, axes)
    labels = [f"{row['experiment']} {row['sqrt_s']:g}" for row in read(name)]
    print(f"{title}: {len(labels)} rows, chi2 {here.chi2().min():.2f} at the best point")
    print(oracle.report(here, list(axes), labels, orders))


if __name__ == "__main__":
    show("(a) g_f [1e-5 GeV^-2]", "below_z.csv", G_F, 1000)
    show("(b) g_f [1e-5 GeV^-2] and m_z [GeV]", "below_z.csv", G_F_M_Z, 200)
    show("(c) sin2theta_eff and g_f [1e-5 GeV^-2]", "all_energies.csv", ANGLE, 100)
