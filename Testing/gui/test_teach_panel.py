"""The teaching panel: what is offered, what reaches the engine, what is shown, kept and discarded."""

from __future__ import annotations

import numpy as np
import pytest
from host import messages

from .conftest import a_brain
from .teaching import Teaching, labels_of, state_of


@pytest.fixture
def a_reviewed_brain(a_teaching) -> Teaching:
    """The panel with a volume that was segmented, one slice of which is confirmed."""
    volume = a_brain()
    teaching = a_teaching()
    teaching.segment(volume, entropy=True)
    teaching.confirm(volume)
    teaching.open(volume)
    return teaching


@pytest.fixture
def a_taught_brain(a_reviewed_brain) -> Teaching:
    """The same after a fine-tuning, undecided."""
    a_reviewed_brain.before = state_of(a_reviewed_brain.parameters.inputVolume)
    a_reviewed_brain.finetune()
    return a_reviewed_brain


def test_one_click_teaches_and_shows_what_changed(a_reviewed_brain, the_requests):
    teaching = a_reviewed_brain
    volume = teaching.parameters.inputVolume
    before = labels_of(volume)
    assert teaching.ui.finetuneButton.enabled and not teaching.ui.decisionArea.visible
    teaching.finetune()
    request = the_requests()[-1]
    assert request["job"] == "finetune" and request["model"] == teaching.parameters.model
    assert request["teaching"].items() >= {"alpha": 1.0, "beta": 1e-4, "gamma": 0.1, "seed": 0}.items()
    assert teaching.ui.decisionArea.visible and not teaching.ui.teachProgressBar.visible
    assert (labels_of(volume) != before).any() and teaching.changed == [volume]
    rows = [
        [teaching.ui.changesTable.item(row, column).text() for column in range(4)]
        for row in range(teaching.ui.changesTable.rowCount)
    ]
    assert rows[0] == ["Agreement", "81.0 %", "93.0 %", "+12.0"]
    assert [row[0] for row in rows[1:]] == ["CSF ml", "GM ml", "WM ml"]
    assert rows[2][2] == "0.0" and rows[2][3].startswith("-") and rows[3][3].startswith("+")
    assert "1,234 confirmed voxels" in teaching.ui.decisionLabel.text


def test_confirmed_voxels_reach_the_engine_and_keep_their_labels(a_reviewed_brain, the_requests, monkeypatch):
    from GMMSegExtensionLib.exchange import Exchange

    teaching = a_reviewed_brain
    volume = teaching.parameters.inputVolume
    before = labels_of(volume)
    monkeypatch.setattr(Exchange, "remove", lambda self: True)
    sent = {}
    original = Exchange.writeSteps

    def keep(self):
        yield from original(self)
        sent.update({path.stem: np.load(path) for path in self.folder.glob("*.npy")})

    monkeypatch.setattr(Exchange, "writeSteps", keep)
    teaching.finetune()
    confirmed = np.zeros_like(before)
    confirmed[..., 4] = before[..., 4]
    np.testing.assert_array_equal(sent["labels0"], confirmed)
    np.testing.assert_array_equal(sent["mask0"] != 0, before > 0)
    after = labels_of(volume)
    np.testing.assert_array_equal(after[..., 4], before[..., 4])
    assert (after[..., 3] != before[..., 3]).any()


def test_beta_gamma_and_model_are_the_modules_own(a_reviewed_brain, the_requests):
    teaching = a_reviewed_brain
    teaching.panel.setModels(["t1-fast", "mine"], lambda name: f"{name}: a title")
    teaching.ui.teachBetaSpinBox.value = 0.02
    teaching.ui.teachGammaSpinBox.value = 0.5
    teaching.ui.teachModelComboBox.setCurrentText("mine: a title")
    parameters = teaching.parameters
    assert (parameters.beta, parameters.gamma, parameters.model) == (0.02, 0.5, "mine")
    parameters.gamma = 0.25
    assert teaching.ui.teachGammaSpinBox.value == 0.25
    teaching.finetune()
    request = the_requests()[-1]
    assert (request["teaching"]["beta"], request["teaching"]["gamma"], request["model"]) == (0.02, 0.25, "mine")
    assert (request["settings"]["mode"], request["settings"]["entropy"]) == ("fast", True)


def test_the_live_chart_shows_both_parts_of_the_loss(a_reviewed_brain):
    import slicer
    from GMMSegExtensionLib import output_nodes

    teaching = a_reviewed_brain
    volume = teaching.parameters.inputVolume
    assert not teaching.ui.lossPlace.visible
    teaching.finetune()
    table = output_nodes.find(volume, output_nodes.LOSS_TABLE).GetTable()
    columns = [[table.GetColumn(c).GetValue(row) for row in range(4)] for c in range(3)]
    assert columns[0] == [1, 2, 3, 4]
    assert columns[1] == pytest.approx([0.8, 0.4, 0.8 / 3, 0.2]) and columns[2][0] == pytest.approx(2.2)
    chart = output_nodes.find(volume, output_nodes.LOSS_CHART)
    view = slicer.mrmlScene.GetNodeByID("vtkMRMLPlotViewNodeGMMSegLoss")
    assert view.GetPlotChartNodeID() == chart.GetID() and teaching.ui.lossPlace.visible


