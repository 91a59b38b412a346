"""Which device computes, in which number format, and why.

torch is imported inside the functions only, so that asking for help stays quick.
"""

from __future__ import annotations


def pick_device() -> tuple[str, str]:
    """The device as torch names it, and the reason for it."""
    import torch

    if torch.cuda.is_available():
        return "cuda", f"{torch.cuda.get_device_name()} is there"
    return "cpu", "no accelerator was found"


def pick_dtype(device: str) -> tuple[str, str]:
    """`float32` or `bfloat16`, and the reason for it.

    Args:
        device: What `pick_device` returned.
    """
    import torch

    if device == "cuda" and torch.cuda.is_bf16_supported():
        return "bfloat16", "the device computes in it"
    return (
        "float32",
        "exact and reproducible on a CPU" if device == "cpu" else "the device has no bfloat16",
    )
