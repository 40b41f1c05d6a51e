"""The card of a network that ``gmmseg train --data`` has trained: without any path, so that it can be passed on."""

from __future__ import annotations

from typing import Any

from .. import networks
from ..datasets import Split, Subject
from ..model_card import PRIOR_CLASSES, ModelCard
from ..slicewise.study import Outcome
from .slice_scores import mean_dice
from .slice_training_request import SliceTrainingRequest
from .training_card import NOT_STATED, counted, figures, licence_beside


def card(request: SliceTrainingRequest, split: Split, outcome: Outcome) -> ModelCard:
    """The card.

    Args:
        request: that was fulfilled.
        split: of the data set; those of its training scans that have labels were learned from with them.
        outcome: of the training.
    """
    settings = request.settings
    channels = list(split.training[0].channels)
    return ModelCard(
        name=request.model,
        title=f"CSF, GM and WM on slices of {', '.join(channels)}, {settings.learning}",
        network=settings.network,
        base_width=settings.base_width or networks.default_width(settings.network),
        in_channels=outcome.in_channels,
        classes=PRIOR_CLASSES,
        contrast=", ".join(channels),
        training=_training(request, split, outcome),
        data=(_data(request, split),),
        label_use=_label_use(request, split),
        settings={
            **settings.to_dict(),
            "orientation": outcome.orientation,
            "steps taken": outcome.steps,
            "precision": outcome.precision,
            "channels": channels,
            "split": ids(split),
        },
        figures={**figures(outcome.log), "test dice": mean_dice(outcome.scores)},
    )


def ids(split: Split) -> dict[str, list[str]]:
    """Names of the scans of each part, and of those learned from with their labels."""
    parts = {"training": split.training, "labelled": _labelled(split), "validation": split.validation}
    return {name: [subject.id for subject in part] for name, part in {**parts, "test": split.test}.items()}


def _labelled(split: Split) -> tuple[Subject, ...]:
    return tuple(subject for subject in split.training if subject.labels_path is not None)


_LOSSES = {
    "supervised": "cross-entropy",
    "semi-supervised": "cross-entropy ({alpha:g}) and the mixture's loss ({beta:g}) with total variation ({gamma:g})",
    "unsupervised": "free energy under each scan's own mixture with total variation ({gamma:g})",
}


def _training(request: SliceTrainingRequest, split: Split, outcome: Outcome) -> str:
    settings = request.settings
    loss = _LOSSES[settings.learning].format_map(settings.to_dict())
    slices = counted(settings.batch_size, f"{outcome.orientation} slice")
    return f"{counted(outcome.steps, 'step')} on batches of {slices} of {counted(len(split.training), 'scan')}; {loss}."


def _label_use(request: SliceTrainingRequest, split: Split) -> str:
    known = [subject.id for subject in _labelled(split)]
    if request.settings.learning == "unsupervised":
        outlined = any(subject.outlined_by_hand for subject in split.training)
        learned = f"No label was used to learn{', but for the outline of the brains' if outlined else ''}."
    else:
        learned = (
            f"It learned from the labels of {len(known)} of {counted(len(split.training), 'scan')} "
            f"({', '.join(known)})."
        )
        if request.settings.learning == "supervised" and len(known) < len(split.training):
            learned += " The others were not used."
    if any(subject.labels_path is not None for subject in split.validation):
        learned += " Labels of the validation scans measured it meanwhile"
        learned += ", and said when to stop." if _stops_by_labels(request) else "."
    if any(subject.labels_path is not None for subject in split.test):
        learned += " Labels of the test scans judged it at the end."
    return learned


def _stops_by_labels(request: SliceTrainingRequest) -> bool:
    return request.settings.patience > 0 and request.settings.learning != "unsupervised"


def _data(request: SliceTrainingRequest, split: Split) -> dict[str, str]:
    folder = request.data.resolve()
    uses = {"to train on": split.training, "to measure on meanwhile": split.validation, "to judge by": split.test}
    return {
        "name": folder.stem if folder.is_file() else folder.name,
        "source": request.source or NOT_STATED,
        "licence": request.licence or licence_beside(folder.parent if folder.is_file() else folder) or NOT_STATED,
        "use": ", ".join(
            f"{counted(len(part), 'scan')} {use} ({', '.join(subject.id for subject in part)})"
            for use, part in uses.items()
            if part
        ),
    }


def record(request: SliceTrainingRequest, split: Split) -> dict[str, Any]:
    """What decides the outcome and may not change when a training goes on; its length may."""
    settings = {name: value for name, value in request.settings.to_dict().items() if name not in ("steps", "epochs")}
    parts = {"trained on" if name == "training" else name: names for name, names in ids(split).items()}
    return {"data": "slices", "channels": list(split.training[0].channels), **settings, **parts}
