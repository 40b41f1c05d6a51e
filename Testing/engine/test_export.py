"""A bias correction as files: what is in them, and complete or not at all."""

import dataclasses
import json
import xml.etree.ElementTree as ElementTree

import nibabel as nib
import numpy as np
import pytest
from gmmseg import environment
from gmmseg.errors import Cancelled, InputError
from gmmseg.export import export
from gmmseg.inspection import verdict
from gmmseg.worker.export import run_export
from gmmseg.worker.jobs import Job
from gmmseg.worker.server import panel_jobs
from limits import file_size_limit
from matplotlib.image import imread
from phantom_results import OBLIQUE, result_of

VOLUMES = ("corrected.nii.gz", "bias_field.nii.gz", "segmentation.nii.gz")
ALWAYS = {*VOLUMES, "report.json", "report.html", "histogram.svg", "histogram.png"}
PROFILE = {
    "distance_mm": [0.0, 1.0, 2.0],
    "original": [None, 10.0, 11.0],
    "corrected": [None, 10.5, 10.5],
    "field": [None, 0.95, 1.05],
}


@pytest.fixture(scope="module")
def a_result():
    return result_of()


@pytest.fixture(scope="module")
def the_export(a_result, tmp_path_factory):
    """A folder with a correction and a profile, for tests that only look."""
    folder = tmp_path_factory.mktemp("export")
    export(a_result, folder, PROFILE)
    return folder


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def test_volumes_lie_on_the_images_grid_with_its_values(a_result, the_export):
    arrays = (a_result.corrected[0], a_result.bias_field[0], a_result.labels)
    for name, array in zip(VOLUMES, arrays, strict=True):
        image = nib.load(the_export / name)
        np.testing.assert_allclose(image.affine, OBLIQUE, atol=1e-5)
        np.testing.assert_allclose(np.asanyarray(image.dataobj), array, rtol=1e-6)


def test_the_report_is_there_as_numbers_and_as_page_with_its_verdict(a_result, the_export):
    assert json.loads((the_export / "report.json").read_text()) == a_result.report
    assert verdict(a_result.report) in (the_export / "report.html").read_text(encoding="utf-8")


def test_charts_are_real_pictures_and_their_words_are_text(the_export):
    for name in ("histogram", "profile"):
        assert imread(the_export / f"{name}.png")[..., :3].std() > 0.05
        root = ElementTree.parse(the_export / f"{name}.svg").getroot()
        assert root.tag.endswith("svg")
        words = " ".join(root.itertext())
        assert ("sum of classes" if name == "histogram" else "distance along the line in mm") in words


def test_all_files_appear_and_nothing_else_and_the_profile_goes_with_the_line(a_result, tmp_path, the_export):
    assert names_in(the_export) == ALWAYS | {"profile.svg", "profile.png"}
    assert "Profile along the line" in (the_export / "report.html").read_text(encoding="utf-8")
    folder = tmp_path / "new" / "folder"
    folder.mkdir(parents=True)
    (folder / "profile.svg").touch()
    (folder / "notes.txt").touch()
    files = export(a_result, folder)
    assert names_in(folder) == ALWAYS | {"notes.txt"}
    assert {path.name for path in files} == ALWAYS and all(path.is_file() for path in files)


def test_every_channel_has_its_histogram(tmp_path):
    export(result_of(channels=2), tmp_path)
    assert {"histogram_2.svg", "histogram_2.png"} <= names_in(tmp_path)
    assert nib.load(tmp_path / "bias_field.nii.gz").shape[3] == 2


