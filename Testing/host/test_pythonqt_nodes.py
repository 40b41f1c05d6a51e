"""The qMRML stand-ins follow a real MRML scene."""

import pytest

from host import pythonqt, scene

pythonqt.application()
qt = pythonqt.qt_module()
qmrml = pythonqt.qmrml


@pytest.fixture
def a_scene():
    return scene.install().scene


@pytest.fixture
def three_volumes(a_scene):
    return [a_scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name) for name in ("T1", "T2", "PD")]


@pytest.fixture
def a_selector():
    selector = qmrml["qMRMLNodeComboBox"]()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    return selector


@pytest.fixture
def its_changes(a_selector):
    changes = []
    a_selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: changes.append(node and node.GetName()))
    return changes


@pytest.fixture
def a_segmentation(a_scene):
    node = a_scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Tissues")
    node.CreateDefaultDisplayNodes()
    for name, color in (("CSF", (0.2, 0.5, 1.0)), ("GM", (0.6, 0.6, 0.6)), ("WM", (1.0, 0.9, 0.5))):
        node.GetSegmentation().AddEmptySegment(name, name, color)
    return node


def test_without_none_the_first_node_is_current(a_selector, three_volumes, a_scene, its_changes):
    assert a_selector.enabled is False
    a_selector.setMRMLScene(a_scene)
    assert a_selector.enabled is True
    assert a_selector.currentNode() is three_volumes[0]
    assert its_changes == ["T1"]


def test_with_none_nothing_is_current(a_selector, three_volumes, a_scene):
    a_selector.noneEnabled = True
    a_selector.setMRMLScene(a_scene)
    assert a_selector.currentNode() is None
    assert (a_selector.currentNodeID, a_selector.nodeCount()) == ("", 3)


def test_a_change_emits_three_signals_and_an_activation(a_selector, three_volumes, a_scene):
    a_selector.setMRMLScene(a_scene)
    seen = []
    a_selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: seen.append(node.GetName()))
    a_selector.connect("currentNodeChanged(bool)", seen.append)
    a_selector.connect("currentNodeIDChanged(QString)", seen.append)
    a_selector.connect("nodeActivated(vtkMRMLNode*)", lambda node: seen.append(("activated", node.GetName())))
    a_selector.setCurrentNode(three_volumes[1])
    assert seen == ["T2", True, three_volumes[1].GetID(), ("activated", "T2")]


def test_the_attribute_of_the_signal_gives_the_node(a_selector, three_volumes, a_scene):
    a_selector.setMRMLScene(a_scene)
    seen = []
    a_selector.currentNodeChanged.connect(seen.append)
    a_selector.currentNodeID = three_volumes[2].GetID()
    assert seen == [three_volumes[2]]


def test_removing_the_current_node_goes_on_to_the_next(a_selector, three_volumes, a_scene, its_changes):
    a_selector.setMRMLScene(a_scene)
    a_scene.RemoveNode(three_volumes[0])
    assert a_selector.currentNode() is three_volumes[1]
    assert its_changes == ["T1", "T2"]


def test_removing_the_only_node_falls_back_on_none(a_selector, three_volumes, a_scene):
    a_selector.noneEnabled = True
    a_selector.setMRMLScene(a_scene)
    a_selector.setCurrentNode(three_volumes[2])
    for node in three_volumes:
        a_scene.RemoveNode(node)
    assert a_selector.currentNode() is None


def test_removing_the_last_node_leaves_nothing(a_selector, three_volumes, a_scene, its_changes):
    a_selector.setMRMLScene(a_scene)
    for node in three_volumes:
        a_scene.RemoveNode(node)
    assert a_selector.currentNode() is None and a_selector.nodeCount() == 0
    assert its_changes[-1] is None


def test_closing_the_scene_empties_the_box(a_selector, three_volumes, a_scene, its_changes):
    a_selector.setMRMLScene(a_scene)
    a_scene.Clear(0)
    assert a_selector.currentNode() is None and a_selector.nodeCount() == 0
    assert its_changes[-1] is None


def test_a_node_of_another_type_is_not_taken(a_selector, three_volumes, a_scene, a_segmentation):
    a_selector.noneEnabled = True
    a_selector.setMRMLScene(a_scene)
    a_selector.setCurrentNode(a_segmentation)
    assert a_selector.currentNode() is None


def test_a_node_and_a_scene_are_what_they_say_they_are(a_selector, three_volumes, a_scene):
    with pytest.raises(ValueError):
        a_selector.setMRMLScene(three_volumes[0])
    with pytest.raises(ValueError):
        qmrml["qMRMLSegmentSelectorWidget"]().setCurrentNode("T1")


def test_hidden_nodes_and_hidden_child_types_are_left_out(a_selector, three_volumes, a_scene):
    a_scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    three_volumes[1].SetHideFromEditors(True)
    a_selector.setMRMLScene(a_scene)
    assert a_selector.nodeCount() == 3
    a_selector.hideChildNodeTypes = ["vtkMRMLLabelMapVolumeNode"]
    assert a_selector.nodeCount() == 2
    a_selector.showHidden = True
    assert a_selector.nodeCount() == 3
    a_selector.showChildNodeTypes = False
    assert a_selector.nodeCount() == 3


def test_an_attribute_filters_nodes_and_marks_new_ones(a_selector, three_volumes, a_scene):
    three_volumes[2].SetAttribute("Role", "field")
    a_selector.addAttribute("vtkMRMLScalarVolumeNode", "Role", "field")
    a_selector.setMRMLScene(a_scene)
    assert a_selector.nodeCount() == 1
    three_volumes[1].SetAttribute("Role", "field")
    three_volumes[1].Modified()
    assert a_selector.nodeCount() == 2
    assert a_selector.addNode().GetAttribute("Role") == "field"


