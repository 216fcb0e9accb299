"""You measure, activesci says where: the ask / tell interface.

Run it from the repository's root (a few seconds):

    python examples/ask_tell.py

The study is the decay of `experiments/decay`, but nobody measures for it: the campaign hands out designs and waits to
be told what came out. Here a pretended instrument answers; put your own in its place. Between `ask` and `tell` may lie
a second or a month: everything is in the folder, and the same three lines go on from there.
"""

import tempfile
from pathlib import Path

import numpy as np

import activesci as asci

STUDY = Path(__file__).parents[1] / "experiments" / "decay" / "study.yaml"


class Instrument:
    """A photometer in front of something that decays with a = 1.2, b = 0.8. The campaign doesn't know that."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)

    def read(self, xi: float) -> float:
        """Return one reading at time xi."""
        return 1.2 * np.exp(-0.8 * xi) + 0.05 * self.rng.standard_normal()


def main(folder: Path, rounds: int = 4) -> None:
    """Ask where to measure, measure there, tell, and see the belief sharpen."""
    study = asci.Study.load(STUDY).with_settings({"experiment": {"manual": True}, "stop": {"rounds": rounds}})
    instrument = Instrument(seed=1)
    with asci.Campaign(study, folder) as campaign:
        for number in range(1, rounds + 1):
            design = campaign.ask()  # {"xi": ...}: where most is to be learned now
            outcome = {"y": instrument.read(**design)}
            campaign.tell(design, outcome)
            mean, sd = campaign.posterior.mean(), campaign.posterior.sd()
            belief = ", ".join(f"{name} = {mean[name]:.3f} +- {sd[name]:.3f}" for name in mean)
            print(f"{number}: looked at xi = {design['xi']:.2f}, saw {outcome['y']:.3f}: {belief}")
        print("the whole story:", campaign.report())


if __name__ == "__main__":
    main(Path(tempfile.mkdtemp()) / "ask-tell")
