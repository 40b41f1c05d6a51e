"""Label maps: codes become structures, whatever the file's orientation, and bad files a sentence."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import tiny_label_maps
from gmmseg import label_maps
from gmmseg.errors import InputError
from gmmseg.label_maps import AROUND, SULCAL_FLUID, VENTRICLES


def test_a_folder_gives_its_label_maps_by_name(tmp_path):
    folder = tiny_label_maps.write(tmp_path)
    assert [path.name for path in label_maps.find(folder)] == [f"labels_0{n}.nii.gz" for n in (1, 2, 3)]


@pytest.mark.parametrize("place", ["empty", "missing", "a_file"])
def test_a_folder_without_label_maps_gets_a_sentence(tmp_path, place):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a_file").write_text("")
    with pytest.raises(InputError, match=r"There is no label map in .*labels_\*\.nii\.gz"):
        label_maps.find(tmp_path / place)


def test_codes_become_structures_and_left_and_right_the_same(tmp_path):
    codes = np.zeros((40, 40, 40), dtype=np.int16)
    expected = {
        3: "cortex",
        42: "cortex",
        2: "cerebral white",
        41: "cerebral white",
        16: "brain stem",
        24: "sulcal fluid",
    }
    for place, code in enumerate(expected):
        codes[20, 20, 10 + place] = code
    read = label_maps.read(tiny_label_maps.write_one(tmp_path / "labels_1.nii.gz", codes))
    names = label_maps.names()
    found = [names[code] for code in read.structures[12, 12][read.structures[12, 12] > 0]]
    assert found == list(expected.values())
    assert read.name == "labels_1"


def test_all_structures_appear_and_unknown_codes_are_air(tmp_path):
    codes = tiny_label_maps.head()
    codes[20, 20, 20], codes[20, 20, 21] = 77, -3
    structures = label_maps.read(tiny_label_maps.write_one(tmp_path / "labels_1.nii.gz", codes)).structures
    names = np.array(label_maps.names())
    assert set(names[np.unique(structures)]) == {
        "air", "ventricles", "thalamus", "cerebral white", "cortex", "sulcal fluid", "around",
    }  # fmt: skip
    assert (structures == names.tolist().index("air")).sum() > 2


def test_the_map_is_cut_to_the_brain_and_a_margin(tmp_path):
    codes = np.zeros((90, 80, 70), dtype=np.int16)
    codes[40:50, 5:15, 30:40] = 2
    codes[0, 0, 0] = 24  # fluid far away is no brain
    structures = label_maps.read(tiny_label_maps.write_one(tmp_path / "labels_1.nii.gz", codes)).structures
    assert structures.shape == (34, 27, 34)
    assert (structures > 0).sum() == 1000


@pytest.mark.parametrize("orientation", ["LPS", "SRA", "PIR"])
def test_axes_come_out_towards_right_anterior_and_superior(tmp_path, orientation):
    codes = tiny_label_maps.head(stretch=0.8)
    codes[25, 22, 20] = 16
    straight = nibabel.Nifti1Image(codes, np.eye(4))
    wanted = nibabel.orientations.axcodes2ornt(orientation)
    turned = straight.as_reoriented(nibabel.orientations.ornt_transform(nibabel.io_orientation(np.eye(4)), wanted))
    maps = []
    for name, image in (("labels_1.nii.gz", straight), ("labels_2.nii.gz", turned)):
        nibabel.save(image, tmp_path / name)
        maps.append(label_maps.read(tmp_path / name).structures)
    np.testing.assert_array_equal(*maps)


def test_every_structure_counts_to_the_tissue_of_its_name():
    tissues = dict(zip(label_maps.names(), label_maps.tissue_of_structure().tolist(), strict=True))
    assert tissues["air"] == tissues["around"] == -1
    assert tissues["ventricles"] == tissues["sulcal fluid"] == label_maps.FLUID
    assert {tissues[name] for name in label_maps.GREY_STRUCTURES} == {label_maps.GREY}
    assert tissues["cerebral white"] == tissues["brain stem"] == tissues["pallidum"] + 1 == label_maps.WHITE
    names = label_maps.names()
    assert (names[SULCAL_FLUID], names[VENTRICLES], names[AROUND]) == ("sulcal fluid", "ventricles", "around")


def test_no_code_belongs_to_two_structures():
    codes = [code for known in label_maps.STRUCTURES.values() for code in known]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("affine", [np.diag([2.0, 2, 2, 1]), np.diag([1.0, 1, 1.2, 1])])
def test_other_voxel_sizes_are_refused(tmp_path, affine):
    path = tiny_label_maps.write_one(tmp_path / "labels_1.nii.gz", tiny_label_maps.head(), affine)
    with pytest.raises(InputError, match="must be one volume with voxels of 1 mm"):
        label_maps.read(path)


def test_several_volumes_are_refused(tmp_path):
    path = tiny_label_maps.write_one(tmp_path / "labels_1.nii.gz", np.zeros((8, 8, 8, 2), dtype=np.int16))
    with pytest.raises(InputError, match="must be one volume"):
        label_maps.read(path)


@pytest.mark.parametrize("code", [0, 24, 502])
def test_a_map_without_a_brain_is_refused(tmp_path, code):
    path = tiny_label_maps.write_one(tmp_path / "labels_1.nii.gz", np.full((8, 8, 8), code, dtype=np.int16))
    with pytest.raises(InputError, match="holds no brain; its codes must be FreeSurfer's"):
        label_maps.read(path)


def test_a_file_that_is_no_image_is_refused(tmp_path):
    (tmp_path / "labels_1.nii.gz").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"labels_1\.nii\.gz' cannot be read"):
        label_maps.read(tmp_path / "labels_1.nii.gz")
