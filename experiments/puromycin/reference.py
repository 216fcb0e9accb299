"""The exact answers, on a grid: `python experiments/puromycin/reference.py` (seconds)."""

import csv
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import curve_fit

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

import model  # noqa: E402
import oracle  # noqa: E402

V_MAX = oracle.cells(100, 400, 150)
K_M = oracle.cells(0.005, 0.3, 150)
NOISE_SD = np.exp(oracle.cells(2.4 - 1.2, 2.4 + 1.2, 24))  # four sds of its prior either way
LOG_NOISE_PRIOR = -0.5 * np.square((np.log(NOISE_SD) - 2.4) / 0.3)


def read() -> tuple[np.ndarray, np.ndarray]:
    """Return the recorded concentrations [ppm] and rates [counts/min^2]."""
    with (FOLDER / "treated.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(np.array([float(row[name]) for row in rows]) for name in ("concentration", "rate"))


def least_squares() -> tuple[np.ndarray, np.ndarray, float]:
    """Return the textbook answer: estimates of v_max and k_m, their standard errors, the residual sd."""
    concentrations, rates = read()

    def curve(concentration, v_max, k_m):
        return model.velocity({"v_max": v_max, "k_m": k_m}, {"concentration": concentration})

    best, covariance = curve_fit(curve, concentrations, rates, p0=(200, 0.05))
    residuals = rates - curve(concentrations, *best)
    return best, np.sqrt(np.diag(covariance)), float(np.sqrt(np.square(residuals).sum() / (len(rates) - 2)))


def pool(noise_sd: np.ndarray = NOISE_SD, log_noise_prior: np.ndarray = LOG_NOISE_PRIOR) -> oracle.Pool:
    """Put the recorded rates on a grid under the study's priors, or with another belief about the noise."""
    concentrations, rates = read()
    values = oracle.mesh(V_MAX, K_M)
    theta = {"v_max": values[0], "k_m": values[1]}
    return oracle.Pool(
        values=values,
        log_prior=np.tile(log_noise_prior, (values.shape[1], 1)),
        means=np.array([model.velocity(theta, {"concentration": each}) for each in concentrations]),
        sds=np.tile(noise_sd, (len(rates), 1)),
        outcomes=rates,
    )


if __name__ == "__main__":
    estimates, errors, residual_sd = least_squares()
    print(f"least squares, residual sd {residual_sd:.2f}:")
    print(f"  v_max          {estimates[0]:.3f} +- {errors[0]:.3f}")
    print(f"  k_m            {estimates[1]:.5f} +- {errors[1]:.5f}")
    labels = [f"{each:g} ppm" for each in read()[0]]
    print("posterior under the study's priors, the noise not known:")
    print(oracle.report(pool(), ["v_max", "k_m"], labels, 100))
    print("posterior with the noise known to be the residual sd:")
    known = pool(np.array([residual_sd]), np.zeros(1))
    print(oracle.report(known, ["v_max", "k_m"], labels, 200))
