"""The "Bias field" section: numbers and verdict, another degree, and export."""

from __future__ import annotations

import numpy as np
import pytest
from host import messages

from .conftest import a_brain


def test_without_results_there_is_only_a_hint(a_bias_bench):
    bench = a_bias_bench()
    a_brain()
    bench.panel.show(None, None)
    assert bench.ui.biasHintLabel.visible and "Segment a volume" in bench.ui.biasHintLabel.text
    assert not bench.ui.inspectButton.visible and not bench.ui.measuresTable.visible


def test_results_come_with_verdict_and_numbers(a_bias_bench):
    bench = a_bias_bench()
    bench.segmented()
    assert bench.ui.verdictLabel.text.startswith("Field range 0.90–1.10")
    table = bench.ui.measuresTable
    assert table.item(0, 1).text().split() == ["0.900", "1.000", "1.100"]
    assert [table.item(1, column).text() for column in (1, 2, 3)] == ["9.8 %", "5.1 %", "-48 %"]
    assert [table.item(3, column).text() for column in (1, 2)] == ["0.700", "0.500"]


def test_another_degree_is_written_to_the_same_nodes_and_can_be_undone(a_bias_bench):
    import slicer
    from GMMSegExtensionLib.volumes import voxels

    bench = a_bias_bench()
    volume = bench.segmented()
    outputs = bench.logic.outputsOf(volume)
    segments = slicer.util.arrayFromSegmentBinaryLabelmap(
        outputs.segmentation, outputs.segmentation.GetSegmentation().GetNthSegmentID(0), volume
    ).copy()
    bench.ui.inspectButton.click()
    bench.ui.degreeSlider.value = 5
    bench.wait()
    new = bench.logic.outputsOf(volume)
    assert (new.biasFields, new.correctedVolumes, new.biasOverlay) == (
        outputs.biasFields,
        outputs.correctedVolumes,
        outputs.biasOverlay,
    )
    field, inBrain = voxels(new.biasFields[0]), voxels(new.biasOverlay)
    assert field.max() == pytest.approx(1.25) and new.report["bias_field"][0]["degree"] == 5
    np.testing.assert_allclose(voxels(new.correctedVolumes[0]), voxels(volume) / field, rtol=1e-5)
    assert (inBrain[inBrain > 0] == field[inBrain > 0]).all() and (inBrain == 0).any()
    np.testing.assert_array_equal(
        slicer.util.arrayFromSegmentBinaryLabelmap(
            new.segmentation, new.segmentation.GetSegmentation().GetNthSegmentID(0), volume
        ),
        segments,
    )
    assert "degree 5" in bench.ui.biasStatusLabel.text and bench.ui.verdictLabel.text.startswith("Field range 0.75")
    assert bench.ui.rangeSlider.value > 10  # follows the stronger field
    bench.ui.degreeSlider.value = 3
    bench.wait()
    assert voxels(new.biasFields[0]).max() == pytest.approx(1.15)


def test_the_engine_gets_what_a_field_is_computed_from(a_bias_bench, the_requests):
    bench = a_bias_bench()
    volume = bench.segmented(a_brain("T2", seed=1))
    bench.ui.degreeSlider.value = 2
    bench.wait()
    run, request = the_requests()
    assert (request["job"], request["bias_degree"], request["run"]) == ("field", 2, run["id"])
    assert [image["name"] for image in request["images"]] == ["T1", "T2"]
    assert request["report"]["classes"] == bench.logic.outputsOf(volume).report["classes"]


def test_the_newest_degree_wins(a_bias_bench, the_requests):
    bench = a_bias_bench("field-slow")
    volume = bench.segmented()
    for degree in (2, 4, 5, 6):
        bench.ui.degreeSlider.value = degree
    assert bench.ui.degreeSlider.value == 6
    bench.wait()
    assert [request["bias_degree"] for request in the_requests()[1:]] == [2, 6]
    assert bench.logic.outputsOf(volume).report["bias_field"][0]["degree"] == 6


def test_a_field_that_fails_says_why_and_the_slider_goes_back(a_bias_bench):
    bench = a_bias_bench("field-fails")
    volume = bench.segmented()
    bench.ui.degreeSlider.value = 6
    bench.wait()
    assert bench.ui.biasStatusLabel.text == "Too little tissue is pure."
    assert bench.ui.degreeSlider.value == 3
    assert bench.logic.outputsOf(volume).report["bias_field"][0]["degree"] == 3


def test_export_tells_what_was_written(a_bias_bench, tmp_path, the_requests):

    bench = a_bias_bench()
    bench.segmented()
    bench.ui.inspectButton.click()
    bench.ui.profileButton.click()
    messages.inputs.append(tmp_path)
    bench.ui.exportBiasButton.click()
    bench.wait()
    folder = tmp_path / "T1 bias field"
    assert sorted(file.name for file in folder.iterdir()) == ["corrected.nii.gz", "report.html", "report.json"]
    assert bench.ui.biasStatusLabel.text == f"3 files written to {folder}"
    assert "report.html" in bench.ui.biasStatusLabel.toolTip and "report.html" in bench.lines[-1]
    profile = the_requests()[-1]["profile"]
    assert len({len(profile[name]) for name in ("distance_mm", "original", "corrected", "field")}) == 1


def test_a_cancelled_folder_dialog_writes_nothing(a_bias_bench, the_requests):

    bench = a_bias_bench()
    bench.segmented()
    messages.inputs.append(None)
    bench.ui.exportBiasButton.click()
    assert len(the_requests()) == 1


def test_deleted_results_say_so(a_bias_bench):
    import slicer

    bench = a_bias_bench()
    volume = bench.segmented()
    bench.ui.inspectButton.click()
    slicer.mrmlScene.RemoveNode(bench.logic.outputsOf(volume).correctedVolumes[0])
    bench.show(volume)
    assert "was deleted" in bench.ui.biasHintLabel.text and not bench.ui.inspectButton.visible


def test_a_degree_wanted_after_the_results_are_gone_says_so(a_bias_bench):
    import slicer

    bench = a_bias_bench()
    volume = bench.segmented()
    slicer.mrmlScene.RemoveNode(bench.logic.outputsOf(volume).segmentation)
    bench.ui.degreeSlider.value = 6
    assert bench.ui.biasStatusLabel.text == "The results were deleted; segment again to get them back."
    assert not bench.logic.jobs.isRunning


def test_one_exported_file_is_not_called_files(a_bias_bench):
    bench = a_bias_bench()
    bench.panel._onExported("folder", ["report.json"])
    assert bench.ui.biasStatusLabel.text == "1 file written to folder"


def test_the_volume_can_be_deleted_while_its_field_is_computed(a_bias_bench):
    import slicer

    bench = a_bias_bench("field-slow")
    volume = bench.segmented()
    bench.ui.inspectButton.click()
    bench.ui.degreeSlider.value = 6
    slicer.mrmlScene.RemoveNode(volume)
    bench.panel.show(None, None)
    bench.wait()
