"""Where and in which arithmetic the engine runs."""

from __future__ import annotations

import contextlib

import torch

from .errors import EngineUnavailable, InputError
from .learning import distributed


def available() -> list[str]:
    """Names of the devices that are here, ``cpu`` first: ``cpu``, ``cuda:0``, ``mps``."""
    names = ["cpu"]
    if torch.cuda.is_available():
        names += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return names


def resolve(name: str) -> torch.device:
    """The device of that name; ``auto`` takes the first GPU, else the CPU.

    Among processes that ``torchrun`` has started, ``auto`` and ``cuda`` give each a GPU of its own.

    Raises:
        EngineUnavailable: it is not there.
    """
    here = available()
    own = f"cuda:{distributed.local_rank()}"
    if name in ("auto", "cuda") and "cuda:0" in here and own not in here:
        count = sum(device.startswith("cuda:") for device in here)
        raise EngineUnavailable(
            f"There are more processes on this computer than it has GPUs ({count}); start one for each, or choose the "
            "device cpu."
        )
    if name == "auto":
        return torch.device(own if own in here else here[-1])
    wanted = own if name == "cuda" else name
    if wanted not in here:
        raise EngineUnavailable(f"The device {name} is not there; choose one of: auto, {', '.join(here)}.")
    return torch.device(wanted)


def for_statistics(device: torch.device) -> torch.device:
    """Where mixture and field are computed when the network runs on ``device``.

    The CPU for MPS, which lacks float64 and several of the operations; else the same.
    """
    return torch.device("cpu") if device.type == "mps" else device


def resolve_precision(name: str, device: torch.device) -> torch.dtype:
    """Arithmetic of the network's convolutions.

    ``auto`` is bfloat16 where the processor multiplies it natively, which here measures several times faster than
    float32 at the same Dice, and float32 elsewhere. Statistics are always float32 or better.

    Raises:
        InputError: float16 on the CPU, where its range is too small to train in.
    """
    if name == "auto":
        if device.type == "cuda":
            return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
        return torch.bfloat16 if device.type == "cpu" and _cpu_multiplies_bfloat16() else torch.float32
    if name == "float16" and device.type == "cpu":
        raise InputError("Precision float16 works on a GPU only; choose auto, float32 or bfloat16.")
    return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[name]


def arithmetic(device: torch.device, precision: torch.dtype) -> contextlib.AbstractContextManager:
    """Where a network's convolutions run in ``precision``, see :func:`resolve_precision`; its weights stay float32."""
    if precision == torch.float32:
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=precision)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch raised ``error`` because a GPU or the computer ran out of memory."""
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    # The CPU's and MPS's allocators, cuBLAS and cuDNN raise a plain RuntimeError that only its text tells apart.
    words = str(error)
    return isinstance(error, RuntimeError) and any(
        phrase in words
        for phrase in ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "ALLOC_FAILED")
    )


def peak_memory_mb(device: torch.device) -> float | None:
    """Most memory torch has held on a CUDA device since :func:`reset_peak_memory`, in MB; None elsewhere."""
    return torch.cuda.max_memory_allocated(device) / 1e6 if device.type == "cuda" else None


def reset_peak_memory(device: torch.device) -> None:
    """Starts :func:`peak_memory_mb` anew."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _cpu_multiplies_bfloat16() -> bool:
    # Private, but torch offers no public way to ask; without the name float32 is the safe answer.
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        ask = getattr(torch.cpu, name, None)
        if ask is not None and ask():
            return True
    return False
