"""``gmmseg predict``: scans in, their segmentations by a network of slices out."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from . import case_files, command_frame, console, given_model, scan_names

if TYPE_CHECKING:
    from ..model_files import Entry
    from .command_frame import Frame

ENDING = "_segmentation.nii.gz"


@dataclass(frozen=True)
class _Scan:
    """Files of one scan: its channels, and its brain mask where it is given."""

    name: str
    channels: Sequence[Path]
    mask: Path | None


def run(arguments: argparse.Namespace) -> int:
    """Does the command; returns 0.

    Raises:
        InputError: anything the user can mend; nothing has been written then.
        Cancelled, KeyboardInterrupt: on Ctrl-C or SIGTERM; nothing has been written either.
    """
    entry = _network_of_slices(arguments.model)
    scans = _scans(arguments, entry.card.in_channels - 1)
    with command_frame.running(arguments.progress) as frame:
        _predict(arguments, entry, scans, frame)
    _tell([Path(arguments.output) / f"{scan.name}{ENDING}" for scan in scans], frame.shown)
    return 0


def _network_of_slices(place: str) -> Entry:
    entry = given_model.given(place)
    if not entry.card.is_of_slices:
        raise InputError(
            f"The model '{entry.card.name}' is no network of slices; give gmmseg segment the option --model."
        )
    return entry


def _scans(arguments: argparse.Namespace, channels: int) -> list[_Scan]:
    """The scans, each of as many files as the network has channels.

    Raises:
        InputError: files do not make whole scans, masks do not belong to them, or two have the same name.
    """
    paths = [Path(path) for path in arguments.scans]
    if len(paths) % channels:
        raise InputError(
            f"The network sees {channels} channels, so {len(paths)} files make no whole scans; give those of the first "
            "scan, then those of the next."
        )
    groups = [paths[start : start + channels] for start in range(0, len(paths), channels)]
    masks: list[Path | None] = [None] * len(groups)
    if arguments.mask is not None:
        masks = [Path(mask) for mask in arguments.mask]
    if len(masks) != len(groups):
        raise InputError(f"There are {len(masks)} masks for {len(groups)} scans; give one for each, in their order.")
    names = scan_names.of_scans([group[0] for group in groups])
    return [_Scan(*parts) for parts in zip(names, groups, masks, strict=True)]


def _predict(arguments: argparse.Namespace, entry: Entry, scans: Sequence[_Scan], frame: Frame) -> None:
    import numpy as np

    from .. import devices, outputs
    from ..model_files import read_weights
    from ..model_weights import to_network
    from ..progress import part
    from ..slicewise import prediction, prepared
    from ..volume_io import write_volume

    device = devices.resolve(getattr(arguments, "device", "auto"))
    precision = devices.resolve_precision(getattr(arguments, "precision", "auto"), device)
    orientation, source = _orientation(entry), case_files.mask_source(arguments)
    with contextlib.ExitStack() as kept:
        folder = kept.enter_context(outputs.folder_for(arguments.output))
        stage = kept.enter_context(outputs.stage_in(folder))
        network = to_network(read_weights(entry), entry.card).to(device)
        for index, scan in enumerate(scans):
            here = part(frame.progress, index / len(scans), (index + 1) / len(scans))
            case = case_files.read(scan.channels, scan.mask, source, part(here, 0.0, 0.1))
            ready = prepared.from_case(case, orientation, device, _bias_degree(entry), part(here, 0.1, 0.5))
            labels = prediction.segment_slices(network, ready, device, precision, progress=part(here, 0.5, 0.95))
            here(0.95, "write", f"Writing the segmentation of {scan.name}")
            write_volume(stage / f"{scan.name}{ENDING}", labels, case.images[0], dtype=np.uint8)
        with frame.interrupts.shield():
            for file in stage.iterdir():
                file.replace(folder / file.name)


def _orientation(entry: Entry) -> str:
    from ..slicewise.prepared import ACROSS

    orientation = entry.card.settings.get("orientation")
    if orientation not in ACROSS:
        raise InputError(f"The card of the model '{entry.card.name}' does not tell its slices; train the model again.")
    return orientation


def _bias_degree(entry: Entry) -> int | None:
    """Degree of the field that scans have to be divided by, as those were that the network learned from."""
    settings = entry.card.settings
    return settings.get("bias_degree") or None if settings.get("learning") == "unsupervised" else None


def _tell(files: Sequence[Path], shown: console.NoProgress) -> None:
    """What came out, as a last event or as a few lines."""
    if isinstance(shown, console.JsonProgress):
        shown.event("done", files=[str(file) for file in files])
        return
    for file in files:
        print(file)
