"""The segment editor: effects and their parameters, painting through Slicer's logic with masks and undo."""

import numpy as np
import pytest

from host import painting, pythonqt
from host.scene import slicer

SHAPE = (6, 5, 4)


def _count(segmentation, volume):
    """Voxels of each segment."""
    ids = segmentation.GetSegmentation().GetSegmentIDs()
    arrays = [slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, id_, volume) for id_ in ids]
    return [int(array.sum()) if array is not None else 0 for array in arrays]


@pytest.fixture
def a_volume(an_application):
    affine = np.array([[1.0, 0.2, 0, 5], [-0.2, 1, 0, 6], [0, 0, 2, 7], [0, 0, 0, 1]])
    return slicer.util.addVolumeFromArray(np.ones(SHAPE[::-1], dtype=np.float32), ijkToRAS=affine, name="T1")


@pytest.fixture
def a_segmentation(a_volume):
    """CSF in the first two planes of I, GM in the next two, nothing in the last two."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Tissues")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(a_volume)
    for index, name in enumerate(("CSF", "GM")):
        node.GetSegmentation().AddEmptySegment(name, name)
        mask = np.zeros(SHAPE, dtype=np.uint8)
        mask[2 * index : 2 * index + 2] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask.transpose(2, 1, 0), node, name, a_volume)
    node.GetSegmentation().CollapseBinaryLabelmaps(False)
    return node


@pytest.fixture
def an_editor(a_segmentation, a_volume):
    import qt

    parent = qt.QWidget(slicer.util.mainWindow())
    editor = slicer.qMRMLSegmentEditorWidget(parent)
    editor.setMRMLScene(slicer.mrmlScene)
    editor.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    editor.setSegmentationNode(a_segmentation)
    editor.setSourceVolumeNode(a_volume)
    return editor


def test_effects_are_activated_by_name_and_by_themselves(an_editor):
    assert an_editor.activeEffect() is None
    an_editor.setActiveEffectByName("Paint")
    assert an_editor.activeEffect().name == "Paint"
    assert an_editor.activeEffect().className() == "qSlicerSegmentEditorPaintEffect"
    assert an_editor.mrmlSegmentEditorNode().GetActiveEffectName() == "Paint"
    an_editor.setActiveEffect(an_editor.effectByName("Erase"))
    assert an_editor.activeEffect().name == "Erase"
    an_editor.setActiveEffect(None)
    assert an_editor.activeEffect() is None
    assert an_editor.effectByName("Nonsense") is None


def test_effects_keep_their_parameters_in_the_editors_node(an_editor):
    paint, node = an_editor.effectByName("Paint"), an_editor.mrmlSegmentEditorNode()
    assert paint.integerParameter("BrushDiameterIsRelative") == 1
    paint.setCommonParameter("BrushAbsoluteDiameter", 7.5)
    paint.setParameter("ColorSmudge", 1)
    assert node.GetAttribute("BrushAbsoluteDiameter") == "7.5" and node.GetAttribute("Paint.ColorSmudge") == "1"
    assert an_editor.effectByName("Erase").doubleParameter("BrushAbsoluteDiameter") == 7.5
    assert an_editor.effectByName("Erase").parameter("ColorSmudge") == "0"


def test_an_effect_has_no_more_names_than_in_slicer(an_editor):
    effect = an_editor.effectByName("Paint")
    for unlisted in ("brushSize", "setBrushDiameter", "onApply", "set_defaults"):
        with pytest.raises(AttributeError):
            getattr(effect, unlisted)
    with pytest.raises(ValueError, match="kwargs"):
        effect.setParameter(name="BrushSphere", value=1)
    assert slicer.qSlicerSegmentEditorAbstractEffect.ModificationModeRemove == 2


def test_the_buttons_show_the_effects_asked_for(an_editor):
    assert an_editor.effectCount() == 15
    an_editor.setEffectNameOrder(["Paint", "Erase"])
    an_editor.unorderedEffectsVisible = False
    assert an_editor.effectCount() == 3
    assert an_editor.effectByIndex(0) is None and an_editor.effectByIndex(2).name == "Erase"


def test_painting_takes_voxels_from_the_other_segments(an_editor, a_segmentation, a_volume):
    mask = np.zeros(SHAPE, dtype=bool)
    mask[1:5, 0, 0] = True
    painting.paint(an_editor, "CSF", mask)
    assert _count(a_segmentation, a_volume) == [43, 38]
    painting.erase(an_editor, "CSF", [(0, 0, 0), (2, 0, 0)])
    assert _count(a_segmentation, a_volume) == [41, 38]


def test_painting_stays_inside_the_segments_when_the_mask_says_so(an_editor, a_segmentation, a_volume):
    an_editor.mrmlSegmentEditorNode().SetMaskMode(a_segmentation.EditAllowedInsideAllSegments)
    painting.paint(an_editor, "GM", np.ones(SHAPE, dtype=bool))
    assert _count(a_segmentation, a_volume) == [0, 80]


def test_painting_over_nothing_when_overwriting_is_off(an_editor, a_segmentation, a_volume):
    node = an_editor.mrmlSegmentEditorNode()
    node.SetOverwriteMode(node.OverwriteNone)
    painting.paint(an_editor, "GM", np.ones(SHAPE, dtype=bool))
    assert _count(a_segmentation, a_volume) == [40, 120]


def test_strokes_are_undone_and_redone_one_by_one(an_editor, a_segmentation, a_volume):
    an_editor.maximumNumberOfUndoStates = 10
    painting.paint(an_editor, "GM", [(5, 0, 0)])
    painting.paint(an_editor, "GM", [(5, 1, 0)])
    an_editor.undo()
    assert _count(a_segmentation, a_volume) == [40, 41]
    an_editor.undo()
    assert _count(a_segmentation, a_volume) == [40, 40]
    an_editor.undo()
    an_editor.redo()
    an_editor.redo()
    assert _count(a_segmentation, a_volume) == [40, 42]
    assert an_editor.maximumNumberOfUndoStates == 10


def test_the_editor_lets_nobody_paint_without_its_nodes(an_editor, a_segmentation):
    with pytest.raises(RuntimeError, match="no segment"):
        painting.paint(an_editor, "Bone", [(0, 0, 0)])
    an_editor.setSourceVolumeNode(None)
    with pytest.raises(RuntimeError, match="source volume"):
        painting.paint(an_editor, "GM", [(0, 0, 0)])
    slicer.mrmlScene.RemoveNode(a_segmentation)
    with pytest.raises(RuntimeError, match="no segment"):
        painting.paint(an_editor, "GM", [(0, 0, 0)])


def test_another_segmentation_ends_the_effect(an_editor):
    an_editor.setActiveEffectByName("Paint")
    an_editor.setSegmentationNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Other"))
    assert an_editor.activeEffect() is None


def test_the_scene_can_be_closed_under_the_editor(an_application, an_editor):
    an_editor.setActiveEffectByName("Paint")
    an_application.close_scene()
    assert an_editor.segmentationNode() is None


def test_the_editors_shortcuts_come_and_go(an_application, an_editor, a_segmentation, a_volume):
    painting.paint(an_editor, "GM", [(5, 0, 0)])
    an_editor.installKeyboardShortcuts(slicer.util.mainWindow())
    an_application.press("Z")
    assert _count(a_segmentation, a_volume) == [40, 40]
    an_application.press("Escape")
    assert an_editor.activeEffect() is None
    an_application.press("2")
    assert an_editor.activeEffect().name == "Paint"
    an_editor.uninstallKeyboardShortcuts()
    an_application.press("Escape")
    assert an_editor.activeEffect().name == "Paint"


def test_the_editor_shows_its_volume_in_the_slice_views(an_editor, a_volume):
    composite = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert composite.GetBackgroundVolumeID() == a_volume.GetID()
    assert pythonqt.unwrap(an_editor).form.undo.isEnabled() is False
