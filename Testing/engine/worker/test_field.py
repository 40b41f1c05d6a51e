"""The degree slider's job: what it is asked, what it hands over, and what it remembers."""

import json
import threading

import numpy as np
import pytest
from gmmseg.case import Case, Volume
from gmmseg.errors import Cancelled, InputError
from gmmseg.inspection import verdict
from gmmseg.segmenter import segment
from gmmseg.settings import Settings
from gmmseg.worker.field import FieldJobs
from gmmseg.worker.jobs import Job
from gmmseg.worker.server import panel_jobs
from phantoms import field_error, nested_spheres
from worker_client import DEADLINE

NEVER = 3600.0


@pytest.fixture(scope="module")
def a_phantom():
    return nested_spheres(32, field_range=0.3)


@pytest.fixture(scope="module")
def a_result(a_phantom):
    affine = np.eye(4)
    case = Case((Volume(a_phantom.image, affine, "T1"),), Volume(a_phantom.mask, affine, "mask"), "given")
    return segment(case, Settings(mode="em", bias_degree=2, device="cpu"))


@pytest.fixture
def a_request(tmp_path, a_phantom, a_result):
    """To recompute the field of a run with the id ``run``."""
    (tmp_path / "out").mkdir()
    entries = {}
    arrays = {"image": np.asfortranarray(a_phantom.image), "mask": a_phantom.mask, "labels": a_result.labels}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array.astype(np.uint8) if array.dtype == bool else array)
        entries[name] = {"array": str(tmp_path / f"{name}.npy"), "affine": np.eye(4).tolist(), "name": name}
    return {
        "id": "field",
        "job": "field",
        "run": "run",
        "images": [entries["image"]],
        "mask": entries["mask"],
        "labels": entries["labels"],
        "bias_degree": 1,
        "report": json.loads(json.dumps(a_result.report)),
        "output": str(tmp_path / "out"),
    }


@pytest.fixture
def jobs(a_result, a_phantom):
    """Which know what the run found."""
    jobs = FieldJobs(advance_seconds=NEVER)
    jobs.remember("run", a_result, the_case(a_phantom))
    return jobs


def the_case(phantom) -> Case:
    """The scan of the request."""
    return Case((Volume(phantom.image, np.eye(4)),))


def done(jobs, request, **changes):
    """The fields of the done event, and those of the events before."""
    events = []
    return jobs.run(Job({**request, **changes}, events.append))


def test_it_hands_over_field_corrected_image_and_report(jobs, a_request, a_phantom):
    found = done(jobs, a_request)
    field, corrected = np.load(found["bias_field"]), np.load(found["corrected"])
    assert field.shape == corrected.shape == (1, *a_phantom.image.shape)
    assert field_error(a_phantom.field, field[0], a_phantom.mask) < 0.04
    np.testing.assert_allclose(corrected[0] * field[0], a_phantom.image, rtol=1e-5)
    assert found["report"]["settings"]["bias_degree"] == 1
    assert verdict(found["report"]).startswith("Field range")
    assert found["cached"] and found["seconds"] > 0
    json.dumps(found, allow_nan=False)


def test_progress_is_told_and_never_falls(jobs, a_request):
    events = []
    jobs.run(Job(a_request, events.append))
    fractions = [event["fraction"] for event in events]
    assert fractions and fractions == sorted(fractions)
    assert {event["stage"] for event in events} == {"field"}


@pytest.mark.parametrize("run", ["another run", None])
def test_without_the_run_the_field_is_nearly_the_same(run, jobs, a_request, a_phantom):
    known = np.load(done(jobs, a_request)["bias_field"])
    found = done(jobs, a_request, run=run)
    assert not found["cached"]
    difference = (np.load(found["bias_field"]) - known)[0][a_phantom.mask]
    assert np.sqrt(np.square(difference).mean()) < 0.1 * a_phantom.field[a_phantom.mask].std()


def test_the_mask_may_be_left_to_the_labels(jobs, a_request):
    with_mask = np.load(done(jobs, a_request)["bias_field"])
    np.testing.assert_allclose(np.load(done(jobs, a_request, mask=None)["bias_field"]), with_mask, atol=1e-4)


def test_the_second_degree_finds_everything_prepared(jobs, a_request, monkeypatch):
    from gmmseg import refield

    done(jobs, a_request)
    monkeypatch.setattr(refield, "prepare", None)  # calling it again would raise
    done(jobs, a_request, bias_degree=2)


