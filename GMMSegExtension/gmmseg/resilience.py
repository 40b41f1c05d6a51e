"""A run that goes on when the GPU is out of memory: smaller batches first, then the CPU."""

from __future__ import annotations

import dataclasses
import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .case import Case, Result
from .failures import is_out_of_memory
from .progress import Progress, silent
from .settings import Settings

if TYPE_CHECKING:
    from .finetuning import Finetuned, Step
    from .teaching import Subject, Teaching

Segment = Callable[[Case, Settings, Progress], Result]


def segment(
    case: Case,
    settings: Settings,
    progress: Progress = silent,
    engine: Segment | None = None,
    on_cpu: Callable[[Settings], bool] | None = None,
) -> Result:
    """:func:`gmmseg.segmenter.segment` with a way on when the GPU's memory does not suffice.

    Args:
        case: the scans.
        settings: of the first attempt.
        progress: never sees the fraction fall when an attempt starts over.
        engine: what runs one attempt; the segmenter when None.
        on_cpu: tells whether settings mean the CPU; asks :mod:`gmmseg.devices` when None.

    Returns:
        The first attempt's result that fitted. Its report's warnings say what was lowered.

    Raises:
        InputError: the case or the settings cannot be used.
        Cancelled: from progress.
        MemoryError: the computer's own memory ran out, so nothing smaller is left to try.
    """
    engine = engine or _segmenter
    on_cpu = on_cpu or _resolves_to_cpu
    progress = _never_falling(progress)
    for attempt in _attempts(settings):
        lowered = _what_was_lowered(settings, attempt)
        if lowered:
            progress(0.0, "prepare", f"Out of GPU memory: trying again with {lowered}")
        try:
            result = engine(case, attempt, progress)
            return _with_warning(result, lowered) if lowered else result
        except Exception as error:
            if on_cpu(attempt) or not is_out_of_memory(error):
                raise
        # After the except block, whose traceback holds the failed attempt's tensors.
        free_memory()
    raise MemoryError("not even the CPU's attempt fitted into memory")


def finetune(
    subjects: Sequence[Subject],
    settings: Settings,
    teaching: Teaching,
    progress: Progress = silent,
    on_step: Callable[[Step], None] = lambda step: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Finetuned:
    """:func:`gmmseg.finetuning.finetune`, on the CPU when the GPU's memory does not suffice; raises what that does."""
    from .finetuning import finetune as run

    progress = _never_falling(progress)
    try:
        return run(subjects, settings, teaching, progress, on_step, should_stop)
    except Exception as error:
        if _resolves_to_cpu(settings) or not is_out_of_memory(error):
            raise
    # After the except block, whose traceback holds the failed attempt's tensors.
    free_memory()
    progress(0.0, "prepare", "Out of GPU memory: trying again with the CPU")
    on_cpu = dataclasses.replace(settings, device="cpu", precision="auto")
    return run(subjects, on_cpu, teaching, progress, on_step, should_stop)


def free_memory() -> None:
    """Drops loaded networks and gives cached GPU memory back; imports nothing for that."""
    for name in ("brain_extraction", "models"):
        module = sys.modules.get(f"{__package__}.{name}")
        if module is not None:
            module.release()
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is None:
        return
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def _attempts(settings: Settings) -> Iterator[Settings]:
    yield settings
    if settings.mode == "train" and settings.batch_size > 1:  # the other modes have no batches
        yield dataclasses.replace(settings, batch_size=max(1, settings.batch_size // 4))
    yield dataclasses.replace(settings, device="cpu", precision="auto")


def _what_was_lowered(first: Settings, now: Settings) -> str:
    if now.device != first.device:
        return "the CPU"
    return f"a batch size of {now.batch_size}" if now.batch_size != first.batch_size else ""


def _with_warning(result: Result, lowered: str) -> Result:
    sentence = f"The GPU ran out of memory, so this run used {lowered}."
    warnings = [*result.report.get("warnings", []), sentence]
    return dataclasses.replace(result, report={**result.report, "warnings": warnings})


def _segmenter(case: Case, settings: Settings, progress: Progress) -> Result:
    from .segmenter import segment as run

    return run(case, settings, progress)


def _resolves_to_cpu(settings: Settings) -> bool:
    from .devices import resolve

    return resolve(settings.device).type == "cpu"


def _never_falling(progress: Progress) -> Progress:
    highest = 0.0

    def report(fraction: float, stage: str, message: str, preview: np.ndarray | None = None) -> None:
        nonlocal highest
        highest = max(highest, fraction)
        progress(highest, stage, message, preview)

    return report
