"""How much work a study plans."""

import numpy as np

from .model import Study


def most_simulations(study: Study, offered: float = np.inf, a_pass: int | None = None) -> float:
    """Return how many simulations a study plans at most; infinite if nothing sets a limit.

    Args:
        study: The study, with its stop rule.
        offered: The most rounds for which there are data.
        a_pass: Simulations of a pass of a later round; by default the most that it may have.
    """
    inference, stop = study.inference, study.stop
    known = {kind: stop.most(kind) for kind in ("simulations", "rounds")} if stop else {}
    rounds = min(known.get("rounds") or (1 if stop is None and not study.design_space.dim else np.inf), offered)
    each = most_a_pass(study) if a_pass is None else a_pass
    later = rounds * inference.passes * each if inference.per_round else 0
    return float(max(inference.simulations, min(inference.simulations + later, known.get("simulations") or np.inf)))


def most_a_pass(study: Study) -> int:
    """Return how many simulations a pass of a later round has at most; with fewer events each, there may be more."""
    knob = None if study.tuning is None else study.tuning.events
    planned = study.inference.per_round
    return planned if knob is None else knob.most(planned)
