"""The MRML environment without a window."""

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from host import installs, scene
from host.scene import slicer


@pytest.fixture
def a_volume_node(a_scene):
    return slicer.util.addVolumeFromArray(np.arange(60.0).reshape(3, 4, 5), name="T1")


def hierarchy():
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)


def test_installing_gives_an_empty_scene_each_time(a_volume_node):
    assert slicer.mrmlScene.GetFirstNodeByName("T1") is a_volume_node
    scene.install()
    assert slicer.mrmlScene.GetFirstNodeByName("T1") is None


@pytest.mark.parametrize("module", ["segmentations", "volumes", "terminologies", "plots", "colors", "subjecthierarchy"])
def test_modules_have_their_real_logic(a_scene, module):
    logic = getattr(slicer.modules, module).logic()
    assert logic.GetMRMLScene() is a_scene


def test_there_is_no_application_object_without_the_application(a_scene):
    assert not hasattr(slicer, "app")


def test_a_new_data_node_is_filed_in_the_subject_hierarchy_and_leaves_it_when_removed(a_volume_node):
    assert hierarchy().GetItemDataNode(hierarchy().GetItemByDataNode(a_volume_node)) is a_volume_node
    slicer.mrmlScene.RemoveNode(a_volume_node)
    assert hierarchy().GetNumberOfItems() == 0


def test_hidden_and_helper_nodes_are_not_filed(a_scene):
    hidden = slicer.vtkMRMLModelNode()
    hidden.SetHideFromEditors(True)
    a_scene.AddNode(hidden)
    a_scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    assert hierarchy().GetNumberOfItems() == 0


def test_closing_the_scene_empties_the_hierarchy_and_leaves_a_usable_one(a_volume_node):
    slicer.mrmlScene.Clear(0)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
    assert hierarchy().GetItemByDataNode(node)
    assert hierarchy().GetNumberOfItems() == 1


def test_a_scene_survives_an_mrb_with_voxels_segments_folders_and_codes(a_volume_node, tmp_path):
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Tissues")
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(a_volume_node)
    segmentation.GetSegmentation().AddEmptySegment("wm", "White matter", [1, 0, 0])
    mask = (slicer.util.arrayFromVolume(a_volume_node) > 30).astype(np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, "wm", a_volume_node)
    folder = hierarchy().CreateFolderItem(hierarchy().GetSceneItemID(), "Results")
    hierarchy().SetItemParent(hierarchy().GetItemByDataNode(segmentation), folder)

    scene.save_scene(tmp_path / "scene.mrb")
    scene.load_scene(tmp_path / "scene.mrb")

    volume, segmentation = slicer.util.getNode("T1"), slicer.util.getNode("Tissues")
    assert np.array_equal(slicer.util.arrayFromVolume(volume), np.arange(60.0).reshape(3, 4, 5))
    assert np.array_equal(slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, "wm", volume), mask)
    parent = hierarchy().GetItemParent(hierarchy().GetItemByDataNode(segmentation))
    assert hierarchy().GetItemName(parent) == "Results"


def test_an_mrb_can_be_read_into_a_scene_that_has_nodes(a_volume_node, tmp_path):
    scene.save_scene(tmp_path / "scene.mrb")
    scene.load_scene(tmp_path / "scene.mrb", clear=False)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 2


def test_a_file_that_is_no_scene_is_refused(a_scene, tmp_path):
    (tmp_path / "broken.mrb").write_text("no archive")
    with pytest.raises(RuntimeError, match=r"broken\.mrb"):
        scene.load_scene(tmp_path / "broken.mrb")


def test_the_tissue_codes_are_known_to_the_terminology_logic(a_scene):
    logic, entry = slicer.modules.terminologies.logic(), slicer.vtkSlicerTerminologyEntry()
    context = "Segmentation category and type - DICOM master list"
    codes = f"{context}~SCT^123037004^Anatomical Structure~SCT^389080008^White Matter~^^~~^^~^^"
    assert logic.IsTerminologyContextLoaded(context)
    assert logic.DeserializeTerminologyEntry(codes, entry)
    assert entry.GetTypeObject().GetCodeMeaning() == "White Matter"


def test_color_tables_and_the_color_legend_are_there(a_volume_node):
    assert slicer.util.getNode("Grey").IsA("vtkMRMLColorTableNode")
    assert slicer.mrmlScene.GetNodeByID("vtkMRMLColorTableNodeFileGenericColors.txt")
    assert slicer.modules.colors.logic().AddDefaultColorLegendDisplayNode(a_volume_node)


def test_slicer_can_be_imported_beside_a_test_folder_of_the_same_name(tmp_path):
    (tmp_path / "slicer").mkdir()
    (tmp_path / "slicer" / "test_that_must_not_be_imported.py").write_text("raise SystemExit('imported')")
    testing = Path(scene.__file__).parents[1]
    path = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(testing)!r}]"
    done = subprocess.run([sys.executable, "-c", f"{path}; import host.scene"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_sample_is_registered_once_and_loads_from_its_file(a_volume_node, tmp_path):
    from SampleData import SampleDataLogic

    slicer.util.arrayFromVolume(a_volume_node)
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(tmp_path / "t1.nii.gz"))
    storage.WriteData(a_volume_node)
    for _ in range(2):
        SampleDataLogic.registerCustomSampleDataSource(
            category="GMM",
            sampleName="Brain",
            uris=(tmp_path / "t1.nii.gz").as_uri(),
            fileNames="t1.nii.gz",
            nodeNames="Brain",
        )
    assert [source.sampleName for source in slicer.modules.sampleDataSources["GMM"]] == ["Brain"]
    node = SampleDataLogic().downloadSample("Brain")
    assert node.GetName() == "Brain"
    assert slicer.util.arrayFromVolume(node).shape == (3, 4, 5)


def test_the_pytorch_extension_can_be_absent_and_present(a_scene):
    installs.set_pytorch(extension=False)
    with pytest.raises(ImportError):
        importlib.import_module("PyTorchUtils")
    installs.set_pytorch(extension=True, torch=None)
    logic = importlib.import_module("PyTorchUtils").PyTorchUtilsLogic()
    assert not logic.torchInstalled()
    assert logic.installTorch(askConfirmation=True, torchVersionRequirement=">=2.2")
    assert logic.torchInstalled()
    assert installs.record[-1].requirements == ["torch>=2.2"]


def test_a_user_may_decline_pytorch(a_scene):
    installs.set_pytorch(extension=True, torch=None, accept=False)
    logic = importlib.import_module("PyTorchUtils").PyTorchUtilsLogic()
    assert logic.installTorch(askConfirmation=True) is None
    assert not installs.record
