"""Slices of a volume in the slice views: what they are called, which is shown, and going to one.

A slice is a layer of the volume's own voxels, across one of its array axes; views of an oblique volume are turned to
its axes when one goes there. Works on the scene, so also without a window.
"""

from __future__ import annotations

import itertools

import numpy as np
import slicer
from slicer.i18n import tr as _

from .segment_labels import shapeOf
from .volumes import ijkToRas, ijkToWorld

# In the order of the patient's axes that they are counted along: right, anterior, superior.
_ALONG_RAS = ("sagittal", "coronal", "axial")
ORIENTATIONS = ("axial", "coronal", "sagittal")

# A view tilted more than this cuts through many slices: over a brain's half width 1 degree is 1.5 mm.
TILT_DEGREES = 1.0
_EXACT_DEGREES = 0.05


def orientationLabel(orientation: str) -> str:
    """What the user reads for one of ``ORIENTATIONS``."""
    return {"axial": _("Axial"), "coronal": _("Coronal"), "sagittal": _("Sagittal")}[orientation]


def axesByOrientation(volumeNode) -> dict[str, int]:
    """The array axis (0 for I) that numbers the axial, coronal and sagittal slices of a volume, however tilted."""
    try:
        directions = np.abs(_directions(ijkToWorld(volumeNode)))
    except ValueError:  # under a non-linear transform the volume's own axes have to do
        directions = np.abs(_directions(slicer.util.arrayFromVTKMatrix(ijkToRas(volumeNode))))
    best = max(itertools.permutations(range(3)), key=lambda axes: sum(directions[ras, axes[ras]] for ras in range(3)))
    return {orientation: best[ras] for ras, orientation in enumerate(_ALONG_RAS)}


def spacing(volumeNode, axis: int) -> float:
    """Distance in mm of the slices across an array axis."""
    return float(np.linalg.norm(ijkToWorld(volumeNode)[:3, axis]))


def viewAlong(volumeNode, axis: int):
    """The slice node of the view that shows the slices across an array axis best, one that is seen if possible; None
    without slice views."""
    direction = _directions(ijkToWorld(volumeNode))[:, axis]

    def fitness(node) -> tuple:
        along = abs(float(direction @ _normal(node)))
        return along > 0.7, bool(node.IsMappedInLayout()), along

    return max(sliceNodes(), key=fitness, default=None)


def tilt(volumeNode, axis: int, sliceNode) -> float:
    """Angle in degrees between a view and the slices across an array axis."""
    cosine = abs(float(_directions(ijkToWorld(volumeNode))[:, axis] @ _normal(sliceNode)))
    return float(np.degrees(np.arccos(min(cosine, 1.0))))


def shownIndex(volumeNode, axis: int, sliceNode) -> int | None:
    """The slice across an array axis that a view shows, in its middle when it is tilted; None beside the volume."""
    middle = np.array([sliceNode.GetSliceToRAS().GetElement(row, 3) for row in range(3)] + [1.0])
    index = round(float((np.linalg.inv(ijkToWorld(volumeNode)) @ middle)[axis]))
    return index if 0 <= index < shapeOf(volumeNode)[axis] else None


def shownVoxel(volumeNode, otherwise: tuple[int, int, int] | None = None) -> tuple[int, int, int]:
    """Where the slices meet that the views show.

    :param otherwise: counts along an axis that no view shows; the middle of the volume when None.
    """
    voxel = []
    for axis, size in enumerate(shapeOf(volumeNode)):
        view = viewAlong(volumeNode, axis)
        index = shownIndex(volumeNode, axis, view) if view is not None else None
        if index is None:
            index = size // 2 if otherwise is None else otherwise[axis]
        voxel.append(index)
    return voxel[0], voxel[1], voxel[2]


def position(volumeNode, voxel: tuple[int, int, int]) -> np.ndarray:
    """(3,) world RAS in mm of a voxel's centre."""
    return (ijkToWorld(volumeNode) @ [*voxel, 1])[:3]


def goTo(volumeNode, voxel: tuple[int, int, int]) -> bool:
    """Let all slice views show their slice through a voxel, each turned to the volume's axes, and put the crosshair
    there.

    :returns: whether a view had to be turned.
    :raises ValueError: the volume is under a non-linear transform.
    """
    point = position(volumeNode, voxel)
    isTurned = False
    for node in sliceNodes():
        if min(tilt(volumeNode, axis, node) for axis in range(3)) > _EXACT_DEGREES:
            node.RotateToVolumePlane(volumeNode)
            isTurned = True
        node.JumpSliceByOffsetting(*point)
    crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    if crosshair is not None:
        crosshair.SetCrosshairRAS(*point)
    return isTurned


def sliceNodes() -> list:
    """The slice nodes of the scene, one for each slice view."""
    return list(slicer.util.getNodesByClass("vtkMRMLSliceNode"))


def _directions(affine: np.ndarray) -> np.ndarray:
    """(3, 3), in columns the unit normals of the slices across each array axis; with shear not the axes themselves."""
    normals = np.linalg.inv(affine[:3, :3]).T
    return normals / np.linalg.norm(normals, axis=0)


def _normal(sliceNode) -> np.ndarray:
    normal = np.array([sliceNode.GetSliceToRAS().GetElement(row, 2) for row in range(3)])
    return normal / np.linalg.norm(normal)
