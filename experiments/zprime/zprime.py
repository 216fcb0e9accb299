"""e+e- -> mu+mu- with a third boson: the forward-backward asymmetry with photon, Z and a heavy Z'.

Every neutral vector boson V adds to the helicity amplitudes, in units of the photon's,

    A_ij(s) = sum over V of  g_i(V) g_j(V) chi_V(s),        i, j in {L, R}

with chi = 1 and g = 1 for the photon, and for the Z (g_L = g_V + g_A, g_R = g_V - g_A) the chi(s) of model.py. Then

    A_FB = 3/4 (|A_LL|^2 + |A_RR|^2 - |A_LR|^2 - |A_RL|^2) / (|A_LL|^2 + |A_RR|^2 + |A_LR|^2 + |A_RL|^2).

The Z' couples to charged leptons axially, as that of U(1)_psi of E6 does, and with one strength to all of them:
L = (g/2) Z'_mu (l-bar gamma^mu gamma^5 l). So g_L = -g_R = g/2 (the sign is a convention), and

    chi_Z'(s) = 1 / (4 pi alpha(s)) * s / (s - M^2 + i s w),        w = Gamma / M.

With g -> 0 it is the model of the published analysis, whose running alpha, Z and errors it takes as they are.

References:
    Leike 1999, The phenomenology of extra neutral gauge bosons, Phys. Rept. 317, 143, arXiv:hep-ph/9805494, section 2.
    Langacker 2009, The physics of heavy Z' gauge bosons, Rev. Mod. Phys. 81, 1199, arXiv:0801.1345.
"""

import numpy as np
from model import running_alpha

WIDTH = 0.03  # Gamma / M of the Z'; at these energies, far below it, 0.003 and 0.3 give the same within 1e-3


def asymmetry(theta, design):
    """Return the expected asymmetry of each row."""
    s = np.square(design["sqrt_s"])
    alpha, m_z = running_alpha(design["sqrt_s"]), theta["m_z"]
    z = 1e-5 * theta["g_f"] * m_z**2 / (2 * np.sqrt(2) * np.pi * alpha)
    z = z * s / (s - m_z**2 + 1j * s * theta["gamma_z"] / m_z)
    heavy = s / (s - theta["m_zprime"] ** 2 + 1j * s * WIDTH) / (4 * np.pi * alpha)
    vector, axial = -0.5 + 2 * theta["sin2theta_eff"], -0.5
    left, right, own = vector + axial, vector - axial, np.square(theta["g_zprime"] / 2)
    same = np.abs(1 + left**2 * z + own * heavy) ** 2 + np.abs(1 + right**2 * z + own * heavy) ** 2
    other = 2 * np.abs(1 + left * right * z - own * heavy) ** 2
    return 0.75 * (same - other) / (same + other)


def simulate(theta, design, rng):
    """Measure the asymmetry once: the expectation smeared with the experiment's quoted error."""
    expected = asymmetry(theta, design)
    return {"a_fb": expected + design["error"] * rng.standard_normal(np.shape(expected))}


def log_likelihood(theta, design, outcome):
    """Return log p(a_fb | theta, design) of each row; the exact answer, to hold the likelihood-free one against."""
    pull = (outcome["a_fb"] - asymmetry(theta, design)) / design["error"]
    return -0.5 * pull**2 - np.log(design["error"]) - 0.5 * np.log(2 * np.pi)
