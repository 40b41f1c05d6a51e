"""Sentences of the "Correct" section."""

from __future__ import annotations

from slicer.i18n import tr as _

from .confirmations import REGION, SLICE, Confirmed, Entry
from .review_slices import orientationLabel


def summary(entries: list[Entry], confirmed: Confirmed) -> str:
    """How much is confirmed, as in "3 slices, 41,203 voxels (3.1 % of the brain) confirmed"."""
    if not entries:
        return _("Nothing is confirmed yet.")
    parts = []
    slices = sum(entry.kind == SLICE for entry in entries)
    regions = sum(entry.kind == REGION for entry in entries)
    if slices:
        parts.append(_("1 slice") if slices == 1 else _("{count} slices").format(count=slices))
    if regions:
        parts.append(_("1 region") if regions == 1 else _("{count} regions").format(count=regions))
    percent = f"{100 * confirmed.voxels / max(confirmed.brain, 1):.1f}"
    parts.append(
        _("{voxels} voxels ({percent} % of the brain)").format(voxels=f"{confirmed.voxels:,}", percent=percent)
    )
    return _("{parts} confirmed").format(parts=", ".join(parts))


def place(orientation: str, index: int, count: int, isConfirmed: bool, tilt: float) -> str:
    """Which slice is seen, as in "Axial 87 of 0-175, not confirmed"."""
    name = orientationLabel(orientation)
    state = _("confirmed") if isConfirmed else _("not confirmed")
    if tilt > 0:
        return _("{name} {index} in the middle of the view, which is tilted by {tilt}° ({state})").format(
            name=name, index=index, tilt=f"{tilt:.0f}" if tilt >= 1 else f"{tilt:.1f}", state=state
        )
    return _("{name} {index} of 0–{last}, {state}").format(name=name, index=index, last=count - 1, state=state)


def nothingSeen(orientation: str) -> str:
    """When the view of the slices lies beside the volume."""
    return _(
        "The view of the {name} slices shows none of the volume; scroll it back or go to the next uncertain one."
    ).format(name=orientationLabel(orientation).lower())


def turned(orientation: str, index: int) -> str:
    """After a tilted view was turned in place of confirming what it showed."""
    return _(
        "The view cut through several slices. It is turned to the volume's own now and shows {name} {index}: look at "
        "it, then confirm again."
    ).format(name=orientationLabel(orientation), index=index)


def viewsTurned() -> str:
    """After views of a tilted volume were turned in order to show its slices."""
    return _("The views are turned to the volume's own slices, which are tilted.")


def confirmed(entry: Entry) -> str:
    """After a confirmation."""
    return _("Confirmed {name}: {voxels} voxels.").format(name=entry.name, voxels=f"{entry.voxels:,}")


def undone(step: str) -> str:
    """After Undo."""
    return _("Undone: {step}.").format(step=step)


def busy() -> str:
    """While a job replaces the segments."""
    return _("The engine is making new segments of this volume; wait for its end or cancel it.")


def obstacles(
    *, isBusy: bool, hasResults: bool, hasMap: bool, hasBox: bool, hasEntries: bool, hasChosen: bool, hasStep: bool
) -> dict[str, str]:
    """Why each button of the section cannot be pressed; empty for one that can."""
    work = busy() if isBusy else ""
    noResults = "" if hasResults else _("Segment the volume first.")
    noMap = "" if hasMap else _("There is no uncertainty map; segment again with the output Uncertainty map.")
    return {
        "nextUncertain": noResults or noMap,
        "confirmSlice": noResults or work,
        "confirmAll": noResults or work,
        "regionBox": noResults,
        "confirmRegion": noResults or work or ("" if hasBox else _("Show the region box first.")),
        "undo": work if hasStep else _("Nothing was confirmed or removed since the scene was opened."),
        "remove": work if hasChosen else _("Choose a row of the table first."),
        "showConfirmed": "" if hasEntries else _("Nothing is confirmed yet."),
    }
