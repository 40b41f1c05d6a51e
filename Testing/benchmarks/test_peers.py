"""Other tools get the same brain in the same way, and their labels come out in the project's order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import phantoms
import pytest
from gmmseg.metrics import evaluate

from benchmarks import measures, peer_setup, peers, runs
from benchmarks.cases import BenchmarkCase
from benchmarks.phantom_cases import write


@pytest.fixture
def spheres() -> phantoms.Phantom:
    return phantoms.nested_spheres(24, noise=0.03)


@pytest.fixture
def a_case(spheres, tmp_path) -> BenchmarkCase:
    write(spheres, tmp_path)
    return BenchmarkCase("phantoms", "spheres", *(tmp_path / f"{name}.nii" for name in ("image", "truth", "mask")))


def test_the_box_holds_the_mask_and_a_margin_within_the_grid():
    mask = np.zeros((30, 30, 30), dtype=bool)
    mask[2:9, 10:20, 24:29] = True
    assert peers.brain_box(mask) == (slice(0, 14), slice(5, 25), slice(19, 30))


def test_intensities_are_clipped_in_the_mask_and_0_outside():
    image = np.arange(1000, dtype=np.float32).reshape(10, 10, 10)
    image[0, 0, 0], image[5, 5, 5] = np.nan, np.inf
    mask = image != 7
    out = peers.clipped(image, mask)
    assert out[0, 0, 7] == 0
    assert np.isfinite(out).all()
    assert out.max() == pytest.approx(np.percentile(image[mask & np.isfinite(image)], 99.5))


@pytest.mark.parametrize("codes", [(3, 1, 2), (7, 5, 0)])
def test_labels_are_ordered_by_the_mean_of_their_class(codes):
    truth = np.array([1, 1, 2, 2, 3, 3, 0])
    image, mask = np.array([0.3, 0.4, 0.7, 0.7, 1.0, 0.9, 0.0]), truth > 0
    np.testing.assert_array_equal(peers.ordered(np.take([0, *codes], truth), image, mask), truth)


def test_the_mixture_of_scikit_learn_finds_nested_spheres(spheres):
    image = peers.clipped(spheres.image, spheres.mask)
    labels, confidence = peers.fit_gmm(image, spheres.mask, spheres.spacing)
    scores = evaluate(peers.ordered(labels, image, spheres.mask), spheres.truth, spheres.mask)["all"]
    assert min(row["dice"] for row in scores.values()) > 0.97
    assert confidence[spheres.mask].min() > 1 / 3
    assert not confidence[~spheres.mask].any()


def test_a_step_leaves_its_arrays_and_its_cost(a_case, spheres, tmp_path):
    request = {"step": "gmm", "image": str(a_case.image), "mask": str(a_case.mask), "field": None, "out": str(tmp_path)}
    (tmp_path / "request.json").write_text(json.dumps(request))
    command = [sys.executable, "-m", "benchmarks.one_peer", str(tmp_path / "request.json")]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(Path(peers.__file__).parents[1])})
    labels = np.load(tmp_path / "labels.npy")
    assert labels.shape == spheres.mask.shape
    assert (labels[spheres.mask] == spheres.truth[spheres.mask]).mean() > 0.97
    assert json.loads((tmp_path / "cost.json").read_text())["cpu_seconds"] > 0


def test_a_tool_is_charged_for_the_correction_it_shares(a_case, spheres, tmp_path, monkeypatch):
    """N4 itself is not among the test tools: its result lies there as if an earlier tool of this case had made it."""
    monkeypatch.setenv("PYTHONPATH", str(Path(peers.__file__).parents[1]))
    field = np.full(spheres.mask.shape, 2, dtype=np.float32)
    np.save(tmp_path / "shared-field.npy", field)
    cost = {"wall_seconds": 100.0, "cpu_seconds": 90.0, "peak_memory_mb": 1e6}
    (tmp_path / "shared-n4.json").write_text(json.dumps(cost))
    runner = runs.Runner("cpu", 1, Path(sys.executable), tmp_path)
    record = runner.run(a_case, "n4-gmm")
    assert record["wall_seconds"] > 100
    assert record["cpu_seconds"] > 90
    assert record["peak_memory_mb"] == 1e6
    assert record["seconds"]["n4"] == 100
    assert min(row["dice"] for row in record["scores"]["all"].values()) > 0.97
    runner.forget()
    assert not list(tmp_path.glob("shared-*"))


def test_costs_of_steps_add_up_and_the_most_memory_counts():
    steps = {
        "n4": {"wall_seconds": 2.0, "cpu_seconds": 1.5, "peak_memory_mb": 300.0},
        "gmm": {"wall_seconds": 1.0, "cpu_seconds": 1.0, "peak_memory_mb": 200.0},
    }
    assert runs.combined(steps) == {
        "wall_seconds": 3.0,
        "cpu_seconds": 2.5,
        "peak_memory_mb": 300.0,
        "seconds": {"total": 3.0, "n4": 2.0, "gmm": 1.0},
    }


def test_a_step_that_fails_says_why(a_case, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(peers.__file__).parents[1]))
    nibabel.save(nibabel.Nifti1Image(np.zeros((24, 24, 24), np.uint8), np.eye(4)), a_case.mask)
    with pytest.raises(runs.RunFailed, match="Error"):
        runs.Runner("cpu", 1, Path(sys.executable), tmp_path).run(a_case, "gmm")


@pytest.mark.parametrize("name", peers.PEERS)
def test_the_recipe_of_a_tool_names_its_steps_and_its_versions(name):
    peer, recipe = peers.PEERS[name], peers.PEERS[name].recipe()
    assert list(recipe["steps"]) == (["n4"] if peer.corrected else []) + [peer.fit]
    assert any(line.startswith(peer.package) for line in recipe["requirements"])
    assert any(line.startswith("antspyx") for line in recipe["requirements"]) == name.startswith("n4")


def test_no_tool_knows_the_engine():
    """The peers' environment has no torch, and what they import must not count as their memory."""
    script = "import sys, benchmarks.one_peer; print([name for name in ('torch', 'gmmseg') if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(Path(peers.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_environment_of_the_tools_is_made_once(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(peer_setup.venv, "create", lambda place, **_: made.append(place) or place.mkdir())
    monkeypatch.setattr(
        peer_setup.subprocess, "run", lambda command, check: made.append(command[-len(peers.REQUIREMENTS) :])
    )
    place = tmp_path / "peers"
    first, second = peer_setup.python_for_peers(place), peer_setup.python_for_peers(place)
    assert first == second
    assert made == [place, list(peers.REQUIREMENTS)]


def test_an_installation_that_fails_is_told_in_a_sentence(tmp_path, monkeypatch):
    def fail(command, check):
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(peer_setup.venv, "create", lambda place, **_: place.mkdir())
    monkeypatch.setattr(peer_setup.subprocess, "run", fail)
    with pytest.raises(peer_setup.PeersMissing, match="--no-peers"):
        peer_setup.python_for_peers(tmp_path / "peers")
    assert not (tmp_path / "peers" / ".ready").exists()


def test_a_whole_head_gets_the_mask_once(a_case, tmp_path):
    runner = runs.Runner("cpu", 1, None, tmp_path)
    assert runner._mask(a_case) == a_case.mask
    (tmp_path / "shared-mask.nii.gz").write_bytes(b"found before")
    head = BenchmarkCase("heads", "one", a_case.image)
    assert runner._mask(head) == tmp_path / "shared-mask.nii.gz"


def test_files_of_a_case_are_named_in_a_request(a_case):
    assert measures.request_of(a_case)["field"] is None
    assert measures.request_of(a_case)["image"].endswith("image.nii")
