"""The card of a model that ``gmmseg train`` has made: what it was trained on and how, without any path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..learning import training_log
from ..model_card import ModelCard
from ..prior_input import CHANNELS
from .training_request import TrainingRequest
from .training_start import CLASSES, NETWORK, Start

NOT_STATED = "not stated"
_TITLES = {
    "synthetic": "CSF, GM and WM on T1, learned from synthetic scans",
    "cohort": "CSF, GM and WM on T1, learned from scans without labels",
}
_LABEL_USE = {
    "synthetic": "Label maps gave the anatomy and the truth of synthetic scans; no label of a real scan was used.",
    "cohort": "No label was used: each scan was learned by the loss of its own Gaussian mixture.",
}


def card(
    request: TrainingRequest,
    start: Start,
    trained_on: Sequence[str],
    held_out: Sequence[str],
    settings: dict[str, Any],
    log: Sequence[dict[str, float]],
) -> ModelCard:
    """The card.

    Args:
        request: that was fulfilled.
        start: what the network began as.
        trained_on, held_out: names of the label maps or scans.
        settings: of the training, JSON values.
        log: of the training, see :func:`gmmseg.learning.model_training.read_log`.
    """
    before = start.card
    label_use = _LABEL_USE[request.kind]
    training = _training(request, len(trained_on))
    if before is not None:
        label_use += f" It began as the model {before.name}: {before.label_use}"
        training += f" It began as the model {before.name}: {before.training}"
    elif start.name is not None:
        label_use += f" It began with the weights in {start.name}, of which nothing is known."
        training += f" It began with the weights in {start.name}."
    return ModelCard(
        name=request.name,
        title=_TITLES[request.kind],
        network=NETWORK,
        base_width=start.base_width,
        in_channels=CHANNELS,
        classes=CLASSES,
        contrast="T1",
        training=training,
        data=(_data(request, trained_on, held_out), *(() if before is None else before.data)),
        label_use=label_use,
        settings=settings,
        figures=figures(log),
    )


def _training(request: TrainingRequest, count: int) -> str:
    if request.kind == "synthetic":
        return (
            f"{request.steps} steps, each on one synthetic T1 patch of {request.extent} mm, made from one of "
            f"{counted(count, 'label map')} with contrast, noise, bias field, resolution, partial volume, mask and "
            "anatomy at random; cross-entropy; running mean of the weights."
        )
    return (
        f"{request.steps} steps, each on one patch of {request.extent} voxels of one of {counted(count, 'T1 scan')} "
        "corrected for bias by EM; free energy under the scan's own mixture and total variation (gamma "
        f"{request.gamma:g}); running mean of the weights."
    )


def _data(request: TrainingRequest, trained_on: Sequence[str], held_out: Sequence[str]) -> dict[str, str]:
    what = "label map" if request.kind == "synthetic" else "scan"
    use = f"{counted(len(trained_on), what)} to train on ({', '.join(trained_on)})"
    if held_out:
        use += f", {len(held_out)} to measure on ({', '.join(held_out)})"
    folder = _folder(request)
    return {
        "name": folder.name or f"{what}s",
        "source": request.source or NOT_STATED,
        "licence": request.licence or licence_beside(folder) or NOT_STATED,
        "use": use,
    }


def counted(number: int, what: str) -> str:
    """Such as ``1 scan`` and ``2 scans``."""
    return f"{number} {what}" + ("s" if number != 1 else "")


def _folder(request: TrainingRequest) -> Path:
    """Where the data lie; the first place of several."""
    place = Path(request.scans[0]) if request.label_maps is None else request.label_maps
    return (place if place.is_dir() else place.parent).resolve()


def licence_beside(folder: Path) -> str:
    """First two lines of the licence text in a folder, which name it; empty where there is none."""
    texts = sorted([*folder.glob("LICEN[CS]E*"), *folder.glob("COPYING*")])
    if not texts:
        return ""
    lines = texts[0].read_text(encoding="utf-8", errors="replace").splitlines()
    return " ".join(" ".join(line.split()) for line in [line for line in lines if line.strip()][:2])


def figures(log: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Loss, and where there are any the figures on held-out data, of the weights that a training gave."""
    row = training_log.outcome(log)
    scores = training_log.figures(row)
    return {"training loss": row["loss"], **({"held out": scores} if scores else {})}
