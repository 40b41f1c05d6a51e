"""Volume nodes as the engine's arrays, and back.

The engine indexes (I, J, K) and wants an affine from voxel to RAS millimetres; Slicer's arrays are (K, J, I).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util.numpy_support import get_vtk_array_type, vtk_to_numpy

from .steps import Steps, finish, slabs


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
    """Give ``volumeNode`` the (I, J, K) voxels, and the place in space of ``likeNode``, parent transform included.

    Takes a while for a large volume: where the user may be waiting, use :func:`imageSteps` and :func:`setImage`.
    """
    setImage(volumeNode, finish(imageSteps(array)), likeNode)


def imageSteps(array: np.ndarray, mask: np.ndarray | None = None, box: tuple | None = None, shape=None) -> Steps:
    """A VTK image of voxels, which may lie in a file (:meth:`Exchange.open`); it belongs to no node yet.

    :param array: (I, J, K), or the part of it inside ``box``.
    :param mask: (I, J, K) bool; the image is 0 where it is false.
    :param box: three (start, stop) pairs; the image is 0 around it.
    :param shape: (I, J, K) when there is a box.
    :returns: steps with a vtkImageData as outcome.
    """
    image, target = newImage(array.shape if box is None else shape, array.dtype)
    # Also without a box: memory comes page by page when it is first written to, and the first slab below, which may lie
    # across all pages, would have to wait for all of it.
    for part in slabs(target):
        target[part] = 0
        yield
    if box is not None:
        target = target[tuple(slice(start, stop) for start, stop in box)]
    for part in slabs(array):
        target[part] = array[part] if mask is None else np.where(mask[part], array[part], 0)
        yield
    return image


def newImage(shape, dtype, image: vtk.vtkImageData | None = None) -> tuple[vtk.vtkImageData, np.ndarray]:
    """An image without values, and the (I, J, K) array to fill them in.

    :param image: gets the voxels; by default a new one that starts at voxel (0, 0, 0).
    """
    if image is None:
        image = vtk.vtkImageData()
        image.SetDimensions(*shape)
    image.AllocateScalars(get_vtk_array_type(np.dtype(dtype)), 1)
    return image, vtk_to_numpy(image.GetPointData().GetScalars()).reshape(shape[::-1]).transpose(2, 1, 0)


def setImage(volumeNode, image: vtk.vtkImageData, likeNode) -> None:
    """Give ``volumeNode`` an image, which it then owns, and the place in space of ``likeNode``. Takes no time."""
    with slicer.util.NodeModify(volumeNode):
        volumeNode.SetIJKToRASMatrix(ijkToRas(likeNode))
        volumeNode.SetAndObserveTransformNodeID(likeNode.GetTransformNodeID())
        volumeNode.SetAndObserveImageData(image)


def restorer(volumeNode) -> Callable[[], None]:
    """A function that brings back voxels, place in space and display of a volume node as they are now.

    The voxels are not copied: who changes them meanwhile must give the node another image, as :func:`setImage` does.
    """
    image, matrix, transformID = volumeNode.GetImageData(), ijkToRas(volumeNode), volumeNode.GetTransformNodeID()
    display = volumeNode.GetDisplayNode()
    earlierDisplay = display.CreateNodeInstance() if display is not None else None
    if earlierDisplay is not None:
        earlierDisplay.CopyContent(display)

    def restore() -> None:
        with slicer.util.NodeModify(volumeNode):
            volumeNode.SetIJKToRASMatrix(matrix)
            volumeNode.SetAndObserveTransformNodeID(transformID)
            volumeNode.SetAndObserveImageData(image)
        if earlierDisplay is not None and volumeNode.GetDisplayNode() is display:
            display.CopyContent(earlierDisplay)

    return restore


def name(node) -> str:
    """The node's name for a sentence."""
    return node.GetName() or node.GetID() or node.GetClassName()
