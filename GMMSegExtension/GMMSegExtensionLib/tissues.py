"""What the classes are called, coded and coloured."""

from __future__ import annotations

from dataclasses import dataclass

import vtk
from slicer.i18n import tr as _

_CATEGORY = "Segmentation category and type - DICOM master list~SCT^123037004^Anatomical Structure"
_SEGMENT_ID_PREFIX = "GMMSegExtension_class_"
_NO_REGION = "~^^~Anatomic codes - DICOM master list~^^~^^"

# The colours of the terminology entries are nearly equal for grey and white matter, so the display has its own:
# told apart also by readers with colour-vision deficiency (after Okabe and Ito), dark to bright classes.
_PALETTE = (
    (0.34, 0.71, 0.91),
    (0.84, 0.37, 0.00),
    (0.94, 0.89, 0.26),
    (0.00, 0.62, 0.45),
    (0.80, 0.47, 0.65),
    (0.00, 0.45, 0.70),
    (0.90, 0.62, 0.00),
    (0.60, 0.60, 0.60),
)
_TISSUE_PALETTE = {"CSF": _PALETTE[0], "GM": _PALETTE[1], "WM": _PALETTE[2]}
_TISSUE_CODES = {
    "CSF": "SCT^65216001^Cerebrospinal Fluid",
    "GM": "SCT^389081007^Gray Matter",
    "WM": "SCT^389080008^White Matter",
}
# The order of their labels where a scan's own order is not meant: 1, 2, 3.
TISSUE_NAMES = tuple(_TISSUE_CODES)


@dataclass(frozen=True)
class ClassStyle:
    """How the segment of one class looks: its name, RGB in 0 to 1 and terminology string (empty when it has none)."""

    name: str
    color: tuple[float, float, float]
    terminology: str = ""


def segmentID(label: int) -> str:
    """ID of the segment of class ``label`` (1 to K); the same at each run, so that a rerun updates it."""
    return f"{_SEGMENT_ID_PREFIX}{label}"


def labelOf(identifier: str) -> int:
    """The class label that a segment ID of :func:`segmentID` stands for."""
    return int(identifier.removeprefix(_SEGMENT_ID_PREFIX))


def isClass(identifier: str) -> bool:
    """Whether a segment ID is one of :func:`segmentID`, not of a segment that the user added."""
    return identifier.startswith(_SEGMENT_ID_PREFIX)


def classStyles(count: int, engineNames: list[str] | None = None, userNames: list[str] | None = None):
    """Styles of ``count`` classes in order of label.

    :param engineNames: names from the engine's report; three of them are tissues, in the order of the contrast.
    :param userNames: names given by the user, used when there is one for each class.
    :returns: list of :class:`ClassStyle`.
    """
    if count == 3:
        tissues = engineNames if sorted(engineNames or []) == sorted(_TISSUE_CODES) else list(_TISSUE_CODES)
        return [ClassStyle(tissue, _TISSUE_PALETTE[tissue], terminology(tissue)) for tissue in tissues]
    names = userNames if userNames and len(userNames) == count else orderedNames(count)
    return [ClassStyle(name, _PALETTE[index]) for index, name in enumerate(names)]


def orderedNames(count: int) -> list[str]:
    """Names of classes that are no known tissues, by rising mean of the first channel."""
    names = [_("Class {number}").format(number=number) for number in range(1, count + 1)]
    names[0] = _("{name} (darkest)").format(name=names[0])
    names[-1] = _("{name} (brightest)").format(name=names[-1])
    return names


def terminology(tissue: str) -> str:
    """Slicer's serialised terminology entry of ``CSF``, ``GM`` or ``WM``."""
    return f"{_CATEGORY}~{_TISSUE_CODES[tissue]}{_NO_REGION}"


def tissueOf(segment) -> str:
    """Which of ``TISSUE_NAMES`` a segment stands for by its terminology, else by its name; empty for none of them."""
    entry = vtk.reference("")
    coded = str(entry) if segment.GetTag(segment.GetTerminologyEntryTagName(), entry) else ""
    # Scheme and value; what a terminology calls them differs.
    byCode = (tissue for tissue, code in _TISSUE_CODES.items() if f"~{code.rpartition('^')[0]}^" in coded)
    name = segment.GetName().strip().upper()
    return next(byCode, name if name in TISSUE_NAMES else "")
