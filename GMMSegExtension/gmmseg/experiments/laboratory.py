"""What every cell of a run shares, and doing one of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from .. import __version__
from ..datasets import Subject
from ..progress import Progress
from . import supervised, unsupervised
from .config import ExperimentConfig
from .store import Cell, Result, ScanCell, Store


@dataclass(frozen=True)
class Laboratory:
    """Everything that cells are done with. It can be sent to another process.

    Attributes:
        config: of the experiments.
        data: scans by the data set's name.
        store: where the results go.
        device, precision: as in ``Settings``.
    """

    config: ExperimentConfig
    data: Mapping[str, Sequence[Subject]]
    store: Store
    device: str = "auto"
    precision: str = "auto"

    def decisive(self, cell: Cell) -> Result:
        """What may not change between a finished cell and one made now.

        Raises:
            InputError: the configuration or the data set cannot be used for this cell.
        """
        kind = unsupervised if isinstance(cell, ScanCell) else supervised
        return kind.decisive(cell, self.config, self.data[cell.data])  # type: ignore[arg-type]

    def finished(self, cell: Cell) -> Result | None:
        """The cell's result, None where there is none yet.

        Raises:
            InputError: it was made with other settings or other scans.
        """
        return self.store.matching(cell, self.decisive(cell))

    def do(self, cell: Cell, progress: Progress) -> None:
        """Does a cell and keeps its result.

        Raises:
            InputError: a scan cannot be used, or the result not be written.
            Cancelled: from ``progress``.
        """
        subjects = self.data[cell.data]
        decisive = self.decisive(cell)
        folder = self.store.begin(cell, decisive)
        start = time.perf_counter()
        if isinstance(cell, ScanCell):
            found = unsupervised.do(cell, self.config, subjects, self.device, self.precision, progress)
        else:
            found = supervised.do(cell, self.config, subjects, self.store, self.device, self.precision, progress)
        facts = {
            "decisive": decisive,
            "seconds": round(time.perf_counter() - start, 2),
            **self._machine(),
            "version": __version__,
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        }
        self.store.finish(cell, {**facts, **found})
        supervised.tidy(folder)

    def _machine(self) -> dict[str, str]:
        """Where it was really computed, and in which arithmetic."""
        import torch

        from .. import devices

        device = devices.resolve(self.device)
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()
        precision = devices.resolve_precision(self.precision, device)
        return {"device": name, "precision": str(precision).removeprefix("torch.")}
