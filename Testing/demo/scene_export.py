"""Results in the scene as the engine's result, and the scene as a file that is checked by reading it again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import host.scene
import numpy as np
import slicer
from gmmseg.case import Result
from GMMSegExtensionLib.volumes import ijkToRas, voxels
from nibabel.orientations import apply_orientation, io_orientation


def result_of(volume, outputs, affine: np.ndarray) -> Result:
    """The engine's result, taken from the nodes that the extension's logic made of ``volume``.

    Args:
        volume: the node that was segmented.
        outputs: what the logic gave, posteriors included.
        affine: (4, 4) of the file that the node was read from; the result's arrays have its order of voxels. Slicer
            mirrors what would be left-handed.

    Raises:
        ValueError: the logic was not asked for posteriors.
    """
    if len(outputs.posteriors) != outputs.report["settings"]["number_of_classes"]:
        raise ValueError("Ask for posteriors: the probability volumes are missing in the scene.")
    to_file = np.linalg.inv(affine) @ slicer.util.arrayFromVTKMatrix(ijkToRas(volume))
    mirrored = tuple(np.flatnonzero(np.diag(to_file)[:3] < 0))

    def as_in_file(array: np.ndarray) -> np.ndarray:
        return np.flip(array, mirrored)

    labels = as_in_file(labels_of(outputs.segmentation, volume))
    mask = labels > 0
    inside = np.argwhere(mask)
    box = tuple(slice(int(a), int(b) + 1) for a, b in zip(inside.min(axis=0), inside.max(axis=0), strict=True))
    return Result(
        labels=labels,
        posteriors=np.stack([as_in_file(voxels(node))[box] for node in outputs.posteriors]),
        box=box,
        bias_field=np.stack([as_in_file(voxels(node)) for node in outputs.biasFields]),
        corrected=np.stack([as_in_file(voxels(node)) for node in outputs.correctedVolumes]),
        brain_mask=mask,
        affine=affine,
        report=outputs.report,
    )


def labels_of(segmentation, volume) -> np.ndarray:
    """(I, J, K) uint8 label values of all segments on the grid of ``volume``, through Slicer's own export."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    names = segmentation.GetSegmentation().GetSegmentIDs()
    exported = slicer.vtkSlicerSegmentationsModuleLogic.ExportSegmentsToLabelmapNode(
        segmentation, list(names), node, volume
    )
    if not exported:
        raise RuntimeError(f"The segments of '{segmentation.GetName()}' could not be exported.")
    labels = voxels(node).astype(np.uint8)
    slicer.mrmlScene.RemoveNode(node.GetDisplayNode())
    slicer.mrmlScene.RemoveNode(node)
    return labels


@dataclass(frozen=True)
class Contents:
    """What a saved scene must give back: voxels by volume name, and segments by segmentation name."""

    volumes: dict[str, np.ndarray]
    segments: dict[str, list[tuple]]

    def differences(self, other: Contents) -> list[str]:
        """A sentence for each thing that is not the same in ``other``."""
        found = []
        for kind, mine, theirs in (
            ("volume", self.volumes, other.volumes),
            ("segmentation", self.segments, other.segments),
        ):
            found += [f"The {kind} '{name}' is missing." for name in sorted(set(mine) - set(theirs))]
            found += [f"The {kind} '{name}' was not there before." for name in sorted(set(theirs) - set(mine))]
        for name in set(self.volumes) & set(other.volumes):
            if not np.array_equal(self.volumes[name], other.volumes[name]):
                found.append(f"The voxels of '{name}' differ.")
        for name in set(self.segments) & set(other.segments):
            for mine, theirs in zip(self.segments[name], other.segments[name], strict=False):
                if mine[:-1] != theirs[:-1] or not np.array_equal(mine[-1], theirs[-1]):
                    found.append(f"The segment '{mine[0]}' of '{name}' differs.")
        return found


def contents() -> Contents:
    """The volumes and segments that the scene holds now, voxels in RAS order: files may store another."""
    volumes = {
        node.GetName(): in_ras_order(voxels(node), node)
        for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    }
    segments = {
        node.GetName(): [_segment(node, name) for name in node.GetSegmentation().GetSegmentIDs()]
        for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    }
    return Contents(volumes, segments)


def in_ras_order(array: np.ndarray, volume) -> np.ndarray:
    """(I, J, K) ``array`` on the grid of ``volume``, with axes turned to right, anterior, superior."""
    affine = slicer.util.arrayFromVTKMatrix(ijkToRas(volume))
    return apply_orientation(array, io_orientation(affine)).copy()


def _segment(node, name: str) -> tuple:
    """Name, colour, terminology and voxels of one segment, the voxels on the segmentation's reference grid."""
    segment = node.GetSegmentation().GetSegment(name)
    color = tuple(round(part, 3) for part in segment.GetColor())
    reference = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
    array = slicer.util.arrayFromSegmentBinaryLabelmap(node, name, reference).transpose(2, 1, 0)
    return segment.GetName(), color, segment.GetTerminology(), in_ras_order(array, reference)


def save_and_check(path: Path) -> None:
    """Writes the scene to ``path`` (.mrb), reads it into an empty scene and compares.

    The scene that was read is the one that stays.

    Raises:
        RuntimeError: something did not come back as it was.
    """
    before = contents()
    host.scene.save_scene(path)
    host.scene.install()
    host.scene.load_scene(path)
    found = before.differences(contents())
    if found:
        raise RuntimeError(f"'{path.name}' does not give back what was saved: {' '.join(found)}")
