"""The worker's job ``finetune``: teaches a model by the panel's corrections."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..teaching import Subject, Teaching
from .jobs import Job, JobProgress
from .protocol import Previews, SegmentRequest, read_array, save_result

if TYPE_CHECKING:
    from ..finetuning import Agreement, Outcome, Step
    from ..settings import Settings

MODEL_FOLDER = "model"


def run_finetune(job: Job) -> dict[str, Any]:
    """Does a ``finetune`` job; returns the fields of its ``done`` event.

    Raises:
        InputError: the request, its arrays, labels or settings cannot be used.
        Cancelled: the job was closed meanwhile.
    """
    from .. import models, resilience
    from ..finetuned_card import taught_name

    request = FinetuneRequest.parse(job.request)
    previews = Previews(request.output, lambda path: job.send("preview", labels=path, subject=0))
    progress = JobProgress(job, previews)
    progress(0.0, "read", "Reading the volumes")
    subjects = request.subjects()
    total = request.teaching.steps

    def on_step(step: Step) -> None:
        job.can_finish_early = True
        job.send("loss", steps=total, **asdict(step))

    done = resilience.finetune(
        subjects, request.settings, request.teaching, progress, on_step, lambda: job.is_asked_to_finish
    )
    folder, name = request.output / MODEL_FOLDER, taught_name(request.settings.model)
    models.save(folder, name, done.model.network, done.model.card, half=True)
    return {
        "model": {"folder": str(folder), "name": name},
        "subjects": [
            _fields(outcome, request.output / f"subject-{index}") for index, outcome in enumerate(done.outcomes)
        ],
        "agreement": None if done.agreement is None else asdict(done.agreement),
        "curve": [asdict(step) for step in done.curve],
        "best_step": done.best_step,
        "stopped_early": done.stopped_early,
    }


def _fields(outcome: Outcome, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    return {
        **save_result(outcome.result, folder),
        "before": _side(outcome.volumes_before, outcome.agreement, "before"),
        "after": _side(outcome.volumes_after, outcome.agreement, "after"),
    }


def _side(volumes: tuple[float, ...], agreement: Agreement | None, name: str) -> dict[str, Any]:
    return {"volumes_ml": list(volumes), "agreement": None if agreement is None else getattr(agreement, name)}


@dataclass(frozen=True)
class FinetuneRequest:
    """A checked request; arrays are not read yet.

    Attributes:
        parts: of each subject its name, how it is segmented, and the entry of its labels or None.
        settings: of the segmentation; their model is the one to teach.
        teaching: how to learn.
        output: folder for results.
    """

    parts: tuple[tuple[str, SegmentRequest, dict[str, Any] | None], ...]
    settings: Settings
    teaching: Teaching
    output: Path

    @classmethod
    def parse(cls, request: dict[str, Any]) -> FinetuneRequest:
        """Request from its JSON object.

        Raises:
            InputError: a part is missing or of the wrong kind.
        """
        from ..settings import Settings

        subjects = request.get("subjects")
        if not isinstance(subjects, list) or not subjects or not all(isinstance(entry, dict) for entry in subjects):
            raise InputError("The request names no subjects; 'subjects' must be a list with at least one object.")
        common = {"settings": request.get("settings", {}), "output": request.get("output")}
        parts = []
        for number, entry in enumerate(subjects, 1):
            labels = entry.get("labels")
            if labels is not None and not isinstance(labels, dict):
                raise InputError(f"The labels of subject {number} must be an object with the path of an array.")
            name = str(entry.get("name", f"subject {number}"))
            parts.append((name, SegmentRequest.parse({**entry, **common}), labels))
        settings = Settings.from_dict({**request.get("settings", {}), "mode": "fast"})
        if "model" in request:
            settings = Settings.from_dict({**settings.to_dict(), "model": request["model"]})
        return cls(tuple(parts), settings, Teaching.from_dict(request.get("teaching", {})), parts[0][1].output)

    def subjects(self) -> list[Subject]:
        """The subjects, read from their files.

        Raises:
            InputError: a file is missing, broken or no volume.
        """
        return [
            Subject(name, scans.case(), None if labels is None else read_array(labels, f"the labels of {name}"))
            for name, scans, labels in self.parts
        ]
