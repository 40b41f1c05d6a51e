"""Results of time points become sequences of the same browser, without copies of voxels or nodes left over."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def a_sequence(add_volume, a_phantom):
    """(browser, sequence) with two time points of a phantom, the second twice as bright."""
    import slicer

    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "T1")
    for index in range(2):
        volume = add_volume(a_phantom.image * (1 + index))
        sequence.SetDataNodeAtValue(volume, str(index))
        slicer.mrmlScene.RemoveNode(volume)
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    return browser, sequence


@pytest.fixture
def keep(a_sequence, write_results, a_phantom):
    """Gives a function that files the phantom's results under a time point."""
    from GMMSegExtensionLib import sequence_results
    from GMMSegExtensionLib.series_items import SequenceFrame
    from GMMSegExtensionLib.steps import finish

    browser, sequence = a_sequence
    frame = SequenceFrame()

    def file(indexValue: str, **options) -> None:
        proxy = sequence_results.proxyOf(browser, sequence)
        outputs = write_results(frame.show(proxy, sequence, indexValue), a_phantom, **options)
        finish(sequence_results.keepSteps(browser, sequence, indexValue, outputs))

    yield file
    frame.remove()


def _show(browser, number: int) -> None:
    import slicer

    browser.SetSelectedItemNumber(number)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)


def test_the_results_of_a_time_point_are_found_by_the_node_that_shows_it(a_sequence, keep, a_phantom):
    from GMMSegExtensionLib import sequence_results
    from GMMSegExtensionLib.scene import outputsOf
    from GMMSegExtensionLib.volumes import voxels

    browser, sequence = a_sequence
    keep("1", posteriors=True, entropy=np.where(a_phantom.mask, 0.5, 0).astype(np.float32))
    proxy = sequence_results.proxyOf(browser, sequence)
    assert outputsOf(proxy) is None  # the browser is at the first
    _show(browser, 1)
    outputs = outputsOf(proxy)
    np.testing.assert_allclose(voxels(outputs.biasFields[0]), a_phantom.field, rtol=1e-5)
    assert len(outputs.posteriors) == 3 and outputs.uncertainty is not None and outputs.biasOverlay is not None
    assert sequence_results.reportAt(sequence, "1") == outputs.report
    assert sequence_results.reportAt(sequence, "0") is None


def test_results_look_as_those_of_a_single_volume_do(a_sequence, keep):
    from GMMSegExtensionLib import bias_display, sequence_results
    from GMMSegExtensionLib.scene import outputsOf

    browser, sequence = a_sequence
    keep("0")
    outputs = outputsOf(sequence_results.proxyOf(browser, sequence))
    assert bias_display.halfWidthOf(outputs.biasOverlay) > 0.02
    assert outputs.biasOverlay.GetDisplayNode().GetColorNode().GetName().startswith("Bias field")
    assert outputs.biasOverlay.GetDisplayNode().GetApplyThreshold()
    assert outputs.segmentation.GetDisplayNode().GetVisibility()


def test_results_that_a_later_run_does_not_make_are_dropped(a_sequence, keep):
    from GMMSegExtensionLib import sequence_results
    from GMMSegExtensionLib.scene import outputsOf

    browser, sequence = a_sequence
    keep("0", posteriors=True)
    keep("1", posteriors=True)
    keep("0")
    proxy = sequence_results.proxyOf(browser, sequence)
    assert outputsOf(proxy).posteriors == ()
    _show(browser, 1)
    assert len(outputsOf(proxy).posteriors) == 3


def test_the_frame_leaves_nothing_behind(a_sequence, keep, write_results, a_phantom):
    import slicer
    from GMMSegExtensionLib import sequence_results
    from GMMSegExtensionLib.series_items import SequenceFrame

    browser, sequence = a_sequence
    keep("0")
    proxy = sequence_results.proxyOf(browser, sequence)
    count = slicer.mrmlScene.GetNumberOfNodes()
    frame = SequenceFrame()
    write_results(frame.show(proxy, sequence, "0"), a_phantom, posteriors=True)
    assert slicer.mrmlScene.GetNumberOfNodes() > count
    frame.remove()
    colors = 1  # of the scene, made once
    assert slicer.mrmlScene.GetNumberOfNodes() <= count + colors


def test_the_voxels_of_the_sequence_are_shared_not_copied(a_sequence):
    from GMMSegExtensionLib.series_items import SequenceFrame

    _browser, sequence = a_sequence
    frame = SequenceFrame()
    node = frame.show(None, sequence, "1")
    assert node.GetImageData() is sequence.GetDataNodeAtValue("1", True).GetImageData()
    frame.remove()


def test_a_sequence_of_something_else_is_no_series(a_scene):
    import slicer
    from GMMSegExtensionLib import sequence_results

    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    assert sequence_results.volumeSequenceOf(browser) is None
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode")
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    sequence.SetDataNodeAtValue(transform, "0")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    assert sequence_results.volumeSequenceOf(browser) is None
