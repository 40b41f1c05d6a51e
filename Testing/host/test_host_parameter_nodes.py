"""Parameter nodes: what is written, what is refused, what a saved scene gives back."""

import enum
import pathlib
from typing import Annotated

import numpy as np
import pytest
from slicer.parameterNodeWrapper import (
    Choice,
    Default,
    Maximum,
    Minimum,
    WithinRange,
    isParameterNodeWrapper,
    parameterNodeWrapper,
)
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from host import scene
from host.scene import slicer


class Method(enum.Enum):
    EM = "em"
    TRAIN = "train"


@parameterNodeWrapper
class Parameters:
    inputVolume: slicer.vtkMRMLScalarVolumeNode
    furtherChannels: list[slicer.vtkMRMLScalarVolumeNode]
    mask: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLScalarVolumeNode | None
    numberOfClasses: Annotated[int, WithinRange(2, 8)] = 3
    gamma: Annotated[float, Minimum(0), Maximum(1)] = 0.1
    preset: Annotated[str, Choice(["default", "as-printed"])] = "default"
    method: Method
    folder: pathlib.Path
    names: list[str]
    verbose: bool
    extent: Annotated[tuple[int, float], Default((0, 0.0))]
    limits: dict[str, int]
    seed: Annotated[int, Default(7)]


class ExampleLogic(ScriptedLoadableModuleLogic):
    pass


@pytest.fixture
def a_volume_node():
    scene.install()
    return slicer.util.addVolumeFromArray(np.zeros((2, 2, 2)), name="T1")


@pytest.fixture
def parameters(a_volume_node):
    return Parameters(ExampleLogic().getParameterNode())


def test_every_parameter_begins_with_its_default(parameters):
    assert (parameters.numberOfClasses, parameters.gamma, parameters.seed) == (3, 0.1, 7)
    assert parameters.inputVolume is None
    assert parameters.method is Method.EM
    assert parameters.names == []
    assert parameters.default("numberOfClasses").value == 3


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("numberOfClasses", 9, ValueError),
        ("numberOfClasses", 2.5, TypeError),
        ("numberOfClasses", None, ValueError),
        ("gamma", -0.1, ValueError),
        ("gamma", 1.1, ValueError),
        ("preset", "fast", ValueError),
        ("verbose", 1, TypeError),
        ("inputVolume", "T1", TypeError),
    ],
)
def test_a_value_outside_its_declaration_is_refused_and_changes_nothing(parameters, name, value, error):
    before = parameters.getValue(name)
    with pytest.raises(error):
        setattr(parameters, name, value)
    assert parameters.getValue(name) == before


def test_values_stand_in_the_node_as_slicer_writes_them(parameters, a_volume_node):
    parameters.inputVolume = a_volume_node
    parameters.furtherChannels = [a_volume_node]
    parameters.mask = a_volume_node
    parameters.method = Method.TRAIN
    parameters.names = ["CSF", "GM"]
    parameters.verbose = True
    parameters.limits = {"a": 1}
    node, volume_id = parameters.parameterNode, a_volume_node.GetID()
    stored = {name: node.GetParameter(name) for name in node.GetParameterNamesAsCommaSeparatedList().split(",")}
    assert node.GetNodeReferenceID("inputVolume") == volume_id
    assert node.GetNodeReferenceID("furtherChannels.0") == volume_id
    assert node.GetNodeReferenceID("mask.1") == volume_id
    assert stored["inputVolume"] == ""
    assert stored["method"] == "TRAIN"
    assert (stored["names.len"], stored["names.0"], stored["names.1"]) == ("2", "CSF", "GM")
    assert stored["verbose"] == "True"
    assert (stored["limits.len"], stored["limits.0.0"], stored["limits.0.1"]) == ("1", "a", "1")


def test_the_node_is_the_singleton_of_the_module(parameters):
    node = ExampleLogic().getParameterNode()
    assert node is parameters.parameterNode
    assert (node.GetSingletonTag(), node.GetAttribute("ModuleName")) == ("Example", "Example")


