"""The slices of a volume as planes in space: what a saved scene keeps of them.

A number alone would not do: a file may give the voxels back in another order, mirrored for instance.
"""

from __future__ import annotations

import numpy as np
import slicer

from .review_slices import axesByOrientation
from .segment_labels import shapeOf
from .volumes import ijkToRas


class SlicePlanes:
    """Turns the slices of one volume into texts and back. Made anew for each use: the volume may change meanwhile."""

    def __init__(self, volumeNode) -> None:
        self._shape = shapeOf(volumeNode)
        self._toRas = slicer.util.arrayFromVTKMatrix(ijkToRas(volumeNode))
        self._toVoxel = np.linalg.inv(self._toRas)
        self._normals = self._toVoxel[:3, :3] / np.linalg.norm(self._toVoxel[:3, :3], axis=1, keepdims=True)
        self._orientations = {axis: name for name, axis in axesByOrientation(volumeNode).items()}

    def orientation(self, axis: int) -> str:
        """axial, coronal or sagittal: what the slices across an array axis are."""
        return self._orientations[axis]

    def text(self, axis: int, index: int) -> str:
        """A point in the slice and its normal, in the volume's own mm."""
        voxel = [(size - 1) / 2 for size in self._shape]
        voxel[axis] = index
        point = (self._toRas @ [*voxel, 1])[:3]
        return " ".join(f"{number:.6f}" for number in (*point, *self._normals[axis]))

    def parse(self, text: str) -> tuple[int, int] | None:
        """Array axis and number of the slice that :meth:`text` has described; None when the text is something else."""
        try:
            numbers = np.array([float(part) for part in text.split()])
        except ValueError:
            return None
        if numbers.size != 6:
            return None
        axis = int(np.abs(self._normals @ numbers[3:]).argmax())
        return axis, round(float((self._toVoxel @ [*numbers[:3], 1])[axis]))
