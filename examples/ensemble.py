"""Somebody else brings the workers: a campaign driven by libEnsemble, through the standard gest-api.

Run it from the repository's root (half a minute); it takes `pip install "activesci[gest]" libensemble`:

    python examples/ensemble.py

libEnsemble hands designs to its workers and brings their outcomes back; the campaign chooses the designs by what they
would teach, two at a time, learns from the outcomes and records all of it, as with `activesci ask` and `tell`. Xopt
and Optimas drive it in the same way. docs/gest.md says what holds.
"""

import os
import tempfile
from pathlib import Path

import numpy as np
from libensemble import Ensemble
from libensemble.alloc_funcs.start_only_persistent import only_persistent_gens
from libensemble.specs import AllocSpecs, ExitCriteria, GenSpecs, LibeSpecs, SimSpecs

import activesci as asci
from activesci.gest import CampaignGenerator, vocs_of

RNG = np.random.default_rng(1)
STUDY = Path(__file__).parents[1] / "experiments" / "decay" / "study.yaml"


def measure(point: dict) -> dict:
    """Measure at a point: what a worker does. Put your own instrument, or a job on a cluster, in its place."""
    return {"y": 1.2 * np.exp(-0.8 * point["xi"]) + 0.05 * RNG.standard_normal()}


def main(folder: Path, measurements: int = 6) -> dict[str, float]:
    """Let libEnsemble conduct a campaign of a few measurements, and return what is believed after it."""
    study = asci.Study.load(STUDY).with_settings({"experiment": {"manual": True}, "stop": {"rounds": 100}})
    vocs = vocs_of(study)  # the design as variables, the outcome as something to explore
    generator = CampaignGenerator(vocs, study, folder / "run")
    ensemble = Ensemble(
        libE_specs=LibeSpecs(
            comms="threads", nworkers=2, gen_on_manager=True, final_gen_send=True, disable_log_files=True
        ),
        sim_specs=SimSpecs(simulator=measure, vocs=vocs),
        gen_specs=GenSpecs(generator=generator, initial_batch_size=2, batch_size=2, vocs=vocs),
        alloc_specs=AllocSpecs(alloc_f=only_persistent_gens),
        exit_criteria=ExitCriteria(sim_max=measurements),  # this ends it; the study's own rule is left wide
    )
    ensemble.run()
    campaign = generator.campaign
    for number, one in enumerate(campaign.history.measured(), start=1):
        print(f"{number}: looked at xi = {one.design['xi']:.2f}, saw {one.outcome['y']:.3f}")
    mean, sd = campaign.posterior.mean(), campaign.posterior.sd()
    print(", ".join(f"{name} = {mean[name]:.3f} +- {sd[name]:.3f}" for name in mean))
    print("the whole story:", campaign.report())
    generator.finalize()
    return mean


if __name__ == "__main__":
    folder = Path(tempfile.mkdtemp())
    os.chdir(folder)  # libEnsemble leaves files of its own where it runs
    main(folder)
