"""e+e- -> mu+mu-: the forward-backward asymmetry from the interference of the photon and the Z.

Improved Born approximation: the tree-level formula with effective couplings. With g_V = -1/2 + 2 sin2theta_eff,
g_A = -1/2 and the ratio of the Z's to the photon's amplitude

    chi(s) = G_F M_Z^2 / (2 sqrt(2) pi alpha(s)) * s / (s - M_Z^2 + i s Gamma_Z / M_Z)

the asymmetry is A_FB = 3/4 * F_2 / F_1 with

    F_1 = 1 + 2 g_V^2 Re chi + (g_V^2 + g_A^2)^2 |chi|^2
    F_2 =     2 g_A^2 Re chi + 4 g_V^2 g_A^2 |chi|^2

The interference (Re chi) makes muons go backwards below the Z; its size is G_F s / alpha, so counting muons in two
hemispheres weighs a constant of beta decay. Photon radiation is left out: experiments quote corrected asymmetries.

References:
    ALEPH, DELPHI, L3, OPAL, SLD (2006), Phys. Rept. 427, 257, arXiv:hep-ex/0509008, section 1.
"""

import numpy as np

ALPHA = 1 / 137.035999  # fine-structure constant at rest
LEPTON_MASSES = (0.000510999, 0.1056584, 1.77686)  # e, mu, tau [GeV]
HADRONIC_SHIFT = 0.02758  # five light quarks at REFERENCE_ENERGY, from e+e- -> hadrons; hep-ex/0509008
REFERENCE_ENERGY = 91.1875  # [GeV]
QUARK_CHARGES = 11 / 3  # sum of 3 Q^2 over u d s c b
QCD_CORRECTION = 1 + 0.118 / np.pi


def running_alpha(sqrt_s):
    """Return alpha(s), one loop: leptons from their masses, quarks from their measured shift at the Z.

    The quarks run logarithmically with five flavours, good to 1e-3 of alpha between 12 and 210 GeV.
    """
    step = ALPHA / (3 * np.pi)
    leptons = sum(step * (2 * np.log(sqrt_s / mass) - 5 / 3) for mass in LEPTON_MASSES)
    quarks = HADRONIC_SHIFT + step * QUARK_CHARGES * QCD_CORRECTION * 2 * np.log(sqrt_s / REFERENCE_ENERGY)
    return ALPHA / (1 - leptons - quarks)


def interference_asymmetry(sqrt_s, g_f, m_z, gamma_z, sin2theta_eff):
    """Return A_FB of photon and Z together at centre-of-mass energy sqrt_s [GeV]; g_f in 1e-5 GeV^-2."""
    s = np.square(sqrt_s)
    propagator = s / (s - m_z**2 + 1j * s * gamma_z / m_z)
    chi = 1e-5 * g_f * m_z**2 / (2 * np.sqrt(2) * np.pi * running_alpha(sqrt_s)) * propagator
    vector2, axial2 = (-0.5 + 2 * sin2theta_eff) ** 2, 0.25
    even = 1 + 2 * vector2 * chi.real + (vector2 + axial2) ** 2 * np.abs(chi) ** 2
    odd = 2 * axial2 * chi.real + 4 * vector2 * axial2 * np.abs(chi) ** 2
    return 0.75 * odd / even


def pole_asymmetry(sin2theta_eff):
    """Return A_FB of the Z alone, 3/4 A^2: what experiments quote at the peak after taking the photon out."""
    ratio = 1 - 4 * sin2theta_eff  # g_V / g_A
    return 0.75 * (2 * ratio / (1 + ratio**2)) ** 2


def asymmetry(theta, design):
    """Return the expected asymmetry of each row; a design without `kind` is at a beam energy away from the pole."""
    born = interference_asymmetry(
        design["sqrt_s"], theta["g_f"], theta["m_z"], theta["gamma_z"], theta["sin2theta_eff"]
    )
    if "kind" not in design:
        return born
    return np.where(np.asarray(design["kind"]) == "pole", pole_asymmetry(theta["sin2theta_eff"]), born)


def simulate(theta, design, rng):
    """Measure the asymmetry once: the expectation smeared with the experiment's quoted error."""
    expected = asymmetry(theta, design)
    return {"a_fb": expected + design["error"] * rng.standard_normal(np.shape(expected))}


def log_likelihood(theta, design, outcome):
    """Return log p(a_fb | theta, design) of each row; the exact answer, to hold the likelihood-free one against."""
    pull = (outcome["a_fb"] - asymmetry(theta, design)) / design["error"]
    return -0.5 * pull**2 - np.log(design["error"]) - 0.5 * np.log(2 * np.pi)
