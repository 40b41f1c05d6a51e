"""BIDS: sessions and runs, labels and masks in derivatives, tables of labels."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import tiny_datasets as tiny
from gmmseg import datasets
from gmmseg.errors import InputError


def the_only(folder, channels=None):
    (subject,) = datasets.find(folder, channels)
    return subject


@pytest.fixture
def one_scan(tmp_path):
    return tiny.bids(tmp_path / "tiny", ("01",))


def test_each_session_is_a_scan_and_a_person_stays_one_group(tmp_path):
    subjects = datasets.find(tiny.bids(tmp_path, ("01", "02"), ("a", "b")))
    assert [subject.id for subject in subjects] == ["sub-01_ses-a", "sub-01_ses-b", "sub-02_ses-a", "sub-02_ses-b"]
    assert [subject.group for subject in subjects] == ["sub-01", "sub-01", "sub-02", "sub-02"]
    assert [list(subject.channels) for subject in subjects] == [["T1"]] * 4


def test_without_derivatives_scans_are_unlabelled(one_scan):
    subject = the_only(one_scan)
    assert subject.labels() is None and subject.mask_path is None
    assert np.array_equal(subject.case().images[0].array, tiny.scan())


def test_scans_may_lie_in_one_folder(tmp_path):
    for name in ("sub-01", "sub-02"):
        tiny.save(tmp_path / f"{name}_T1w.nii.gz", tiny.scan())
    assert [subject.group for subject in datasets.find(tmp_path)] == ["sub-01", "sub-02"]


def test_labels_and_mask_are_those_of_the_scans_own_space(one_scan):
    tiny.bids_derivative(one_scan, "dseg", tiny.codes(1, 2, 3))
    tiny.bids_derivative(one_scan, "desc-brain_mask", (tiny.codes(1, 2, 3) > 0).astype(np.uint8))
    for ending in (
        "space-MNI152NLin2009cAsym_dseg",
        "desc-aseg_dseg",
        "desc-aparcaseg_dseg",
        "space-MNI_desc-brain_mask",
    ):
        tiny.bids_derivative(one_scan, ending, tiny.codes(7))
    subject = the_only(one_scan)
    assert subject.labels_path.name == "sub-01_dseg.nii.gz"
    assert subject.case().mask_source == "given" and set(np.unique(subject.case().mask.array)) == {0, 1}


def test_without_a_table_codes_are_those_of_bids(one_scan):
    tiny.bids_derivative(one_scan, "dseg", tiny.codes(1, 2, 3, 9, 11))
    subject = the_only(one_scan)
    assert subject.labels().array[:, 0, 0].tolist() == [0, datasets.GM, datasets.WM, datasets.CSF, datasets.GM, 0]
    assert subject.evaluation_mask().array[:, 0, 0].tolist() == [0, 1, 1, 1, 1, 0]


@pytest.mark.parametrize(
    "table",
    [
        "index\tname\tabbreviation\n0\tair\tBG\n10\tfluid\tCSF\n150\tgrey\tGM\n250\twhite\tWM\n",
        "index\tname\tmapping\n10\tfluid\t3\n150\tgrey\t1\n250\twhite\t2\n",
        "index\tname\n10\tCerebrospinal Fluid\n150\tGray-Matter\n250\twhite_matter\n",
    ],
)
@pytest.mark.parametrize("place", ["sub-01/anat/sub-01_desc-manual_dseg.tsv", "desc-manual_dseg.tsv", "dseg.tsv"])
def test_a_table_of_labels_says_what_codes_are(one_scan, table, place):
    tiny.bids_derivative(one_scan, "desc-manual_dseg", tiny.codes(10, 150, 250), pipeline="manual")
    (one_scan / "derivatives" / "manual" / place).write_text(table)
    (one_scan / "derivatives" / "manual" / "desc-aseg_dseg.tsv").write_text("index\tname\n1\tother\n")
    labels = the_only(one_scan).labels()
    assert np.array_equal(labels.array, tiny.codes(datasets.CSF, datasets.GM, datasets.WM))


@pytest.mark.parametrize(
    ("table", "sentence"),
    [("name\nGM\n", "needs a column 'index'"), ("index\tname\n1\tleft\n2\tright\n", "names no tissue; give it")],
)
def test_a_table_that_cannot_be_understood_is_named(one_scan, table, sentence):
    labels = tiny.bids_derivative(one_scan, "dseg", tiny.codes(1))
    path = labels.with_name("sub-01_dseg.tsv")
    path.write_text(table)
    with pytest.raises(InputError, match=sentence) as error:
        datasets.find(one_scan)
    assert str(path) in str(error.value)


def test_manual_labels_go_before_a_pipelines(one_scan):
    tiny.bids_derivative(one_scan, "dseg", tiny.codes(1, 2))
    tiny.bids_derivative(one_scan, "desc-other_dseg", tiny.codes(1), pipeline="other")
    assert the_only(one_scan).labels_path.name == "sub-01_dseg.nii.gz"
    manual = tiny.bids_derivative(one_scan, "desc-manual_dseg", tiny.codes(3), pipeline="manual")
    assert the_only(one_scan).labels_path == manual


def test_what_this_project_segmented_is_no_truth(tmp_path):
    folder = tiny.bids(tmp_path / "gmmseg-study", ("01",))
    tiny.bids_derivative(folder, "dseg", tiny.codes(1, 2, 3), pipeline="gmmseg")
    assert the_only(folder).labels_path is None


def test_two_label_files_of_equal_rank_are_both_named(one_scan):
    two = [tiny.bids_derivative(one_scan, "dseg", tiny.codes(1), pipeline=name) for name in ("fast", "fmriprep")]
    with pytest.raises(InputError, match="Two files could belong to") as error:
        datasets.find(one_scan)
    assert all(str(path) in str(error.value) for path in two)


def test_of_two_masks_the_one_beside_the_labels_is_taken(one_scan):
    everywhere = np.ones(tiny.SHAPE, dtype=np.uint8)
    masks = [tiny.bids_derivative(one_scan, "desc-brain_mask", everywhere, pipeline=name) for name in ("a", "b")]
    with pytest.raises(InputError, match="Two files could belong to"):
        datasets.find(one_scan)
    tiny.bids_derivative(one_scan, "dseg", tiny.codes(1), pipeline="b")
    assert the_only(one_scan).mask_path == masks[1]


def test_labels_of_one_run_do_not_become_those_of_another(one_scan):
    anat = one_scan / "sub-01" / "anat"
    (anat / "sub-01_T1w.nii.gz").rename(anat / "sub-01_run-1_T1w.nii.gz")
    tiny.save(anat / "sub-01_run-2_T1w.nii.gz", tiny.scan(2))
    tiny.bids_derivative(one_scan, "run-2_dseg", tiny.codes(1, 2, 3))
    tiny.bids_derivative(one_scan, "desc-average_dseg", tiny.codes(1, 2, 3))
    labels = {subject.id: subject.labels_path for subject in datasets.find(one_scan)}
    assert labels["sub-01_run-1"] is None and labels["sub-01_run-2"].name == "sub-01_run-2_dseg.nii.gz"


def test_labels_of_the_only_scan_may_leave_out_its_acquisition(one_scan):
    anat = one_scan / "sub-01" / "anat"
    (anat / "sub-01_T1w.nii.gz").rename(anat / "sub-01_acq-mprage_T1w.nii.gz")
    labels = tiny.bids_derivative(one_scan, "dseg", tiny.codes(1, 2, 3))
    assert the_only(one_scan).labels_path == labels


def test_labels_that_a_pipeline_turned_come_back_onto_the_scan(one_scan):
    labels = tiny.bids_derivative(one_scan, "dseg", tiny.scan() % 4)
    nibabel.save(nibabel.as_closest_canonical(nibabel.load(labels)), labels)
    turned = nibabel.load(labels).get_fdata()
    assert not np.array_equal(turned, tiny.scan() % 4)
    subject = the_only(one_scan)
    meaning = np.array([0, datasets.GM, datasets.WM, datasets.CSF])
    assert np.array_equal(subject.labels().array, meaning[tiny.scan() % 4])
    assert np.allclose(subject.labels().affine, subject.case().images[0].affine)


def test_the_scans_of_a_pipeline_can_be_the_data_set(one_scan):
    for ending in ("desc-preproc_T1w", "dseg", "space-MNI_desc-preproc_T1w"):
        tiny.bids_derivative(one_scan, ending, tiny.codes(1, 2, 3))
    subject = the_only(one_scan / "derivatives" / "fmriprep")
    assert subject.id == "sub-01_desc-preproc" and subject.labels_path.name == "sub-01_dseg.nii.gz"


def test_a_second_channel_is_that_of_the_same_session(tmp_path):
    subjects = datasets.find(tiny.bids(tmp_path, ("01",), ("a", "b")), ["T1", "FLAIR"])
    assert [subject.channels["FLAIR"].name for subject in subjects] == [
        "sub-01_ses-a_FLAIR.nii.gz",
        "sub-01_ses-b_FLAIR.nii.gz",
    ]


def test_a_missing_channel_is_named(one_scan):
    with pytest.raises(InputError, match=r"sub-01_T2w\.nii\.gz' is missing; put it there, or choose channels"):
        datasets.find(one_scan, ["T1", "T2"])


def test_two_candidates_for_a_channel_are_named(one_scan):
    for run in (1, 2):
        tiny.save(one_scan / "sub-01" / "anat" / f"sub-01_run-{run}_T2w.nii.gz", tiny.scan())
    with pytest.raises(InputError, match=r"Two images could be the T2 .*run-1_T2w.*run-2_T2w"):
        datasets.find(one_scan, ["T1", "T2"])


@pytest.mark.parametrize("labelled", [True, False])
def test_a_missing_scan_is_named(one_scan, labelled):
    if labelled:
        tiny.bids(one_scan, ("02",))
        tiny.bids_derivative(one_scan, "dseg", tiny.codes(1, 2, 3))
    gone = one_scan / "sub-01" / "anat" / "sub-01_T1w.nii.gz"
    gone.unlink()
    with pytest.raises(InputError) as error:
        datasets.find(one_scan)
    assert str(error.value).startswith(f"'{gone}' is missing; put it there, or ")


@pytest.mark.parametrize("ending", ["T1w", "dseg", "desc-brain_mask"])
def test_a_link_to_what_was_not_fetched_says_so(one_scan, ending):
    path = one_scan / "sub-01" / "anat" / "sub-01_T1w.nii.gz"
    if ending != "T1w":
        path = tiny.bids_derivative(one_scan, ending, tiny.codes(1))
    path.unlink()
    path.symlink_to(one_scan / "annex" / "object")
    with pytest.raises(InputError) as error:
        datasets.find(one_scan)
    assert str(error.value).startswith(f"'{path}' is a link to a file that is not here; fetch it")