def test_voxels_that_were_edited_since_are_seen(jobs, a_request, a_phantom):
    done(jobs, a_request)
    np.save(a_request["images"][0]["array"], 2 * a_phantom.image)
    found = done(jobs, a_request)
    np.testing.assert_allclose(
        np.load(found["corrected"])[0] * np.load(found["bias_field"])[0], 2 * a_phantom.image, rtol=1e-5
    )


def test_a_new_run_takes_the_place_of_the_last_one(jobs, a_request):
    def segment_job(job, remember):
        assert not done(jobs, a_request)["cached"]  # its memory is free while the next run works
        return {}

    assert jobs.after(segment_job, Job({"id": "next"}, lambda event: None)) == {}
    assert not done(jobs, a_request)["cached"]


def test_after_a_run_everything_is_made_ready_before_a_degree_is_asked_for(a_result, a_request, a_phantom, monkeypatch):
    from gmmseg import refield

    ready = threading.Event()
    collect = refield.Evidence.collect
    monkeypatch.setattr(refield.Evidence, "collect", lambda evidence: (collect(evidence), ready.set()))
    jobs = FieldJobs(advance_seconds=0.0)
    jobs.remember("run", a_result, the_case(a_phantom))
    assert ready.wait(DEADLINE)
    monkeypatch.setattr(refield, "prepare", None)  # calling it again would raise
    assert done(jobs, a_request)["cached"]


def test_what_a_run_left_is_forgotten_after_a_while(a_result, a_request, a_phantom):
    forgotten = threading.Event()

    class Watched(FieldJobs):
        def forget(self):
            super().forget()
            forgotten.set()

    jobs = Watched(keep_seconds=0.01, advance_seconds=NEVER)
    jobs.remember("run", a_result, the_case(a_phantom))
    assert forgotten.wait(DEADLINE)
    assert not done(jobs, a_request)["cached"]


def test_a_cancelled_job_stops_and_writes_nothing(jobs, a_request, tmp_path):
    job = Job(a_request, lambda event: None)
    job.send("cancelled")
    with pytest.raises(Cancelled):
        jobs.run(job)
    assert not list((tmp_path / "out").iterdir())


def test_degree_nought_is_no_field(jobs, a_request):
    found = done(jobs, a_request, bias_degree=0)
    assert (np.load(found["bias_field"]) == 1).all()


BAD_PARTS = {
    "no images": ({"images": []}, "no images"),
    "no labels": ({"labels": None}, "no labels"),
    "a degree too high": ({"bias_degree": 7}, "from 0 to 6"),
    "a degree that is no number": ({"bias_degree": "3"}, "from 0 to 6"),
    "a degree that is no whole number": ({"bias_degree": True}, "from 0 to 6"),
    "no report": ({"report": None}, "segment the volume again"),
    "a report of something else": ({"report": {"settings": {}}}, "segment the volume again"),
    "no folder": ({"output": "/does/not/exist"}, "does not exist"),
}


@pytest.mark.parametrize("part, words", BAD_PARTS.values(), ids=BAD_PARTS)
def test_a_bad_request_gets_a_sentence(part, words, jobs, a_request):
    with pytest.raises(InputError, match=words):
        done(jobs, a_request, **part)


def test_further_channels_than_those_of_the_run_are_refused(jobs, a_request):
    with pytest.raises(InputError, match="1 channels, not 2"):
        done(jobs, a_request, images=2 * a_request["images"])


def test_labels_of_another_grid_or_of_other_classes_are_refused(jobs, a_request, a_result):
    path = a_request["labels"]["array"]
    np.save(path, a_result.labels[1:])
    with pytest.raises(InputError, match="grid of image"):
        done(jobs, a_request)
    np.save(path, a_result.labels + np.uint8(7))
    with pytest.raises(InputError, match="0 to 3"):
        done(jobs, a_request)


def test_the_panels_worker_knows_the_job_and_remembers_its_runs(a_request, tmp_path):
    jobs = panel_jobs()
    settings = {"mode": "em", "bias_degree": 2, "device": "cpu"}
    request = {**a_request, "id": "run", "job": "segment", "mask_source": "given", "settings": settings}
    segmented = jobs["segment"](Job(request, lambda event: None))
    found = jobs["field"](Job({**a_request, "report": segmented["report"]}, lambda event: None))
    assert found["cached"]
