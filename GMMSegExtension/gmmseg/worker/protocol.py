"""The worker's side of the conversation with the panel: JSON lines out, requests in, arrays as .npy files."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from ..case import Case, Result, Volume
    from ..settings import Settings

PREVIEW_SECONDS = 2.0


def take_stdout() -> int:
    """A private descriptor of the real stdout; whatever libraries print from now on goes to stderr.

    The descriptor itself is redirected, not only ``sys.stdout``, because compiled libraries print too.
    """
    sys.stdout.flush()
    private = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return private


class EventWriter:
    """Writes one JSON object a line to a descriptor, from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def __call__(self, event: dict[str, Any]) -> None:
        """Sends one event. A reader that is gone ends the process, because nobody can use its work."""
        line = (json.dumps(event, allow_nan=False) + "\n").encode()
        with self._lock:
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            except OSError:
                os._exit(0)


@dataclass(frozen=True)
class SegmentRequest:
    """A checked request to segment; arrays are not read yet."""

    images: tuple[dict[str, Any], ...]
    mask: dict[str, Any] | None
    mask_source: str
    settings: Settings
    output: Path

    @classmethod
    def parse(cls, request: dict[str, Any]) -> SegmentRequest:
        """Request from its JSON object.

        Raises:
            InputError: a part is missing or of the wrong kind.
        """
        from ..case import MASK_SOURCES
        from ..settings import Settings

        images = request.get("images")
        if not isinstance(images, list) or not images:
            raise InputError("The request names no images; 'images' must be a list with at least one.")
        source = request.get("mask_source", "detect")
        if source not in MASK_SOURCES:
            raise InputError(f"mask_source must be one of {', '.join(MASK_SOURCES)}, but is {source!r}.")
        if source == "given" and request.get("mask") is None:
            raise InputError("mask_source is 'given', but the request holds no mask.")
        output = request.get("output")
        if not isinstance(output, str) or not Path(output).is_dir():
            raise InputError(f"The output folder {output!r} does not exist.")
        settings = Settings.from_dict(request.get("settings", {}))
        return cls(tuple(images), request.get("mask"), source, settings, Path(output))

    def case(self) -> Case:
        """The scans, read from their files.

        Raises:
            InputError: a file is missing, broken or no volume.
        """
        from ..case import Case

        images = tuple(read_array(entry, f"image {number}") for number, entry in enumerate(self.images, 1))
        mask = None if self.mask is None else read_array(self.mask, "mask")
        return Case(images, mask, self.mask_source)


def save_result(result: Result, folder: Path) -> dict[str, Any]:
    """Writes a result's arrays as .npy files into ``folder``; returns the fields of the ``done`` event.

    ``entropy`` is null when the result has none; the other arrays are always there.
    """
    import numpy as np

    arrays = {
        "labels": result.labels,
        "posteriors": result.posteriors,
        "bias_field": result.bias_field,
        "corrected": result.corrected,
        "brain_mask": result.brain_mask,
        "entropy": result.entropy,
    }
    fields: dict[str, Any] = {}
    for name, array in arrays.items():
        if array is None:
            fields[name] = None
            continue
        path = folder / f"{name}.npy"
        np.save(path, array, allow_pickle=False)
        fields[name] = str(path)
    fields["box"] = [[int(part.start), int(part.stop)] for part in result.box]
    fields["report"] = result.report
    return fields


class Previews:
    """Hands preview labels to the reader as files, seldom enough not to slow the run.

    Args:
        folder: where files go; the reader deletes those it has read.
        send: called with the path of each new file.
        clock: seconds.
    """

    def __init__(self, folder: Path, send: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._send, self._clock = folder, send, clock
        self._next_time = -float("inf")
        self._count = 0
        self._last: Path | None = None

    def offer(self, labels: np.ndarray) -> None:
        """Passes ``labels`` (I, J, K) on, unless the last preview was sent less than two seconds ago."""
        if self._clock() < self._next_time:
            return
        import numpy as np

        if self._last is not None:
            with contextlib.suppress(OSError):  # gone already, or being read just now, which Windows locks
                self._last.unlink()
        self._count += 1
        path = self._folder / f"preview-{self._count}.npy"
        np.save(path, np.asarray(labels, dtype=np.uint8), allow_pickle=False)
        self._last = path
        self._next_time = self._clock() + PREVIEW_SECONDS
        self._send(str(path))


def read_array(entry: Any, what: str) -> Volume:
    """A volume from ``{"array": path, "affine": 4x4, "name": text}``; ``what`` it is stands in messages.

    Raises:
        InputError: the file is missing, broken or no volume.
    """
    import numpy as np

    from ..case import Volume

    if not isinstance(entry, dict) or not isinstance(entry.get("array"), str):
        raise InputError(f"The request's {what} must be an object with the path of an array.")
    path = entry["array"]
    try:
        # Read whole, not mapped: the panel may delete the file at any time, which a map would not survive.
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"The array file of {what} is missing: {path}.") from None
    except (ValueError, EOFError, OSError) as error:
        raise InputError(f"The array file of {what} cannot be read, it may be truncated: {path}.") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "buif":
        raise InputError(f"The array of {what} must hold plain numbers, not {getattr(array, 'dtype', 'an archive')}.")
    if array.ndim != 3:
        raise InputError(f"The array of {what} has {array.ndim} dimensions, but a volume has 3.")
    return Volume(array, _read_affine(entry.get("affine"), what), str(entry.get("name", what)))


def _read_affine(value: Any, what: str) -> np.ndarray:
    import numpy as np

    try:
        affine = np.array(value, dtype=float)
    except (TypeError, ValueError):
        affine = np.empty(0)
    if affine.shape != (4, 4) or not np.isfinite(affine).all() or abs(np.linalg.det(affine)) < 1e-12:
        raise InputError(f"The affine of {what} must be an invertible 4 x 4 matrix of finite numbers.")
    return affine
