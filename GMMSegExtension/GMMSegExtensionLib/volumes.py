"""Volume nodes as the engine's arrays, and back.

The engine indexes (I, J, K) and wants an affine from voxel to RAS millimetres; Slicer's arrays are (K, J, I).
"""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _


def voxels(volumeNode) -> np.ndarray:
    """(I, J, K) view of the voxels of a scalar volume node.

    :raises ValueError: the node holds no image, or a colour image.
    """
    image = volumeNode.GetImageData()
    if image is None or image.GetPointData().GetScalars() is None or image.GetNumberOfPoints() == 0:
        raise ValueError(
            _("The volume '{name}' has no voxels; load or choose another one.").format(name=name(volumeNode))
        )
    if image.GetNumberOfScalarComponents() != 1:
        raise ValueError(
            _("The volume '{name}' has {count} values in each voxel; choose a grey-scale volume.").format(
                name=name(volumeNode), count=image.GetNumberOfScalarComponents()
            )
        )
    return slicer.util.arrayFromVolume(volumeNode).transpose(2, 1, 0)


def ijkToWorld(volumeNode) -> np.ndarray:
    """(4, 4) affine from voxel indices to world RAS millimetres, parent transforms included.

    Channels and masks meet in world space, so this is what makes them overlap as they do in the views.

    :raises ValueError: the node is under a non-linear transform.
    """
    affine = slicer.util.arrayFromVTKMatrix(ijkToRas(volumeNode))
    parent = volumeNode.GetParentTransformNode()
    if parent is None:
        return affine
    toWorld = vtk.vtkMatrix4x4()
    if not parent.IsTransformToWorldLinear() or not parent.GetMatrixTransformToWorld(toWorld):
        raise ValueError(
            _("The volume '{name}' is under a non-linear transform; harden the transform first.").format(
                name=name(volumeNode)
            )
        )
    return slicer.util.arrayFromVTKMatrix(toWorld) @ affine


def ijkToRas(volumeNode) -> vtk.vtkMatrix4x4:
    """The node's own matrix from voxel indices to its local RAS, without parent transforms."""
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    return matrix


def segmentVoxels(segmentationNode, segmentID: str, referenceVolumeNode) -> np.ndarray:
    """(I, J, K) uint8 voxels of one segment on the grid of ``referenceVolumeNode``.

    :raises ValueError: there is no such segment.
    """
    segment = segmentationNode.GetSegmentation().GetSegment(segmentID)
    if segment is None:
        raise ValueError(_("Choose the segment of '{name}' to use as mask.").format(name=name(segmentationNode)))
    array = slicer.util.arrayFromSegmentBinaryLabelmap(segmentationNode, segmentID, referenceVolumeNode)
    if array is None or not array.any():
        raise ValueError(_("The segment '{name}' does not overlap the volume.").format(name=segment.GetName()))
    return array.astype(np.uint8).transpose(2, 1, 0)


def setVoxels(volumeNode, array: np.ndarray, likeNode) -> None:
    """Give ``volumeNode`` the (I, J, K) voxels, and the place in space of ``likeNode``, parent transform included."""
    with slicer.util.NodeModify(volumeNode):
        volumeNode.SetIJKToRASMatrix(ijkToRas(likeNode))
        volumeNode.SetAndObserveTransformNodeID(likeNode.GetTransformNodeID())
        slicer.util.updateVolumeFromArray(volumeNode, np.ascontiguousarray(array.transpose(2, 1, 0)))


def name(node) -> str:
    """The node's name for a sentence."""
    return node.GetName() or node.GetID() or node.GetClassName()
