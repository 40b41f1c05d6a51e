"""``gmmseg train``: label maps or unlabelled scans in, a model out. The same folder again goes on where it was left.

With a data set its slices are learned from instead, see :mod:`gmmseg.commands.slice_training`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled
from . import command_frame, console, slice_training
from .slice_training_request import SliceTrainingRequest
from .training_request import TrainingRequest, check_options, check_record, how_to_go_on, split

if TYPE_CHECKING:
    import numpy as np
    import torch

    from ..interrupts import Interrupts
    from ..learning.model_training import Lessons
    from ..model_card import ModelCard
    from ..progress import Progress
    from .training_start import Start

PREPARED = "prepared"
# Share of the whole that preparing a cohort takes.
_PREPARING = 0.1
# Patches whose coarsest map has more than two voxels along an edge.
_LEAST_BFLOAT16_EXTENT = 48


def run(arguments: argparse.Namespace) -> int:
    """Does the command; returns 0.

    Raises:
        InputError: anything the user can mend.
        Cancelled, KeyboardInterrupt: on Ctrl-C or SIGTERM, once the training's state is kept.
    """
    prior, slices = TrainingRequest.options(), SliceTrainingRequest.options()
    if arguments.data is not None:
        check_options(arguments, slices, prior, "--data")
        return slice_training.run(arguments)
    check_options(arguments, prior, slices, "--label-maps" if arguments.label_maps else "--scans")
    request = TrainingRequest.of(arguments)
    with command_frame.running(arguments.progress) as frame:
        card = _train(request, frame.progress, frame.interrupts)
    _tell(card, request, frame.shown)
    return 0


@dataclass(frozen=True)
class _Data:
    """What to learn from: names, and how the lessons are made of them."""

    trained_on: list[str]
    held_out: list[str]
    lessons: Callable[[Progress], Lessons]


def _train(request: TrainingRequest, progress: Progress, interrupts: Interrupts) -> ModelCard:
    from .. import devices, models
    from ..learning import model_training, training_curve
    from ..progress import part
    from ..safe_files import ensure_output_folder
    from . import training_card, training_start

    device = devices.resolve(request.device)
    precision = _precision(request, device)
    folder = ensure_output_folder(request.output)
    plan = model_training.Plan(
        steps=request.steps, learning_rate=request.rate, loaders=request.loaders, seed=request.seed
    )
    start = training_start.start(request)
    done = model_training.steps_done(folder, plan)
    data = _cohort(request, device) if request.kind == "cohort" else _synthetic(request)
    record = _record(request, data, start)
    check_record(folder, record, begun=done > 0)
    learning = part(progress, 0.0 if request.kind == "synthetic" else _PREPARING, 1.0)
    try:
        lessons = data.lessons(part(progress, 0.0, _PREPARING))
        # A signal in the midst of a step would leave weights and optimiser apart: each step asks for it instead.
        with interrupts.shield():
            network = model_training.train(start.network, lessons, plan, folder, device, precision, learning)
            settings = {**record, **asdict(plan), "precision": str(precision).removeprefix("torch.")}
            log = model_training.read_log(folder)
            card = training_card.card(request, start, data.trained_on, data.held_out, settings, log)
            card = models.save(folder, request.name, network, card, half=True)
            training_curve.write(folder)
    except (Cancelled, KeyboardInterrupt) as stop:
        raise Cancelled(how_to_go_on(folder, model_training.steps_done(folder, plan))) from stop
    return card


def _precision(request: TrainingRequest, device: torch.device) -> torch.dtype:
    """The arithmetic asked for, but float32 for small patches on the CPU.

    There torch 2.13 computes bfloat16 gradients of 3x3x3 convolutions on maps of 2x2x2 voxels from memory that nobody
    has written.
    """
    import torch

    from .. import devices

    precision = devices.resolve_precision(request.precision, device)
    is_safe = device.type != "cpu" or request.extent >= _LEAST_BFLOAT16_EXTENT
    return precision if is_safe else torch.float32


def _synthetic(request: TrainingRequest) -> _Data:
    from .. import label_maps
    from ..synthetic_lessons import SyntheticLessons

    assert request.label_maps is not None
    files = {file.name.removesuffix(".nii.gz"): file for file in label_maps.find(request.label_maps)}
    trained_on, held_out = split(list(files), request.hold_out, "label maps")

    def lessons(progress: Progress) -> SyntheticLessons:
        maps = {name: label_maps.read(file) for name, file in files.items()}
        return SyntheticLessons(
            [maps[name] for name in trained_on], [maps[name] for name in held_out], request.extent, request.seed
        )

    return _Data(trained_on, held_out, lessons)


def _cohort(request: TrainingRequest, device: torch.device) -> _Data:
    from .. import cohort_scans
    from ..cohort_lessons import CohortLessons
    from ..progress import part

    scans = cohort_scans.find(request.scans)
    trained_on, held_out = split(list(scans), request.hold_out, "scans")
    folder = request.output / PREPARED

    def lessons(progress: Progress) -> CohortLessons:
        files = {}
        for index, (name, path) in enumerate(scans.items()):
            message = f"Preparing {name} (scan {index + 1} of {len(scans)})"
            progress(index / len(scans), "prepare", message)
            within = _as_one(message, part(progress, index / len(scans), (index + 1) / len(scans)))
            files[name] = cohort_scans.prepared(name, path, folder, device, within)
        return CohortLessons(
            [files[name] for name in trained_on],
            [files[name] for name in held_out],
            request.extent,
            request.gamma,
            request.seed,
        )

    return _Data(trained_on, held_out, lessons)


def _as_one(said: str, progress: Progress) -> Progress:
    """Progress of several steps of one thing as one."""
    highest = 0.0

    def relay(fraction: float, stage: str, message: str, preview: np.ndarray | None = None) -> None:
        nonlocal highest
        # The mask's and the mixture's progress each begin at 0.
        highest = max(highest, fraction)
        progress(highest, "prepare", said)

    return relay


def _record(request: TrainingRequest, data: _Data, start: Start) -> dict[str, Any]:
    """What decides the outcome beside the plan, and may not change when a training goes on."""
    from .training_start import NETWORK

    record: dict[str, Any] = {
        "data": request.kind,
        "trained_on": data.trained_on,
        "held_out": data.held_out,
        "network": NETWORK,
        "base_width": start.base_width,
        "extent": request.extent,
        "start": start.sha256,
    }
    return {**record, "gamma": request.gamma} if request.kind == "cohort" else record


def _tell(card: ModelCard, request: TrainingRequest, shown: console.NoProgress) -> None:
    """What came out, as a last event or as a few lines."""
    from ..learning.training_curve import CURVE
    from ..models import CARD, WEIGHTS

    if isinstance(shown, console.JsonProgress):
        shown.event("done", output=str(request.output), model=asdict(card))
        return
    for name, value in card.figures.get("held out", {}).items():
        print(f"{name} on held-out data: {value:.3f}")
    print(f"training loss: {card.figures['training loss']:.4f} (curve in {request.output / CURVE})")
    print(f"model {card.name}: {request.output / card.name}{WEIGHTS} and {CARD}")
    print(f"to use it, set GMMSEG_MODELS={request.output} and give segment the option --model {card.name}")
