"""What the best places tell that anyone can name in advance: `python fixed.py`

Source location. A batch of four is measured before anything is known of what its four tell, so no batch beats the best
four fixed places. They are looked for by gradient ascent of the contrastive lower bound of their joint gain, from
random places, and judged with other samples, as `batch.planned` judges the batches that are chosen.
"""

import argparse

import numpy as np
import torch
from batch import planned
from kept import HERE, Line, exact, kept, table
from torch import Tensor

from activesci.rng import torch_generator
from activesci.study import Study

STEPS, TRUTHS, AGAINST = 400, 128, 3000
RATE, FINE_RATE, FINE = 0.05, 0.01, 0.6
"""The rates of the ascent, and after which share of its steps it takes the second."""
JUDGED = 8
"""Judgements that are averaged."""
BACKGROUND, CLOSEST, NOISE = 0.1, 1e-4, 0.5
"""As in the problem's model.py."""


def signal(theta: Tensor, xi: Tensor) -> Tensor:
    """Return the expected signals (n, t) of sources (n, 4) at places (t, 2)."""
    places = theta.reshape(len(theta), 2, 1, 2)
    square = ((places - xi) ** 2).sum(dim=3)
    return torch.log(BACKGROUND + (1 / (CLOSEST + square)).sum(dim=1))


def bound(xi: Tensor, random: torch.Generator) -> Tensor:
    """Return the contrastive lower bound of what places (t, 2) tell together [nats]."""
    theta = torch.randn(TRUTHS + AGAINST, 4, generator=random, dtype=torch.float64)
    mean = signal(theta, xi)
    noise = torch.randn(TRUTHS, len(xi), generator=random, dtype=torch.float64)
    y = mean[:TRUTHS] + NOISE * noise
    others = -0.5 * (((y[:, None] - mean[TRUTHS:]) / NOISE) ** 2).sum(dim=2)
    own = -0.5 * (noise**2).sum(dim=1)
    every = torch.cat([own[:, None], others], dim=1)
    return (own - every.logsumexp(dim=1)).mean() + float(np.log(AGAINST + 1))


def sought(key: Line) -> Line:
    """Return the places (t, 2) at the end of one ascent, and what they tell."""
    rng = np.random.default_rng([key["start"], 10])
    random = torch_generator(rng)
    xi = torch.randn(key["count"], 2, generator=random, dtype=torch.float64).requires_grad_()
    ascent = torch.optim.Adam([xi], lr=RATE, maximize=True)
    for step in range(STEPS):
        ascent.param_groups[0]["lr"] = RATE if step < FINE * STEPS else FINE_RATE
        ascent.zero_grad()
        bound(xi, random).backward()
        ascent.step()
    places = xi.detach().numpy()
    study = Study.load(HERE / "problems" / "source_location" / "study.yaml")
    told = [planned(study, exact(study), places, rng) for _ in range(JUDGED)]
    return {"xi": places.tolist(), "told": told}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=8)
    given = parser.parse_args()
    lines = kept("fixed", [{"count": 4, "start": start} for start in range(given.starts)], sought)
    told = np.array([line["told"] for line in lines])
    errors = told.std(axis=1, ddof=1) / np.sqrt(JUDGED)
    order = np.argsort(-told.mean(axis=1))
    where = ["; ".join(f"{x:.2f}, {y:.2f}" for x, y in lines[i]["xi"]) for i in order]
    rows = [[at, f"{told[i].mean():.3f} +- {errors[i]:.3f}"] for i, at in zip(order, where, strict=True)]
    table(["four places [m]", "told together [nats]"], rows)


if __name__ == "__main__":
    main()
