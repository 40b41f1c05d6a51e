"""Runs of one case: the engine by mode, the other tools, and results that lie beside the data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from gmmseg.settings import MODES

from . import measures
from .cases import BenchmarkCase
from .peers import N4, PEERS
from .store import BRAIN_EXTRACTION, engine_fingerprint, fingerprint

# Each library looks for its own name; torch and scikit-learn for the first.
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)


class RunFailed(Exception):
    """A run ended without a result; the message is what it said last."""


@dataclass(frozen=True)
class Runner:
    """How runs are made.

    Attributes:
        device: where the engine computes.
        threads: how many threads each run may use.
        peer_python: interpreter that has the other tools; None when they are left out.
        work: folder for what passes between processes, one benchmark at a time.
    """

    device: str
    threads: int
    peer_python: Path | None
    work: Path

    def key(self, case: BenchmarkCase, method: str) -> str:
        """What a run's record is kept under; the device is named when it is not the CPU."""
        return key_of(case, method) + (f"@{self.device}" if method in MODES and self.device != "cpu" else "")

    def version(self, case: BenchmarkCase, method: str) -> str:
        """Changes with whatever would change the result: measures, data, and the engine or the tool.

        The number of threads counts for the engine only, whose runs are short; a record says how many it had.
        """
        data = (measures.VERSION, *case.sources, case.recipe.to_dict() if case.recipe else None)
        if method in MODES:
            return fingerprint(*data, engine_fingerprint(), self.threads)
        if method in PEERS:
            mask = [] if case.mask else [BRAIN_EXTRACTION]
            return fingerprint(*data, PEERS[method].recipe(), *mask)
        return fingerprint(*data, dict(case.peers)[method])

    def run(self, case: BenchmarkCase, method: str) -> dict:
        """The record of one run; the case's files must be there.

        Raises:
            RunFailed: it ended without a result.
        """
        if method in MODES:
            return self._engine(case, method)
        if method in PEERS:
            return self._peer(case, method)
        return beside(case, dict(case.peers)[method])

    def forget(self) -> None:
        """Removes what the runs of one case share, so that the next case makes its own."""
        for path in self.work.glob("shared-*"):
            path.unlink()

    def _engine(self, case: BenchmarkCase, mode: str) -> dict:
        asked, answered = self.work / "request.json", self.work / "answer.json"
        settings = {"mode": mode, "device": self.device}
        asked.write_text(json.dumps({**measures.request_of(case), "settings": settings}))
        self._start([sys.executable, "-m", "benchmarks.one_case", str(asked), str(answered)])
        return json.loads(answered.read_text())

    def _peer(self, case: BenchmarkCase, name: str) -> dict:
        """A tool's record. N4 runs once a case; each tool that uses it is charged its time."""
        peer, mask = PEERS[name], self._mask(case)
        steps, field = {}, None
        if peer.corrected:
            field = self.work / "shared-field.npy"
            kept = self.work / "shared-n4.json"
            if not kept.is_file():
                cost = self._step(case, N4, mask, None)
                (self.work / "field.npy").replace(field)
                kept.write_text(json.dumps(cost))
            steps[N4] = json.loads(kept.read_text())
        steps[peer.fit] = self._step(case, peer.fit, mask, field)
        labels, confidence = (np.load(self.work / f"{array}.npy") for array in ("labels", "confidence"))
        estimated = np.load(field) if field else np.ones(labels.shape, dtype=np.float32)
        return {
            **measures.measured(measures.request_of(case), labels, estimated, confidence),
            **combined(steps),
            "warnings": [],
            "prior": None,
            "device": "cpu",
            "threads": self.threads,
            "cores": os.cpu_count(),
        }

    def _step(self, case: BenchmarkCase, step: str, mask: Path, field: Path | None) -> dict:
        asked = self.work / "request.json"
        request = {"step": step, "image": str(case.image), "mask": str(mask), "out": str(self.work)}
        asked.write_text(json.dumps({**request, "field": str(field) if field else None}))
        self._start([str(self.peer_python), "-m", "benchmarks.one_peer", str(asked)])
        return json.loads((self.work / "cost.json").read_text())

    def _mask(self, case: BenchmarkCase) -> Path:
        """The case's mask; a whole head gets the engine's, which the other tools are not charged for."""
        if case.mask is not None:
            return case.mask
        found = self.work / "shared-mask.nii.gz"
        if not found.is_file():
            self._start([sys.executable, "-m", "benchmarks.one_mask", str(case.image), str(found)])
        return found

    def _start(self, command: list[str]) -> None:
        limited = {**os.environ, **dict.fromkeys(_THREADS, str(self.threads))}
        done = subprocess.run(command, env=limited, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise RunFailed(said[-1] if said else f"it ended with status {done.returncode}")


def key_of(case: BenchmarkCase, method: str) -> str:
    """``dataset/case/method`` with the method's name in the tables."""
    return f"{case.key}/{PEERS[method].title if method in PEERS else method}"


def jobs(case: BenchmarkCase, methods: Sequence[str]) -> list[str]:
    """Which of the methods run on the case, and the results beside it.

    Other tools need a brain mask: a whole head is given to them only where there is a truth to compare with.
    """
    for_peers = case.mask is not None or case.truth is not None
    return [*(name for name in methods if name in MODES or for_peers), *dict(case.peers)]


def combined(steps: dict[str, dict]) -> dict:
    """Cost of processes that ran one after the other: seconds add up, of the memory the most counts."""
    peaks = [cost["peak_memory_mb"] for cost in steps.values() if cost["peak_memory_mb"] is not None]
    seconds = {step: cost["wall_seconds"] for step, cost in steps.items()}
    return {
        "wall_seconds": sum(seconds.values()),
        "cpu_seconds": sum(cost["cpu_seconds"] for cost in steps.values()),
        "peak_memory_mb": max(peaks) if peaks else None,
        "seconds": {"total": sum(seconds.values()), **seconds},
    }


def beside(case: BenchmarkCase, path: Path) -> dict:
    """The record of a result that lies beside the data: labels are all that is known of it."""
    labels = np.rint(np.asarray(nibabel.load(path).dataobj)).astype(np.uint8)
    unknown = ("wall_seconds", "cpu_seconds", "peak_memory_mb", "prior", "device", "threads", "cores")
    measured = measures.measured(measures.request_of(case), labels)
    return {**measured, **dict.fromkeys(unknown), "seconds": {}, "warnings": []}