def test_a_stop_leaves_the_earlier_export_as_it_was(a_result, tmp_path):
    export(a_result, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def stop_late(fraction, stage, message, preview=None):
        if fraction > 0.5:
            raise Cancelled

    other = dataclasses.replace(a_result, corrected=2 * a_result.corrected)
    with pytest.raises(Cancelled):
        export(other, tmp_path, progress=stop_late)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_full_disk_is_one_sentence_and_leaves_nothing(a_result, tmp_path):
    with file_size_limit(2000), pytest.raises(InputError, match="disk is full"):
        export(a_result, tmp_path / "new" / "folder")
    assert not names_in(tmp_path)


def test_a_folder_in_the_way_or_a_file_for_a_folder_is_one_sentence(a_result, tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(InputError, match="is a folder where a file belongs"):
        export(a_result, tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        export(a_result, tmp_path / "file")


@pytest.fixture
def a_request(tmp_path, a_result):
    def entry(name, array):
        np.save(tmp_path / f"{name}.npy", array)
        return {"array": str(tmp_path / f"{name}.npy"), "affine": OBLIQUE.tolist(), "name": name}

    return {
        "id": "x",
        "job": "export",
        "corrected": [entry("corrected", a_result.corrected[0])],
        "bias_field": [entry("bias_field", a_result.bias_field[0])],
        "labels": entry("labels", a_result.labels),
        "mask": entry("mask", a_result.brain_mask.astype(np.uint8)),
        "report": a_result.report,
        "profile": PROFILE,
        "folder": str(tmp_path / "export"),
    }


def done(request, **changes):
    return run_export(Job({**request, **changes}, lambda event: None))


def test_the_job_writes_what_the_function_does_to_the_last_byte(a_request, tmp_path, the_export):
    fields = panel_jobs()["export"](Job(a_request, lambda event: None))
    json.dumps(fields)
    assert names_in(tmp_path / "export") == ALWAYS | {"profile.svg", "profile.png"}
    assert sorted(fields["files"]) == sorted(str(path) for path in (tmp_path / "export").iterdir())
    for name in ("report.html", "histogram.svg", "histogram.png", "profile.svg"):
        assert (tmp_path / "export" / name).read_bytes() == (the_export / name).read_bytes()


def test_one_entry_will_do_for_one_channel_and_the_labels_for_the_mask(a_request, tmp_path):
    done(a_request, corrected=a_request["corrected"][0], bias_field=a_request["bias_field"][0], mask=None)
    assert (tmp_path / "export" / "report.html").is_file()


def test_a_scene_of_an_earlier_version_gets_its_histogram_now(a_request, tmp_path):
    earlier = {key: value for key, value in a_request["report"].items() if key != "inspection"}
    done(a_request, report=earlier)
    (channel,) = json.loads((tmp_path / "export" / "report.json").read_text())["inspection"]["channels"]
    then = a_request["report"]["inspection"]["channels"][0]
    np.testing.assert_allclose(channel["after"], then["after"], atol=0.05 * max(then["after"]))


BAD_PARTS = {
    "no folder": ({"folder": ""}, "no folder"),
    "no report": ({"report": {}}, "segment the volume again"),
    "a channel without field": ({"bias_field": []}, "every channel"),
    "no labels": ({"labels": None}, "no labels"),
    "a profile without field": ({"profile": {"distance_mm": [0.0]}}, "lists of one length"),
    "an uneven profile": ({"profile": {**PROFILE, "field": [1.0]}}, "lists of one length"),
}


@pytest.mark.parametrize("part, words", BAD_PARTS.values(), ids=BAD_PARTS)
def test_a_bad_request_gets_a_sentence(part, words, a_request):
    with pytest.raises(InputError, match=words):
        done(a_request, **part)


def test_volumes_of_another_grid_are_refused(a_request, a_result):
    np.save(a_request["labels"]["array"], a_result.labels[:-1])
    with pytest.raises(InputError, match="not on the grid"):
        done(a_request)


def test_a_cancelled_job_writes_nothing(a_request, tmp_path):
    job = Job(a_request, lambda event: None)
    job.send("cancelled")
    with pytest.raises(Cancelled):
        run_export(job)
    assert not (tmp_path / "export").exists()


def test_a_missing_package_is_named_before_anything_is_done(a_request, tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "missing", lambda packages: ["matplotlib"])
    with pytest.raises(InputError, match="pip install matplotlib"):
        done(a_request)
    assert not (tmp_path / "export").exists()
