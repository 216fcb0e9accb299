"""e+e- -> Z -> hadrons by Pythia 8 at 91.2 GeV, without radiation from the beams: the first step of workflow.yaml."""

from functools import cache

import numpy as np

SETTINGS = [
    "Print:quiet = on",
    "Beams:idA = 11",
    "Beams:idB = -11",
    "Beams:eCM = 91.2",
    "PDF:lepton = off",  # the data are corrected for photons from the beams
    "WeakSingleBoson:ffbar2gmZ = on",
    "23:onMode = off",
    "23:onIfAny = 1 2 3 4 5",
    "Random:setSeed = on",
]
TUNED = {
    "alpha_s": "TimeShower:alphaSvalue",
    "a_lund": "StringZ:aLund",
    "b_lund": "StringZ:bLund",
    "sigma_pt": "StringPT:sigma",
}
SEEDS = 900_000_000
"""The largest seed that Pythia takes."""


@cache
def pythia():
    """Return this process's generator: making one reads hundreds of files of settings."""
    import pythia8mc

    made = pythia8mc.Pythia("", False)
    for setting in SETTINGS:
        tell(made, setting)
    return made


def tell(generator, setting):
    """Change a setting; Pythia says nothing of a value out of range, which it bends."""
    if not generator.readString(setting):
        raise ValueError(f"Pythia does not take {setting!r}")
    name, _, value = setting.partition(" = ")
    if name in TUNED.values() and generator.settings.parm(name) != float(value):
        raise ValueError(f"Pythia took {generator.settings.parm(name)} for {setting!r}")


def generate(parameters, inputs, outputs, rng):
    """Write the stable charged particles, one row (event, p_x, p_y, p_z) [GeV] each, after a row with their number."""
    generator, events = pythia(), int(parameters["events"])
    for name, setting in TUNED.items():
        tell(generator, f"{setting} = {float(parameters[name])!r}")
    tell(generator, f"Random:seed = {rng.integers(1, SEEDS)}")
    if not generator.init():
        raise RuntimeError("Pythia could not be initialised")
    rows = [(float(events), 0.0, 0.0, 0.0)]
    for event in range(events):
        if not generator.next():
            raise RuntimeError(f"Pythia gave up at event {event}")
        for particle in generator.event:
            if particle.isFinal() and particle.isCharged():
                rows.append((float(event), particle.px(), particle.py(), particle.pz()))
    np.save(outputs["particles"], np.array(rows, dtype=np.float32))
