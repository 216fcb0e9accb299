"""Where networks are trained and asked: on the CPU, or on a GPU that CUDA knows."""

import torch


def device_for(asked: str) -> str:
    """Return the device of an `inference.device` setting: "cpu" or "cuda".

    Args:
        asked: auto takes the GPU if there is one.

    Raises:
        ValueError: If a GPU is asked for and there is none.
    """
    there = torch.cuda.is_available()
    if asked == "cuda" and not there:
        raise ValueError("found 'cuda', but torch sees no GPU on this machine; take auto or cpu")
    return "cuda" if there and asked != "cpu" else "cpu"