def test_changing_a_list_in_place_changes_the_node(parameters):
    parameters.names.append("CSF")
    parameters.names += ["GM"]
    parameters.names[0] = "Fluid"
    assert Parameters(parameters.parameterNode).names == ["Fluid", "GM"]
    with pytest.raises(NotImplementedError):
        parameters.names.__add__(["WM"])


def test_a_list_with_one_wrong_value_is_not_written_at_all(parameters):
    parameters.names = ["CSF"]
    with pytest.raises(TypeError):
        parameters.names = ["GM", 3]
    assert parameters.names == ["CSF"]


def test_a_change_in_the_node_is_seen_through_the_wrapper(parameters):
    parameters.parameterNode.SetParameter("numberOfClasses", "5")
    assert parameters.numberOfClasses == 5


def test_an_observer_sees_the_new_value(parameters):
    seen = []
    parameters.AddObserver("ModifiedEvent", lambda *_: seen.append(parameters.numberOfClasses))
    parameters.numberOfClasses = 4
    assert seen == [4]


def test_a_removed_node_is_no_longer_the_value(parameters, a_volume_node):
    parameters.inputVolume = a_volume_node
    slicer.mrmlScene.RemoveNode(a_volume_node)
    assert parameters.inputVolume is None


def test_everything_comes_back_from_a_saved_scene(parameters, a_volume_node, tmp_path):
    parameters.inputVolume = parameters.mask = a_volume_node
    parameters.furtherChannels = [a_volume_node]
    parameters.numberOfClasses, parameters.gamma, parameters.method = 5, 0.25, Method.TRAIN
    parameters.folder, parameters.extent = tmp_path, (3, 0.5)
    scene.save_scene(tmp_path / "scene.mrb")
    scene.load_scene(tmp_path / "scene.mrb")
    loaded = Parameters(ExampleLogic().getParameterNode())
    volume = slicer.util.getNode("T1")
    assert loaded.inputVolume is volume and loaded.mask is volume and list(loaded.furtherChannels) == [volume]
    assert (loaded.numberOfClasses, loaded.gamma, loaded.method) == (5, 0.25, Method.TRAIN)
    assert (loaded.folder, loaded.extent) == (tmp_path, (3, 0.5))


def test_closing_the_scene_gives_a_node_with_defaults(parameters):
    parameters.numberOfClasses = 6
    slicer.mrmlScene.Clear(0)
    again = Parameters(ExampleLogic().getParameterNode())
    assert again.numberOfClasses == 3
    assert again.parameterNode.GetAttribute("ModuleName") == "Example"


def test_unknown_parameters_and_reserved_names_are_refused(parameters):
    with pytest.raises(ValueError, match="Cannot find a param"):
        parameters.getValue("classes")
    with pytest.raises(ValueError, match="reserved name 'default'"):

        @parameterNodeWrapper
        class Wrong:
            default: int


def test_a_default_outside_the_range_is_refused_when_the_node_is_made(a_volume_node):
    @parameterNodeWrapper
    class Wrong:
        numberOfClasses: Annotated[int, WithinRange(2, 8)]

    with pytest.raises(ValueError, match="within range"):
        Wrong(ExampleLogic().getParameterNode())


def test_a_tuple_without_a_default_of_its_own_fails_at_the_second_node_as_in_slicer(a_volume_node):
    @parameterNodeWrapper
    class Extent:
        extent: tuple[int, float]

    assert Extent(slicer.vtkMRMLScriptedModuleNode()).extent == (0, 0.0)
    with pytest.raises(ValueError, match="number of tuple values"):
        Extent(slicer.vtkMRMLScriptedModuleNode())


def test_caching_is_for_values_that_cannot_change_unseen(parameters):
    assert parameters.isCached("numberOfClasses")
    assert parameters.isCached("names")
    assert isParameterNodeWrapper(parameters)
    assert parameters.dataType("seed") == Annotated[int, Default(7)]
