"""CSV manifests: columns in any order, codes, and sentences for what is wrong in which line."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_datasets as tiny
from gmmseg import datasets
from gmmseg.errors import InputError


@pytest.fixture
def the_folder(tmp_path):
    for name in ("a", "b"):
        tiny.save(tmp_path / "scans" / f"{name}.nii.gz", tiny.scan())
    tiny.save(tmp_path / "flair.nii.gz", tiny.scan(1))
    tiny.save(tmp_path / "mask.nii.gz", np.ones(tiny.SHAPE, dtype=np.uint8))
    tiny.save(tmp_path / "labels.nii.gz", tiny.codes(1, 2, 3))
    tiny.save(tmp_path / "structures.nii.gz", tiny.codes(4, 43, 3, 2, 8))
    return tmp_path


def written(folder, text, name="manifest.csv", encoding="utf-8"):
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def test_a_row_is_a_scan_with_files_beside_the_manifest(the_folder):
    path = written(the_folder, "id,image,mask,labels\nx,scans/a.nii.gz,mask.nii.gz,labels.nii.gz\ny,scans/b.nii.gz,,\n")
    first, second = datasets.find(path)
    assert (first.id, first.group, list(first.channels)) == ("x", "x", ["image"])
    assert np.array_equal(first.labels().array, tiny.codes(1, 2, 3)) and first.case().mask_source == "given"
    assert second.labels() is None and second.case().mask is None


def test_a_folder_with_a_manifest_is_read_by_it(the_folder):
    tiny.flat(the_folder)
    written(the_folder, "id,image\nx,scans/a.nii.gz\n")
    assert [subject.id for subject in datasets.find(the_folder)] == ["x"]


@pytest.mark.parametrize(("separator", "name"), [(",", "a.csv"), (";", "a.csv"), ("\t", "a.tsv")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_any_separator_case_and_order_will_do(the_folder, separator, name, encoding):
    lines = [
        ["Age", "FLAIR", "Group", "ID", "T1w"],
        ["61", "flair.nii.gz", "Zoë", "x", str(the_folder / "scans/a.nii.gz")],
    ]
    path = written(the_folder, "\r\n".join(map(separator.join, lines)) + "\r\n\r\n", name, encoding)
    (subject,) = datasets.find(path, ["T1", "FLAIR"])
    assert (subject.id, subject.group, list(subject.channels)) == ("x", "Zoë", ["T1", "FLAIR"])
    assert len(subject.case().images) == 2


def test_rescans_share_their_group(the_folder):
    path = written(the_folder, "id,group,image\nx1,x,scans/a.nii.gz\nx2,x,scans/b.nii.gz\n")
    assert [subject.group for subject in datasets.find(path)] == ["x", "x"]


def test_channels_may_have_names_of_their_own(the_folder):
    path = written(the_folder, "id,image_swi,image2\nx,scans/a.nii.gz,flair.nii.gz\n")
    assert list(datasets.find(path)[0].channels) == ["swi", "image2"]


def test_codes_say_what_labels_are(the_folder):
    row = "x,scans/a.nii.gz,structures.nii.gz,4+43,3 42,2|41,7+8\n"
    subject = datasets.find(written(the_folder, f"id,image,labels,csf,gm,wm,ignored\n{row}"))[0]
    assert subject.labels().array[:, 0, 0].tolist() == [0, 1, 1, 2, 3, 0]
    assert subject.evaluation_mask().array[:, 0, 0].tolist() == [0, 1, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has no column 'id'; add it"),
        ("name,image\nx,scans/a.nii.gz\n", "has no column 'id'; add it"),
        ("id,age\nx,61\n", "has no column 'image'; add it"),
        ("id,image\n", "lists no scan; add a line"),
        ("id,image,image\nx,a,b\n", "has two columns 'image'; rename"),
        ("id,T1,T1w\nx,a,b\n", "has two columns for the channel 'T1'; rename"),
        ("id,image\n,scans/a.nii.gz\n", "in line 2 of .* has no id; give it one"),
        ("id,image\nx,scans/a.nii.gz\n\ny,\n", "column 'image' is empty in line 4 of .*; name the file"),
        ("id,image\nx,scans/c.nii.gz\n", "scans/c.nii.gz', the image in line 2 of .*, is missing; put it there"),
        ("id,image,labels\nx,scans/a.nii.gz,no.nii\n", "no.nii', the labels in line 2 of .*, is missing"),
        ("id,image,mask\nx,scans/a.nii.gz,no.nii\n", "no.nii', the mask in line 2 of .*, is missing"),
        ("id,image\nx,scans/a.nii.gz\nx,scans/b.nii.gz\n", "Two scans in .* are called 'x'; rename"),
        ("id,image,gm\nx,scans/a.nii.gz,one\n", "column 'gm' has 'one' in line 2 of .*; write codes"),
        ("id,image,gm,wm\nx,scans/a.nii.gz,1+2,2\n", "A code has two meanings in line 2"),
        ("id,image,gm\nx,scans/a.nii.gz,0\n", "not 0, which is unlabelled"),
        ("id,image,ignored\nx,scans/a.nii.gz,3\n", "A code that is a tissue is ignored in line 2"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(the_folder, text, sentence):
    path = written(the_folder, text)
    with pytest.raises(InputError, match=sentence) as error:
        datasets.find(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)


def test_a_manifest_in_another_encoding_is_refused(the_folder):
    path = written(the_folder, "id,image\nZoë,scans/a.nii.gz\n", encoding="latin-1")
    with pytest.raises(InputError, match="no text in UTF-8; save it as CSV UTF-8"):
        datasets.find(path)
