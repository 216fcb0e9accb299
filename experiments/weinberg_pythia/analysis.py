"""From particles to the forward-backward asymmetry: the later steps of workflow.yaml."""

import json

import numpy as np

MUON = 13


def select(parameters, inputs, outputs, rng):
    """Keep the direction of the negative muon of every event that has a pair of muons: cos theta to the electron."""
    event, code, p_z, energy = np.load(inputs["particles"]).T
    paired = np.intersect1d(event[code == MUON], event[code == -MUON])
    muon = (code == MUON) & np.isin(event, paired)
    np.save(outputs["cosines"], p_z[muon] / energy[muon])


def count(parameters, inputs, outputs, rng):
    """Count the muons that fly forwards and backwards in all batches."""
    cosines = np.concatenate([np.load(path) for path in inputs["batches"]])
    forward = int((cosines > 0).sum())
    outputs["counts"].write_text(json.dumps({"forward": forward, "backward": len(cosines) - forward}))


def asymmetry(parameters, inputs, outputs, rng):
    """Write (forward - backward) / (forward + backward)."""
    counts = json.loads(inputs["counts"].read_text())
    forward, backward = counts["forward"], counts["backward"]
    outputs["asymmetry"].write_text(json.dumps({"a_fb": (forward - backward) / (forward + backward)}))
