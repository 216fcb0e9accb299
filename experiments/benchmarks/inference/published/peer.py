"""Run sbi's NPE, NLE and NRE, with its defaults, on the tasks.

    /tmp/sbi-venv/bin/python experiments/benchmarks/inference/published/peer.py [--minutes 110]

sbi lives in an environment of its own (see README.md). Rows go to runs/benchmarks/published/peer.jsonl; what is there
is not done again. The most informative runs come first, and none is begun after --minutes. score.py says how good they
are.
"""

from tasks import OBSERVATIONS, SAMPLES, TASKS  # isort: skip # first: it sets the number of threads

import argparse
import os
import time
import warnings

import numpy as np
import sbi
import torch
from references import load
from rows import FOLDER, append, digest, keep, missing
from sbi.inference import NLE, NPE, NRE
from sbi.utils import BoxUniform
from torch.distributions import Independent, LogNormal, MultivariateNormal

FILE = "peer.jsonl"
METHODS = {"NPE": NPE, "NLE": NLE, "NRE": NRE}
STAGES = (
    (1000, 0, "NPE", 3),
    (1000, 0, "NLE NRE", 1),
    (10_000, 0, "NPE", 3),
    (10_000, 0, "NLE NRE", 1),
    (1000, 1, "NPE", 3),
    (1000, 1, "NLE NRE", 1),
    (10_000, 1, "NPE", 3),
    (10_000, 1, "NLE NRE", 1),
    (1000, 0, "NLE NRE", 3),
    (1000, 1, "NLE NRE", 3),
    (10_000, 0, "NLE NRE", 3),
    (10_000, 1, "NLE NRE", 3),
)
"""Simulations, seed, methods, and how many of the seed's observations are sampled."""
LONGEST = 120.0
"""Seconds that sbi may spend on 4000 samples of an NPE posterior; its rejection of what leaves the prior may hang."""


def prior_of(task):
    """Return a task's prior as sbi takes it."""
    first, second = (torch.tensor([getattr(one, name) for one in task.marginals]) for name in ("first", "second"))
    kind = task.marginals[0].kind
    if kind == "uniform":
        return BoxUniform(first, second)
    if kind == "lognormal":
        return Independent(LogNormal(first, second), 1)
    mixing = torch.eye(task.dim) if task.mixing is None else torch.tensor(task.mixing, dtype=torch.float32)
    mixing = mixing @ torch.diag(second)
    return MultivariateNormal(mixing @ first, mixing @ mixing.T)


def fitted(task, method, theta, y):
    """Return sbi's posterior and what training took."""
    start = time.process_time()
    trainer = METHODS[method](prior=prior_of(task), show_progress_bars=False)
    trainer.append_simulations(*(torch.tensor(array, dtype=torch.float32) for array in (theta, y)))
    trainer.train()
    posterior = trainer.build_posterior()
    return posterior, {"fit": time.process_time() - start, "epochs": trainer.summary["epochs_trained"][-1]}


def sampled(posterior, method, y):
    """Return samples (n, d), as many as there are in time, and the CPU seconds they took."""
    start = time.process_time()
    limit = {"max_sampling_time": LONGEST, "return_partial_on_timeout": True} if method == "NPE" else {}
    found = posterior.sample((SAMPLES,), x=torch.tensor(y, dtype=torch.float32), show_progress_bars=False, **limit)
    return found.detach().numpy().astype(np.float64), time.process_time() - start


def run(name, method, n, seed, most):
    """Fit once and sample the first of the seed's observations, as far as they are not done."""
    which = {"task": name, "method": method, "simulations": n, "seed": seed}
    todo = missing(FILE, which, OBSERVATIONS[seed][:most])
    if not todo:
        return
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002 -- sbi's slice sampler draws from it
    theta, y = TASKS[name].simulations(n, seed)
    posterior, training = fitted(TASKS[name], method, theta, y)
    known = load(name)
    for number in todo:
        start = time.perf_counter()
        samples, seconds = sampled(posterior, method, known["observations"][number])
        row = which | {"observation": number, "sample": seconds, "samples": len(samples)} | training
        row |= {"wall": time.perf_counter() - start, "digest": digest(theta, y), "version": sbi.__version__}
        row["draws"] = f"peer-{name}-{method}-{n}-{seed}-{number}"
        keep(row["draws"], samples)
        append(FILE, row)
        print(name, method, n, seed, number, *(f"{row[key]:.3g}" for key in ("fit", "sample")), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=110.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.chdir(FOLDER)  # sbi writes logs where it is
    warnings.filterwarnings("ignore")
    begun = time.perf_counter()
    for n, seed, methods, most in STAGES:
        for method in methods.split():
            for name in TASKS:
                if time.perf_counter() - begun < 60 * options.minutes:
                    run(name, method, n, seed, most)


if __name__ == "__main__":
    main()
