"""What ``gmmseg segment`` cannot use gets one line that says what is wrong, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import AFFINE, names_in, segment, write
from phantoms import nested_spheres
from sentences import assert_one_sentence

# Each makes its input in a folder and gives the arguments and words of the sentence.
BAD_INPUT = {}


def bad_input(function):
    BAD_INPUT[function.__name__.replace("_", " ")] = function
    return function


@bad_input
def missing_file(folder, image):
    return [folder / "nowhere.nii.gz"], ["nowhere.nii.gz", "does not exist"]


@bad_input
def empty_file(folder, image):
    (folder / "x.nii.gz").write_bytes(b"")
    return [folder / "x.nii.gz"], ["empty"]


@bad_input
def truncated_file(folder, image):
    path = Path(write(folder / "x.nii.gz", image))
    path.write_bytes(path.read_bytes()[:3000])
    return [path], ["x.nii.gz"]


@bad_input
def text_file(folder, image):
    (folder / "x.nii").write_text("this is no image\n" * 100)
    return [folder / "x.nii"], ["x.nii"]


@bad_input
def nothing_but_nan(folder, image):
    return [write(folder / "x.nii.gz", np.full_like(image, np.nan))], []


@bad_input
def many_infinite_voxels(folder, image):
    mask = write(folder / "mask.nii.gz", (image > 0).astype(np.uint8))
    image = np.where(np.arange(24) < 12, np.inf, image).astype(np.float32)
    return [write(folder / "x.nii.gz", image), "--mask", mask], ["NaN or infinite"]


@bad_input
def many_nan_voxels_without_a_mask(folder, image):
    image = np.where(np.arange(24) % 6 == 0, np.nan, image).astype(np.float32)
    return [write(folder / "x.nii.gz", image), "--no-mask"], ["NaN or infinite"]


@bad_input
def no_brain_to_be_found(folder, image):
    plate = np.where(np.indices((40, 40, 40))[0] == 3, 5.0, 0.0).astype(np.float32)
    return [write(folder / "x.nii.gz", plate), "--auto-mask"], ["No brain was found", "--mask", "--no-mask"]


@bad_input
def constant_image(folder, image):
    return [write(folder / "x.nii.gz", np.full_like(image, 3)), "--no-mask"], []


@bad_input
def image_of_zeros(folder, image):
    return [write(folder / "x.nii.gz", np.zeros_like(image)), "--no-mask"], []


@bad_input
def empty_mask(folder, image):
    mask = write(folder / "mask.nii.gz", np.zeros(image.shape, np.uint8))
    return [write(folder / "x.nii.gz", image), "--mask", mask], ["empty"]


@bad_input
def mask_on_another_grid(folder, image):
    mask = write(folder / "mask.nii.gz", np.ones((5, 5, 5), np.uint8))
    return [write(folder / "x.nii.gz", image), "--mask", mask], ["grid"]


@bad_input
def image_in_two_dimensions(folder, image):
    return [write(folder / "x.nii.gz", image[:, :, 12])], ["2-D"]


@bad_input
def series_of_volumes(folder, image):
    return [write(folder / "x.nii.gz", np.stack([image] * 3, axis=3))], ["series"]


@bad_input
def more_classes_than_values(folder, image):
    image = np.where(image > 0, np.where(image > 0.7, 2, 1), 0).astype(np.uint8)
    return [write(folder / "x.nii.gz", image), "-K", "5"], ["classes"]


@bad_input
def colour_image(folder, image):
    rgb = np.zeros(image.shape, dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    return [write(folder / "x.nii.gz", rgb)], ["grey"]


@bad_input
def channels_that_do_not_overlap(folder, image):
    far = AFFINE.copy()
    far[:3, 3] += 500
    return [write(folder / "x.nii.gz", image), write(folder / "y.nii.gz", image, far)], ["y.nii.gz"]


@bad_input
def device_that_is_not_there(folder, image):
    return [write(folder / "x.nii.gz", image), "--device", "cuda:63"], ["cuda:63"]


@bad_input
def unknown_network(folder, image):
    return [write(folder / "x.nii.gz", image), "--mode", "train", "--network", "telepathy"], ["telepathy"]


@bad_input
def setting_out_of_range(folder, image):
    return [write(folder / "x.nii.gz", image), "-K", "9"], ["number_of_classes", "between 2 and 8"]


@bad_input
def missing_settings_file(folder, image):
    return [write(folder / "x.nii.gz", image), "--settings", folder / "no.json"], ["no.json"]


@bad_input
def settings_that_are_no_json(folder, image):
    (folder / "s.json").write_text("{gamma: 1}")
    return [write(folder / "x.nii.gz", image), "--settings", folder / "s.json"], ["s.json", "JSON"]


@bad_input
def settings_that_are_no_object(folder, image):
    (folder / "s.json").write_text("[1]")
    return [write(folder / "x.nii.gz", image), "--settings", folder / "s.json"], ["s.json"]


@bad_input
def unknown_setting_in_the_file(folder, image):
    (folder / "s.json").write_text('{"speed": 1}')
    return [write(folder / "x.nii.gz", image), "--settings", folder / "s.json"], ["Unknown setting 'speed'"]


@pytest.fixture(scope="module")
def an_image():
    return nested_spheres(24, field_range=0.2).image


@pytest.mark.parametrize("make", BAD_INPUT.values(), ids=BAD_INPUT)
def test_bad_input_gets_one_sentence_and_leaves_nothing(make, an_image, tmp_path, capfd):
    folder = tmp_path / "in"
    folder.mkdir()
    arguments, words = make(folder, an_image)
    assert segment(*arguments, "-o", tmp_path / "out") == 2
    assert_one_sentence(capfd, *words)
    assert names_in(tmp_path) == ["in"]
