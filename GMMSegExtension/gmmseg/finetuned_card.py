"""The card of a model that was taught by corrections. Names no scan: a model may be passed on, its patients not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from .model_card import ModelCard
from .teaching import Teaching

if TYPE_CHECKING:
    from .taught_scan import TaughtScan


def finetuned_card(
    before: ModelCard, scans: Sequence[TaughtScan], teaching: Teaching, steps: int, agreement: Any
) -> ModelCard:
    """The card.

    Args:
        before: of the model that was taught.
        scans: that it was taught with.
        teaching: how.
        steps: taken.
        agreement: with held-out voxels, a :class:`gmmseg.finetuning.Agreement` or None.
    """
    labelled = [scan for scan in scans if scan.is_labelled]
    voxels = sum(int(((scan.labels >= 0) | (scan.held_out >= 0)).sum()) for scan in labelled)
    unlabelled = len(scans) - len(labelled)
    use = f"{_counted(len(labelled), 'scan')} with {voxels} labelled voxels"
    if unlabelled:
        use += f", {_counted(unlabelled, 'scan')} without labels"
    return replace(
        before,
        name=taught_name(before.name),
        title=f"{before.title}, taught by corrections",
        training=(
            f"{steps} steps of fine-tuning on {use}: cross-entropy on labelled voxels, mixture loss with total "
            f"variation on all (eq 3.5), divergence from the model before on unlabelled ones. Before that it was "
            f"{before.name}: {before.training}"
        ),
        data=(
            {"name": "corrections", "source": "the user's own", "licence": "the user's own", "use": use},
            *before.data,
        ),
        label_use=f"Corrected labels of {_counted(len(labelled), 'scan')} were learned. {before.label_use}",
        settings={"fine-tuning": asdict(teaching), before.name: before.settings},
        figures={} if agreement is None else {"agreement with held-out voxels": asdict(agreement)},
        created="",
        sha256="",
    )


def taught_name(name: str) -> str:
    """What a model taught from the model ``name`` is called unless somebody names it."""
    stem = name.removesuffix("-taught")
    return f"{stem[:57]}-taught"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("s" if number != 1 else "")