def test_keep_saves_under_the_users_name_and_uses_it_from_now_on(a_taught_brain, tmp_path):
    teaching = a_taught_brain
    volume = teaching.parameters.inputVolume
    after = state_of(volume)["labels"]
    teaching.answers = [None, "ours"]
    teaching.ui.keepButton.click()
    assert teaching.asked[0][1:] == ("candidate", "candidate")
    assert teaching.panel.undecided() and teaching.ui.decisionArea.visible
    teaching.ui.keepButton.click()
    assert teaching.parameters.model == "ours"
    assert teaching.panel.undecided() == "" and not teaching.ui.decisionArea.visible
    assert state_of(volume)["labels"] == after and teaching.ui.finetuneButton.enabled
    assert not list(tmp_path.glob("**/gmmseg-*"))


def test_a_name_that_cannot_be_saved_is_said_and_nothing_is_lost(a_taught_brain, monkeypatch):
    teaching = a_taught_brain

    def refuse(*_arguments):
        raise ValueError("There is a model 'ours' already; choose another name.")

    teaching.panel.setSaveCandidate(refuse)
    teaching.ui.keepButton.click()
    assert "choose another name" in messages.texts("error")[0] and teaching.panel.undecided()


def test_discard_brings_everything_back_after_asking(a_taught_brain, tmp_path):
    teaching = a_taught_brain
    volume = teaching.parameters.inputVolume
    messages.answers.append("reject")
    teaching.ui.discardButton.click()
    assert teaching.panel.undecided() and state_of(volume) != teaching.before
    teaching.discard()
    assert len(messages.texts("question")) == 2
    assert teaching.panel.undecided() == "" and teaching.parameters.model == "t1-fast"
    assert state_of(volume) == teaching.before and teaching.changed == [volume, volume]
    assert not list(tmp_path.glob("**/gmmseg-*"))


def test_what_was_confirmed_since_goes_with_a_discard(a_taught_brain):
    from GMMSegExtensionLib.confirmations import Confirmations

    teaching = a_taught_brain
    volume = teaching.parameters.inputVolume
    teaching.confirm(volume, 2)
    teaching.discard()
    assert [entry.index for entry in Confirmations(volume).entries()] == [4]


def test_results_that_wait_for_a_decision_are_not_replaced(a_taught_brain):
    teaching = a_taught_brain
    with pytest.raises(ValueError, match="Keep or discard what the network was taught first"):
        teaching.segment(teaching.parameters.inputVolume)
    assert teaching.segment(a_brain("other", seed=1)).report
    teaching.discard()
    assert teaching.segment(teaching.parameters.inputVolume).report


def test_a_study_gives_results_to_all_its_volumes_labelled_or_not(a_reviewed_brain, the_requests):
    teaching = a_reviewed_brain
    first = teaching.parameters.inputVolume
    second, third = a_brain("second", seed=1), a_brain("third", seed=2)
    teaching.segment(second)
    teaching.confirm(second, 3)
    teaching.parameters.teachingVolumes = [second, third]
    before = [state_of(volume).get("labels") for volume in (first, second, third)]
    assert before[2] is None
    teaching.finetune()
    subjects = the_requests()[-1]["subjects"]
    assert [subject["name"] for subject in subjects] == ["T1", "second", "third"]
    assert [subject["labels"] is not None for subject in subjects] == [True, True, False]
    assert [subject["mask_source"] for subject in subjects] == ["given", "given", "detect"]
    for volume, earlier in zip((first, second, third), before, strict=True):
        assert state_of(volume)["labels"] != earlier
    titles = [teaching.ui.changesTable.item(row, 0).text() for row in range(teaching.ui.changesTable.rowCount)]
    tissues = ["CSF ml", "GM ml", "WM ml"]
    labelled = ["Agreement", *tissues]
    assert titles == ["Agreement", "T1", *labelled, "second", *labelled, "third", *tissues]
    teaching.discard()
    assert [state_of(volume).get("labels") for volume in (first, second, third)] == before


def test_the_list_offers_volumes_that_are_no_results_and_is_saved_with_the_scene(
    a_reviewed_brain, an_application, tmp_path
):
    import qt
    import slicer
    from GMMSegExtensionLib.parameters import GMMSegExtensionParameterNode

    teaching = a_reviewed_brain
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    a_brain("later", seed=1)
    table = teaching.ui.volumesTable
    teaching.until(lambda: table.rowCount == 2, "the new volume is listed")
    assert [table.item(row, 1).text() for row in range(2)] == ["T1", "later"]
    assert int(table.item(0, 2).text()) > 0 and table.item(1, 2).text() == "0"
    assert table.item(0, 0).checkState() == qt.Qt.Checked and not table.item(0, 0).flags() & qt.Qt.ItemIsEnabled
    assert table.item(1, 0).checkState() == qt.Qt.Unchecked
    table.item(1, 0).setCheckState(qt.Qt.Checked)
    assert [node.GetName() for node in teaching.parameters.teachingVolumes] == ["later"]
    an_application.save_scene(tmp_path / "scene.mrb")
    teaching.leave()
    an_application.load_scene(tmp_path / "scene.mrb")
    node = slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode")[0]
    loaded = GMMSegExtensionParameterNode(node)
    assert [node.GetName() for node in loaded.teachingVolumes] == ["later"]
    teaching.open(loaded.inputVolume)
    assert table.item(1, 0).checkState() == qt.Qt.Checked
    slicer.mrmlScene.RemoveNode(slicer.util.getNode("later"))
    teaching.until(lambda: table.rowCount == 1, "the volume is no longer listed")
    assert teaching.ui.finetuneButton.enabled
