"""The whole study: registered, networks trained on Ray's workers as the loop asks for them, and a table at the end.

    python experiments/pruning/run.py [--to runs/pruning] [--workers 2]

A run that was stopped or killed goes on where it was; one that is done is only reported on again.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from activesci import Campaign, Study
from activesci.execute.ray import RayExecutor
from activesci.ledger import Ledger
from activesci.rng import Purpose
from activesci.simulate import FunctionSimulator
from activesci.types import Block

HERE = Path(__file__).resolve().parent
DECIDED = 20.0
"""A coefficient is said to be something, or nothing, where the data are that many times as probable so."""


class Laboratory:
    """Has networks trained and pruned on Ray's workers.

    Args:
        study: The study.
        workers: How many at a time.
    """

    def __init__(self, study: Study, workers: int) -> None:
        self._study = study
        self._nature = FunctionSimulator(study.with_settings({"simulator": {"function": "networks:measure"}}))
        self._nature.load()
        self._executor = RayExecutor(workers=workers, width=study.outcome_space.width, folder=study.folder)

    def measure(self, proposals: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Yield each proposal with its outcome, in their order.

        Raises:
            RuntimeError: If a network could not be trained.
        """
        theta = np.zeros((1, self._study.parameter_space.dim))
        xi = [self._study.design_space.encode(one["design"])[None] for one in proposals]
        blocks = [Block(1, int(Purpose.MEASURE), one["id"], theta, x) for one, x in zip(proposals, xi, strict=True)]
        self._executor.submit(self._nature.run, blocks)
        found = {result.first: result for result in self._executor.gather()}
        for one in proposals:
            if failed := found[one["id"]].failures:
                raise RuntimeError(f"the network of {one['design']} could not be trained: {failed[0]}")
            yield one, self._study.outcome_space.unflatten(found[one["id"]].y[0])

    def close(self) -> None:
        """Let go of the workers."""
        self._executor.close()


def run(study: Study, folder: Path, workers: int) -> dict[str, Any]:
    """Register, run what is missing, and return the summary."""
    if not Ledger.exists(folder):
        Campaign.register(study, folder)
    with Campaign(study, folder) as campaign:
        if campaign.history.status != "stopped":
            laboratory = Laboratory(study, workers)
            try:
                _until_stopped(campaign, laboratory)
            finally:
                laboratory.close()
        campaign.report()
    return json.loads((folder / "summary.json").read_text())


def _until_stopped(campaign: Campaign, laboratory: Laboratory) -> None:
    while campaign.history.status != "stopped":
        asked = campaign.proposals()
        for proposal, outcome in laboratory.measure(asked):
            campaign.tell(proposal["design"], outcome, proposal["id"], write=proposal == asked[-1])
        print(f"{len(campaign.history.measured())} networks pruned, {campaign.history.status}", flush=True)


def table(said: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each coefficient, and by how much the data are more probable if it is not nothing."""
    known = {one["name"]: one for one in said["hypotheses"]["each"]}
    yield "| accuracy after pruning depends on | coefficient | log Bayes factor for it, against nothing | |"
    yield "|---|---|---|---|"
    for name in ("accuracy", "representation", "entropy", "sparsity"):
        one, against = said["posterior"][f"b_{name}"], known[f"no_{name}"]
        factor, error = -against["log_bayes_factor"], against["log_bayes_factor_error"]
        yield (
            f"| {name} | {one['mean']:.3f} +- {one['sd']:.3f} | {factor:.2f} +- {error:.2f} | "
            f"{verdict(factor, error)} |"
        )


def verdict(factor: float, error: float) -> str:
    """Return what a log Bayes factor says, less its error."""
    if abs(factor) - error < np.log(DECIDED):
        return "not decided"
    return "it does" if factor > 0 else "it does not"


def main() -> None:
    """Run, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", type=Path, default=HERE.parents[1] / "runs" / "pruning")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    for line in table(run(Study.load(HERE / "study.yaml"), asked.to, asked.workers)):
        print(line)
    print(f"The report is {asked.to / 'report.html'}")


if __name__ == "__main__":
    main()
