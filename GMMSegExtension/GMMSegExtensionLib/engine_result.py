"""What the worker answers when a run is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EngineResult:
    """Arrays of the worker's ``done`` event on the input's grid. They may lie in files, see :meth:`Exchange.open`.

    :param labels: (I, J, K) uint8, 0 outside the mask.
    :param biasField: (D, I, J, K) float32, one for each channel.
    :param corrected: (D, I, J, K) float32.
    :param brainMask: (I, J, K) bool.
    :param posteriors: (K, i, j, k) float32 inside ``box``, or None when they were not asked for.
    :param box: three (start, stop) pairs.
    :param report: the engine's report.
    :param entropy: (I, J, K) float32, 0 to 1, or None when it was not asked for.
    """

    labels: np.ndarray
    biasField: np.ndarray
    corrected: np.ndarray
    brainMask: np.ndarray
    posteriors: np.ndarray | None
    box: tuple
    report: dict
    entropy: np.ndarray | None = None

    @classmethod
    def of(cls, event: dict, openArray: Callable[[str], np.ndarray], posteriors: bool = False) -> EngineResult:
        """The result that an event names, or one of the subjects in it.

        :param openArray: gives the array in a file, such as :meth:`Exchange.open`.
        :param posteriors: whether the posteriors are asked for.
        """
        return cls(
            labels=openArray(event["labels"]),
            biasField=openArray(event["bias_field"]),
            corrected=openArray(event["corrected"]),
            brainMask=openArray(event["brain_mask"]),
            posteriors=openArray(event["posteriors"]) if posteriors else None,
            box=tuple(event["box"]),
            report=event["report"],
            entropy=openArray(event["entropy"]) if event.get("entropy") else None,
        )
