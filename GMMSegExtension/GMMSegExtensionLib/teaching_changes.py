"""What a fine-tuning has changed, in numbers and words."""

from __future__ import annotations

from dataclasses import dataclass

from slicer.i18n import tr as _

from . import volumes
from .taught import Taught

_UNKNOWN = "–"


@dataclass(frozen=True)
class Change:
    """A line of the table; texts with their units. A heading, of the lines of one volume, has a title alone."""

    title: str
    before: str = ""
    after: str = ""
    change: str = ""

    @property
    def isHeading(self) -> bool:
        return not self.after


def changesOf(taught: Taught) -> list[Change]:
    """Agreement with held-out confirmed voxels, of all and of each volume, and volume of each class."""
    changes = []
    agreement = taught.event.get("agreement")
    if agreement:
        changes.append(_agreement(_("Agreement"), agreement["before"], agreement["after"]))
    subjects = taught.event["subjects"]
    isStudy = len(subjects) > 1
    for volume, subject in zip(taught.volumes, subjects, strict=True):
        if isStudy:
            changes.append(Change(volumes.name(volume.node)))
        before, after = subject.get("before") or {}, subject.get("after") or {}
        if isStudy and after.get("agreement") is not None:
            changes.append(_agreement(_("Agreement"), before.get("agreement"), after["agreement"]))
        earlier = before.get("volumes_ml") or []
        for index, entry in enumerate(subject["report"]["classes"]):
            old = earlier[index] if index < len(earlier) else None
            title = _("{name} ml").format(name=entry["name"])
            changes.append(_millilitres(title, old, entry["volume_ml"]))
    return changes


def verdict(taught: Taught) -> str:
    """One or two sentences: what came of it, and what is asked."""
    sentences = []
    agreement = taught.event.get("agreement")
    if agreement and agreement["before"] is not None and agreement["after"] is not None:
        before, after = _percent(agreement["before"]), _percent(agreement["after"])
        text = _("Agreement with {count} confirmed voxels held out of the learning: {before}, now {after}.")
        sentences.append(text.format(count=f"{agreement['held_out_voxels']:,}", before=before, after=after))
    if taught.event.get("best_step") == 0:
        sentences.append(
            _("No step agreed better than before, so the network is as it was; confirm more of what is to be learned.")
        )
    if taught.event.get("stopped_early"):
        sentences.append(_("Stopped early, this is the best network so far."))
    sentences.append(_("Keep the network and the new results, or discard both?"))
    return " ".join(sentences)


def _agreement(title: str, before: float | None, after: float | None) -> Change:
    change = _UNKNOWN if before is None or after is None else f"{100 * (after - before):+.1f}"
    return Change(title, _percent(before), _percent(after), change)


def _millilitres(title: str, before: float | None, after: float) -> Change:
    if before is None:
        return Change(title, _UNKNOWN, f"{after:.1f}", _UNKNOWN)
    return Change(title, f"{before:.1f}", f"{after:.1f}", f"{after - before:+.1f}")


def _percent(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{100 * value:.1f} %"
