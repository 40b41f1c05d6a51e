"""What a run has put into the scene, for comparing."""

from __future__ import annotations

import numpy as np

CLASSES = ("vtkMRMLSegmentationNode", "vtkMRMLScalarVolumeNode", "vtkMRMLProceduralColorNode")


def count_of_nodes() -> dict[str, int]:
    import slicer

    return {name: len(slicer.util.getNodesByClass(name)) for name in CLASSES}


def labels_of(outputs, volume) -> np.ndarray:
    import slicer
    from GMMSegExtensionLib.tissues import segmentID

    labels = np.zeros_like(slicer.util.arrayFromVolume(volume), dtype=np.uint8)
    for label in range(1, outputs.segmentation.GetSegmentation().GetNumberOfSegments() + 1):
        segment = slicer.util.arrayFromSegmentBinaryLabelmap(outputs.segmentation, segmentID(label), volume)
        labels[segment > 0] = label
    return labels
