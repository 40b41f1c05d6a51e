"""The worker's job behind the degree slider: the bias field of another degree, at once."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled, InputError
from .protocol import read_array

if TYPE_CHECKING:
    import numpy as np

    from ..case import Case, Result
    from ..refield import Evidence, Finding
    from .jobs import Job

# Does a job, and tells its id, result and case.
SegmentFunction = Callable[["Job", Callable[[str, "Result", "Case"], None]], dict[str, Any]]

HIGHEST_DEGREE = 6
# What a run leaves is kept so long after it was last used.
KEEP_SECONDS = 15 * 60.0
# The results are handed over first.
ADVANCE_SECONDS = 0.5
_REPORT_PARTS = ("settings", "classes", "bias_field", "homogeneity", "warnings")


@dataclass(frozen=True)
class FieldRequest:
    """A checked request for a field; arrays are not read yet.

    Attributes:
        images, mask, labels: entries as those of a ``segment`` request; ``mask`` None for where the labels are not 0.
        degree: of the polynomials, 0 to 6.
        report: of the run, or of the last ``field`` job on it.
        run: id of the ``segment`` job that made the labels, if known.
        output: folder for the arrays.
    """

    images: tuple[dict[str, Any], ...]
    mask: dict[str, Any] | None
    labels: dict[str, Any]
    degree: int
    report: dict[str, Any]
    run: str | None
    output: Path

    @classmethod
    def parse(cls, request: dict[str, Any]) -> FieldRequest:
        """Request from its JSON object.

        Raises:
            InputError: a part is missing or of the wrong kind.
        """
        images, labels, degree, report = (request.get(part) for part in ("images", "labels", "bias_degree", "report"))
        if not isinstance(images, list) or not images:
            raise InputError("The request names no images; 'images' must be a list with at least one.")
        if not isinstance(degree, int) or isinstance(degree, bool) or not 0 <= degree <= HIGHEST_DEGREE:
            raise InputError(f"bias_degree must be a whole number from 0 to {HIGHEST_DEGREE}, but is {degree!r}.")
        if not isinstance(report, dict) or any(part not in report for part in _REPORT_PARTS):
            raise InputError("The report of this segmentation is incomplete, so segment the volume again.")
        if len(report["bias_field"]) != len(images):
            raise InputError(
                f"The segmentation was made from {len(report['bias_field'])} channels, not {len(images)}; "
                "segment the volumes again."
            )
        output = request.get("output")
        if not isinstance(output, str) or not Path(output).is_dir():
            raise InputError(f"The output folder {output!r} does not exist.")
        if not isinstance(labels, dict):
            raise InputError("The request holds no labels.")
        return cls(tuple(images), request.get("mask"), labels, degree, report, request.get("run"), Path(output))

    def volumes(self) -> tuple[Case, np.ndarray, np.ndarray]:
        """The scans, the (I, J, K) bool mask and the (I, J, K) uint8 labels, read from their files.

        Raises:
            InputError: a file is missing, broken, or not on the first image's grid.
        """
        import numpy as np

        from ..case import Case

        images = tuple(read_array(entry, f"image {number}") for number, entry in enumerate(self.images, 1))
        labels = read_array(self.labels, "segmentation").array
        mask = labels if self.mask is None else read_array(self.mask, "mask").array
        for what, array in (("segmentation", labels), ("mask", mask)):
            if array.shape != images[0].array.shape:
                raise InputError(f"The {what} is not on the grid of {images[0].name}; segment the volume again.")
        classes = len(self.report["classes"])
        if labels.min() < 0 or labels.max() > classes:
            raise InputError(f"The labels must be 0 to {classes}, the number of classes; segment the volume again.")
        return Case(images), mask != 0, labels.astype(np.uint8, copy=False)


class FieldJobs:
    """Does ``field`` jobs, with what the last run has found where that is still known.

    Args:
        keep_seconds: how long that is kept after its last use.
        advance_seconds: after a run, how long until everything is made ready for the first degree asked for.
    """

    def __init__(self, keep_seconds: float = KEEP_SECONDS, advance_seconds: float = ADVANCE_SECONDS) -> None:
        self._keep_seconds, self._advance_seconds = keep_seconds, advance_seconds
        self._finding: tuple[str, Finding] | None = None
        self._evidence: tuple[bytes, Evidence] | None = None
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()  # evidence is made in advance, by a thread of its own

    def remember(self, run: str, result: Result, case: Case) -> None:
        """Keeps what a ``segment`` job of the id ``run`` has found, and makes ready for the first degree asked for."""
        from ..refield import Finding

        finding = (run, Finding.of(result))
        self._evidence, self._finding = None, finding
        self._forget_later()
        in_advance = threading.Timer(self._advance_seconds, self._make_ready, (finding, result, case))
        in_advance.daemon = True
        in_advance.start()

    def forget(self) -> None:
        """Gives the memory back, as another run may need it. Fields then take a little longer, and are nearly the
        same."""
        self._finding = self._evidence = None

    def after(self, segment: SegmentFunction, job: Job) -> dict[str, Any]:
        """Does a ``segment`` job with the function given, and keeps what it finds in place of the last one's."""
        self.forget()
        return segment(job, self.remember)

    def run(self, job: Job) -> dict[str, Any]:
        """Does a ``field`` job; returns the fields of its ``done`` event: the paths ``bias_field`` and ``corrected``
        of (D, I, J, K) arrays, the ``report`` brought up to them, ``seconds``, and ``cached``, whether the posteriors
        are those of the run.

        Raises:
            InputError: the request or its arrays cannot be used.
            Cancelled: the job was closed meanwhile.
        """
        import numpy as np

        from ..refield import recompute

        start = time.perf_counter()
        request = FieldRequest.parse(job.request)
        _tell(job, 0.0, "Reading the volumes")
        evidence, cached = self._evidence_for(request, job)
        _tell(job, 0.6, "Recomputing the bias field")
        found = recompute(evidence, request.degree, request.report)
        _tell(job, 0.9, "Handing over the results")
        fields: dict[str, Any] = {"report": found.report, "cached": cached}
        for name, array in (("bias_field", found.bias_field), ("corrected", found.corrected)):
            path = request.output / f"{name}.npy"
            np.save(path, array, allow_pickle=False)
            fields[name] = str(path)
        self._forget_later()
        return {**fields, "seconds": time.perf_counter() - start}

    def _evidence_for(self, request: FieldRequest, job: Job) -> tuple[Evidence, bool]:
        volumes = request.volumes()
        run, finding = self._finding or (None, None)
        known = finding if request.run is not None and run == request.run else None
        _tell(job, 0.1, "Preparing the scan")
        with self._lock:
            return self._evidence_of(volumes, request.report, known), known is not None

    def _make_ready(self, finding: tuple[str, Finding], result: Result, case: Case) -> None:
        """Evidence for the segmentation as the run left it, unless another one has begun meanwhile."""
        with self._lock:
            if self._finding is finding:
                self._evidence_of((case, result.brain_mask, result.labels), result.report, finding[1]).collect()

    def _evidence_of(
        self, volumes: tuple[Case, np.ndarray, np.ndarray], report: dict[str, Any], known: Finding | None
    ) -> Evidence:
        from ..refield import Evidence

        by_prior = bool((report.get("prior") or {}).get("used"))
        key = _digest(*volumes, known is not None, by_prior)
        last = self._evidence
        if last is not None and last[0] == key:
            return last[1]
        evidence = Evidence(*volumes, len(report["classes"]), by_prior, known)
        self._evidence = (key, evidence)
        return evidence

    def _forget_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(self._keep_seconds, self.forget)
        self._timer.daemon = True
        self._timer.start()


def _tell(job: Job, fraction: float, message: str) -> None:
    if job.ended:
        raise Cancelled
    job.send("progress", fraction=fraction, stage="field", message=message, remaining_seconds=None)


def _digest(case: Case, mask: np.ndarray, labels: np.ndarray, *facts: bool) -> bytes:
    """Tells apart volumes by what is in them: nodes of the scene may have been edited since the last job."""
    import numpy as np

    summary = hashlib.blake2b(repr(facts).encode(), digest_size=16)
    arrays = [mask, labels]
    for image in case.images:
        summary.update(np.asarray(image.affine, dtype=float).tobytes())
        arrays.append(image.array)
    for array in arrays:
        slices_last = np.ascontiguousarray(array.T)  # no copy of what Slicer hands over
        summary.update(repr((array.shape, array.dtype.str)).encode())
        summary.update(slices_last.data)
    return summary.digest()
