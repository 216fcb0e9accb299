"""e+e- -> gamma*/Z -> mu+mu- by Pythia 8, without radiation: the first step of workflow.yaml."""

from functools import cache

import numpy as np

SETTINGS = [
    "Print:quiet = on",
    "Check:event = off",
    "Beams:idA = 11",
    "Beams:idB = -11",
    "PDF:lepton = off",  # no photons from the beams: every collision has the full energy
    "WeakSingleBoson:ffbar2gmZ = on",
    "23:onMode = off",
    "23:onIfAny = 13",
    "PartonLevel:all = off",
    "HadronLevel:all = off",
    "Random:setSeed = on",
]
SEEDS = 900_000_000
"""The largest seed that Pythia takes."""


@cache
def pythia():
    """Return this process's generator: making one reads hundreds of files of settings."""
    import pythia8mc

    made = pythia8mc.Pythia("", False)
    tell(made, SETTINGS)
    return made


def tell(generator, settings):
    """Change settings; Pythia says nothing of one that it does not know, or of a value out of range that it bends."""
    for setting in settings:
        if not generator.readString(setting):
            raise ValueError(f"Pythia does not take {setting!r}")
        name, _, value = setting.partition(" = ")
        if name == "StandardModel:sin2thetaWbar" and generator.settings.parm(name) != float(value):
            raise ValueError(f"Pythia took {generator.settings.parm(name)} for {setting!r}")


def generate(parameters, inputs, outputs, rng):
    """Write the particles that come out, one row (event, PDG code, p_z, E) [GeV] each."""
    generator = pythia()
    tell(
        generator,
        [
            f"Beams:eCM = {parameters['sqrt_s']!r}",
            f"StandardModel:sin2thetaWbar = {parameters['sin2theta']!r}",
            f"Random:seed = {rng.integers(1, SEEDS)}",
        ],
    )
    if not generator.init():
        raise RuntimeError("Pythia could not be initialised")
    rows = []
    for event in range(int(parameters["events"])):
        if not generator.next():
            raise RuntimeError(f"Pythia gave up at event {event}")
        record = generator.process
        for i in reversed(range(record.size())):
            particle = record[i]
            if (
                not particle.isFinal()
            ):  # what comes out stands last, and to ask every entry takes longer than the event
                break
            rows.append((event, particle.id(), particle.pz(), particle.e()))
    np.save(outputs["particles"], np.array(rows))
