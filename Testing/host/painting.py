"""What a user does with the segment editor's brush: voxels painted or erased through Slicer's own editor logic.

paint(editor, "GM", mask)                    # a stroke with the effect Paint
paint(editor, "GM", [(10, 12, 14)])          # one voxel, by its indices
erase(editor, "GM", mask)                    # a stroke with the effect Erase

Masks, overwriting of other segments and undo act as the editor's parameter node says.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from vtk.util.numpy_support import vtk_to_numpy

from host import pythonqt

Voxels = np.ndarray | Sequence[tuple[int, int, int]]


def paint(editor_widget, segment_id: str, voxels: Voxels) -> None:
    """One stroke with the effect Paint.

    Args:
        editor_widget: the qMRMLSegmentEditorWidget; it must have its nodes.
        segment_id: the segment to add to.
        voxels: (I, J, K) bool on the grid of the segmentation's reference geometry (as a rule the source volume's), or
            a list of (i, j, k).

    Raises:
        RuntimeError: the editor would not let a user paint, with the reason.
    """
    _stroke(editor_widget, "Paint", segment_id, voxels)


def erase(editor_widget, segment_id: str, voxels: Voxels) -> None:
    """One stroke with the effect Erase; see `paint`."""
    _stroke(editor_widget, "Erase", segment_id, voxels)


def _stroke(editor_widget, effect_name: str, segment_id: str, voxels: Voxels) -> None:
    editor = pythonqt.unwrap(editor_widget)
    _refuse_what_a_user_cannot_do(editor, segment_id)
    editor.setCurrentSegmentID(segment_id)
    editor.setActiveEffectByName(effect_name)
    effect = editor.activeEffect()
    if effect is None or effect.name != effect_name:
        raise RuntimeError(f"The editor did not activate {effect_name}.")
    labelmap = effect.defaultModifierLabelmap()
    if labelmap is None:
        raise RuntimeError("The editor has no geometry to paint on.")
    array = vtk_to_numpy(labelmap.GetPointData().GetScalars()).reshape(labelmap.GetDimensions()[::-1])
    array[_as_mask(voxels, array.shape[::-1]).transpose(2, 1, 0)] = 1
    labelmap.Modified()
    effect.saveStateForUndo()
    mode = effect.ModificationModeAdd if effect_name == "Paint" else effect.ModificationModeRemove
    effect.modifySelectedSegmentByLabelmap(labelmap, mode)


def _refuse_what_a_user_cannot_do(editor, segment_id: str) -> None:
    segmentation = editor.segmentationNode()
    if editor.mrmlSegmentEditorNode() is None:
        raise RuntimeError("The editor has no parameter node.")
    if segmentation is None or segmentation.GetSegmentation().GetSegment(segment_id) is None:
        raise RuntimeError(f"The editor's segmentation has no segment {segment_id}.")
    if editor.sourceVolumeNode() is None:
        raise RuntimeError("The editor has no source volume.")
    if editor.readOnly:
        raise RuntimeError("The editor is read-only.")


def _as_mask(voxels: Voxels, shape: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(voxels)
    if array.dtype == bool:
        if array.shape != shape:
            raise ValueError(f"The mask has shape {array.shape}, the editor's grid {shape}.")
        return array
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(array.reshape(-1, 3).T)] = True
    return mask