def test_a_new_node_gets_the_base_name_and_becomes_current(a_selector, a_scene):
    added = []
    a_selector.baseName = "Bias field"
    a_selector.nodeAddedByUser.connect(added.append)
    a_selector.setMRMLScene(a_scene)
    node = a_selector.addNode()
    assert node.GetName() == "Bias field"
    assert a_selector.currentNode() is node and added == [node]


def test_the_first_node_added_to_an_empty_scene_is_taken_only_where_there_are_no_actions(a_scene):
    plain, with_actions = qmrml["qMRMLNodeComboBox"](), qmrml["qMRMLNodeComboBox"]()
    for selector in (plain, with_actions):
        selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    plain.addEnabled = plain.removeEnabled = False
    for selector in (plain, with_actions):
        selector.setMRMLScene(a_scene)
    node = a_scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "T1")
    assert plain.currentNode() is node
    assert with_actions.currentNode() is None


def test_a_node_chosen_before_the_scene_is_taken_with_it(a_selector, three_volumes, a_scene):
    a_selector.setCurrentNodeID(three_volumes[1].GetID())
    a_selector.setMRMLScene(a_scene)
    assert a_selector.currentNode() is three_volumes[1]


def test_a_selector_that_is_gone_no_longer_follows_the_scene(a_scene):
    selector = qmrml["qMRMLNodeComboBox"]()
    selector.setMRMLScene(a_scene)
    pythonqt.swallowed_exceptions.clear()
    del selector
    a_scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "T1")
    assert pythonqt.swallowed_exceptions == []


def test_a_node_selector_is_no_qmrml_widget(a_selector):
    assert not a_selector.inherits("qMRMLWidget")
    assert qmrml["qMRMLSegmentSelectorWidget"]().inherits("qMRMLWidget")


def test_setters_of_properties_do_not_show(a_selector):
    for name in ("setNodeTypes", "setNoneEnabled", "setAddEnabled", "setBaseName"):
        assert not hasattr(a_selector, name)


def test_a_checkable_selector_keeps_its_ticks(three_volumes, a_scene):
    selector, changes = qmrml["qMRMLCheckableNodeComboBox"](), []
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.checkedNodesChanged.connect(lambda: changes.append(len(selector.checkedNodes())))
    selector.setMRMLScene(a_scene)
    selector.setCheckState(three_volumes[1], qt.Qt.Checked)
    assert selector.checkedNodes() == (three_volumes[1],)
    assert selector.uncheckedNodes() == (three_volumes[0], three_volumes[2])
    assert selector.checkState(three_volumes[1]) == qt.Qt.Checked
    a_scene.RemoveNode(three_volumes[1])
    assert selector.noneChecked() and changes == [1, 0]


def test_a_segment_selector_takes_the_first_segment(a_segmentation, a_scene):
    selector, seen = qmrml["qMRMLSegmentSelectorWidget"](), []
    selector.currentSegmentChanged.connect(seen.append)
    selector.setMRMLScene(a_scene)
    assert selector.currentNode() is a_segmentation
    assert selector.currentSegmentID() == "CSF"
    selector.setCurrentSegmentID("WM")
    assert seen == ["CSF", "WM"]
    a_segmentation.GetSegmentation().RemoveSegment("WM")
    assert selector.currentSegmentID() == "CSF"


def test_a_segment_selector_can_hold_several(a_segmentation, a_scene):
    selector, seen = qmrml["qMRMLSegmentSelectorWidget"](), []
    selector.multiSelection = True
    selector.setMRMLScene(a_scene)
    selector.segmentSelectionChanged.connect(seen.append)
    selector.setSelectedSegmentIDs(["CSF", "WM", "none such"])
    assert selector.selectedSegmentIDs() == ("CSF", "WM")
    assert seen == [("CSF", "WM")]


def test_a_segments_table_follows_the_segmentation(a_segmentation, a_scene):
    table = qmrml["qMRMLSegmentsTableView"]()
    table.setMRMLScene(a_scene)
    table.setSegmentationNode(a_segmentation)
    assert table.segmentCount == 3
    a_segmentation.GetSegmentation().RemoveSegment("GM")
    assert table.displayedSegmentIDs() == ("CSF", "WM")
    table.setSelectedSegmentIDs(["WM"])
    assert table.selectedSegmentIDs() == ("WM",) and table.rowForSegmentID("WM") == 1


def test_a_segment_editor_needs_its_parameter_node_first(a_segmentation, three_volumes, a_scene):
    editor = qmrml["qMRMLSegmentEditorWidget"]()
    editor.setMRMLScene(a_scene)
    editor.setSegmentationNode(a_segmentation)
    assert editor.segmentationNode() is None
    editor.setMRMLSegmentEditorNode(a_scene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    editor.setSegmentationNode(a_segmentation)
    editor.setSourceVolumeNode(three_volumes[0])
    assert editor.segmentationNode() is a_segmentation and editor.sourceVolumeNode() is three_volumes[0]
    assert len(editor.availableEffectNames()) == 14
    editor.setCurrentSegmentID("GM")
    assert editor.currentSegmentID() == "GM"


def test_a_show_3d_button_makes_the_surfaces(a_segmentation):
    button = qmrml["qMRMLSegmentationShow3DButton"]()
    assert button.enabled is False
    button.setSegmentationNode(a_segmentation)
    assert button.enabled is True and button.checked is False


def test_a_slider_with_units_is_a_slider(a_scene):
    slider = qmrml["qMRMLSliderWidget"]()
    slider.setMRMLScene(a_scene)
    slider.maximum = 500
    slider.value = 120
    assert slider.value == 120.0 and slider.inherits("ctkSliderWidget")
