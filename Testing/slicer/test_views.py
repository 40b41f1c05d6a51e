"""Pictures drawn from the scene show what Slicer would show."""

from __future__ import annotations

import numpy as np
import pytest
from host import scene


@pytest.fixture
def draw():
    """Gives a function that draws layers on the slice through the origin, 40 mm wide, 80 pixels."""
    from demo.slice_pictures import SliceView

    views = []

    def pixels(layers, orientation: str = "Axial") -> np.ndarray:
        views.append(SliceView(scene.current().application_logic, orientation, (80, 80)))
        views[-1].show(layers, np.zeros(3), 40.0)
        return views[-1].pixels().astype(int)

    yield pixels
    for view in views:
        view.close()


@pytest.fixture
def a_marked_volume(add_volume):
    """A dark cube of 40 mm around the origin with a bright corner at the patient's right, front, top."""
    array = np.full((20, 20, 20), 20.0, dtype=np.float32)
    array[10:, 10:, 10:] = 100
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = -19
    node = add_volume(array, affine)
    node.GetDisplayNode().SetAutoWindowLevel(False)
    node.GetDisplayNode().SetWindowLevelMinMax(0, 100)
    return node


@pytest.mark.parametrize("orientation", ["Axial", "Coronal", "Sagittal"])
def test_slices_are_drawn_in_radiological_convention(draw, a_marked_volume, orientation):
    from demo.slice_pictures import Layers

    grey = draw(Layers(a_marked_volume), orientation).mean(axis=2)
    quarters = grey.reshape(2, 40, 2, 40).mean(axis=(1, 3))
    # Right is on the left of axial and coronal pictures, the front on the left of sagittal ones, top or front is up.
    assert quarters.argmax() == 0
    assert quarters.ravel()[0] > 2 * quarters.ravel()[1:].max()


def test_segments_are_drawn_in_their_colours(draw, add_volume, write_results, a_phantom):
    from demo.slice_pictures import Layers

    affine = np.eye(4)
    affine[:3, 3] = -np.array(a_phantom.image.shape) / 2
    volume = add_volume(a_phantom.image, affine)
    plain = draw(Layers(volume))
    assert np.ptp(plain, axis=2).max() == 0
    outputs = write_results(volume, a_phantom)
    coloured = draw(Layers(volume), "Coronal")
    assert (np.ptp(coloured, axis=2) > 30).mean() > 0.1
    outputs.segmentation.GetDisplayNode().SetVisibility(False)
    assert np.ptp(draw(Layers(volume), "Sagittal"), axis=2).max() == 0


def test_the_bias_field_is_drawn_with_its_legend_and_only_in_the_brain(draw, add_volume, write_results, a_phantom):
    import slicer
    from demo.slice_pictures import Layers

    affine = np.eye(4)
    affine[:3, 3] = -np.array(a_phantom.image.shape) / 2
    volume = add_volume(a_phantom.image, affine)
    outputs = write_results(volume, a_phantom)
    outputs.segmentation.GetDisplayNode().SetVisibility(False)
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(outputs.biasOverlay)
    layers = Layers(volume, outputs.biasOverlay, 1.0)
    with_legend = draw(layers)
    legend.SetVisibility(False)
    without = draw(layers, "Coronal")
    outside = np.s_[:10, :]
    assert np.ptp(with_legend[20:60, 20:55], axis=2).max() > 50
    assert np.ptp(without[outside], axis=2).max() == 0
    assert np.ptp(with_legend[:, 60:], axis=2).max() > 50


def test_the_uncertainty_map_is_drawn_only_where_one_is_not_sure(draw, add_volume, write_results, a_phantom):
    import slicer
    from demo.slice_pictures import Layers

    affine = np.eye(4)
    affine[:3, 3] = -np.array(a_phantom.image.shape) / 2
    volume = add_volume(a_phantom.image, affine)
    entropy = np.zeros(a_phantom.image.shape, dtype=np.float32)
    entropy[: entropy.shape[0] // 2] = 0.8  # the patient's left, on the right of the picture
    outputs = write_results(volume, a_phantom, entropy=np.where(a_phantom.mask, entropy, 0))
    outputs.segmentation.GetDisplayNode().SetVisibility(False)
    slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(outputs.uncertainty).SetVisibility(False)
    pixels = draw(Layers(volume, outputs.uncertainty, 1.0))
    assert np.ptp(pixels[30:50, :38], axis=2).max() == 0
    assert (np.ptp(pixels[30:50, 42:55], axis=2) > 50).mean() > 0.9
