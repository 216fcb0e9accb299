"""Named arrays inside named arrays."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def below(state: Mapping[str, NDArray[np.generic]], prefix: str) -> dict[str, NDArray[np.generic]]:
    """Return the arrays whose names begin with `prefix.`, without it."""
    return {name[len(prefix) + 1 :]: array for name, array in state.items() if name.startswith(f"{prefix}.")}
