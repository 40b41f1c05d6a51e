"""From a volume node through the real worker to segments: the same as the engine alone, in the right place."""

from __future__ import annotations

import numpy as np
import pytest
from demo.scene_export import labels_of, result_of
from gmmseg import Case, Settings, Volume, segment
from phantoms import from_labels, label_map

from .conftest import OBLIQUE

# Tilted, with the voxels of 3 mm that the phantom has: only a head of the right size is taken for a stripped brain.
TILTED = OBLIQUE @ np.diag([3 / 0.9, 3 / 1.1, 3 / 1.3, 1])
EM = Settings(mode="em", device="cpu")


@pytest.fixture(scope="module")
def the_worker():
    """One warm worker for all tests of this file."""
    from GMMSegExtensionLib.segmentation_logic import SegmentationLogic

    logic = SegmentationLogic()
    yield logic.engine
    logic.stopEngine()


@pytest.fixture
def the_logic(a_scene, the_worker):
    """The module's logic, on the warm worker."""
    from GMMSegExtension import GMMSegExtensionLogic

    logic = GMMSegExtensionLogic()
    logic.engine = the_worker
    return logic


@pytest.fixture(scope="module")
def a_head():
    """A phantom of a brain with voxels of 3 mm."""
    return from_labels(label_map("01", step=3), spacing=3.0)


def test_the_panels_way_gives_the_engines_labels_and_field(the_logic, add_volume, a_head):
    from GMMSegExtensionLib.request import ChosenOutputs

    expected = segment(Case((Volume(a_head.image, TILTED),), None, "stripped"), EM)
    node = add_volume(a_head.image, TILTED)
    outputs = the_logic.segment(node, maskSource="stripped", settings=EM, outputs=ChosenOutputs(posteriors=True))
    result = result_of(node, outputs, TILTED)
    np.testing.assert_array_equal(result.labels, expected.labels)
    np.testing.assert_array_equal(result.bias_field, expected.bias_field)
    for index in range(3):
        np.testing.assert_array_equal(result.posterior_on_grid(index), expected.posterior_on_grid(index))


def test_most_voxels_are_what_they_are(the_logic, add_volume, a_head):
    node = add_volume(a_head.image, TILTED)
    outputs = the_logic.segment(node, settings=EM)
    labels = labels_of(outputs.segmentation, node)
    assert outputs.report["mask"]["source"] == "stripped"
    assert (labels == a_head.truth)[a_head.mask].mean() > 0.8


def test_a_mask_drawn_as_a_segment_limits_the_result(the_logic, add_volume, a_head):
    import slicer

    node = add_volume(a_head.image, TILTED)
    half = a_head.mask.copy()
    half[: half.shape[0] // 2] = False
    drawn = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn")
    drawn.SetReferenceImageGeometryParameterFromVolumeNode(node)
    drawn.GetSegmentation().AddEmptySegment("brain", "brain")
    slicer.util.updateSegmentBinaryLabelmapFromArray(
        np.ascontiguousarray(half.astype(np.uint8).transpose(2, 1, 0)), drawn, "brain", node
    )
    outputs = the_logic.segment(node, maskSource="given", maskNode=drawn, maskSegmentID="brain", settings=EM)
    np.testing.assert_array_equal(labels_of(outputs.segmentation, node) > 0, half)


def test_a_second_channel_on_a_coarser_grid_is_resampled_and_the_report_says_so(the_logic, add_volume, a_head):
    node = add_volume(a_head.image, np.diag([3.0, 3, 3, 1]))
    coarse = np.eye(4) * (6, 6, 6, 1)
    coarse[:3, 3] = 1.5
    second = add_volume((2 - a_head.image)[::2, ::2, ::2], coarse, "T2")
    outputs = the_logic.segment(node, (second,), settings=EM)
    assert [entry["resampled"] for entry in outputs.report["inputs"]] == [False, True]
    assert len(outputs.biasFields) == 2


def test_bad_input_is_one_sentence_and_leaves_the_scene_alone(the_logic, a_scene, add_volume):
    node = add_volume(np.full((8, 9, 10), 5.0, dtype=np.float32))
    count = a_scene.GetNumberOfNodes()
    with pytest.raises(ValueError) as caught:
        the_logic.segment(node, settings=EM)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    assert a_scene.GetNumberOfNodes() == count
