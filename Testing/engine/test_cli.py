"""The command line's contract: files, exit status, one line for what is wrong."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from gmmseg import cli, outputs, segmenter
from gmmseg.case import Case, Volume
from gmmseg.segment_command import settings_of
from gmmseg.settings import Settings
from phantoms import nested_spheres

QUICK = ("--mode", "em", "--device", "cpu", "--bias-degree", "1", "--progress", "none")
PACKAGE = Path(cli.__file__).parent.parent


@pytest.fixture(scope="module")
def a_phantom():
    return nested_spheres(24, field_range=0.2)


@pytest.fixture
def a_scan(tmp_path, a_phantom):
    """Path of the phantom as NIfTI."""
    return write(tmp_path / "scan.nii.gz", a_phantom.image)


@pytest.fixture
def a_mask(tmp_path, a_phantom):
    return write(tmp_path / "mask.nii.gz", a_phantom.mask.astype(np.uint8))


# Oblique, left-handed, and of voxels so large that the phantom has the size of a brain.
AFFINE = np.array([[-5.0, -1.7, 0.6, 20], [-1.7, 6.0, 1.1, 5], [-0.6, 1.1, 7.2, 12], [0, 0, 0, 1.0]])


def write(path, array, affine=AFFINE):
    nib.save(nib.Nifti1Image(array, affine), path)
    return str(path)


def names_in(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def voxels(path):
    return np.asanyarray(nib.load(path).dataobj)


def segment(*arguments):
    return cli.main(["segment", *QUICK, *map(str, arguments)])


def assert_one_sentence(capfd, *words):
    captured = capfd.readouterr()
    assert re.fullmatch(r"gmmseg: [^\n]+\n", captured.err), captured.err
    for word in words:
        assert word in captured.err
    assert captured.out == ""


def test_a_scan_becomes_every_file_of_the_contract_with_the_engines_labels(a_scan, a_phantom, tmp_path, capfd):
    assert segment(a_scan, "-o", tmp_path / "out") == 0
    assert names_in(tmp_path / "out") == sorted(outputs.FILES)
    labels = nib.load(tmp_path / "out" / "segmentation.nii.gz")
    np.testing.assert_allclose(labels.affine, AFFINE, atol=1e-4)
    direct = segmenter.segment(
        Case((Volume(a_phantom.image, AFFINE),)), Settings(mode="em", device="cpu", bias_degree=1)
    )
    np.testing.assert_array_equal(np.asanyarray(labels.dataobj), direct.labels)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["mask"]["source"] == "stripped" and report["settings"]["mode"] == "em"
    assert {"read", "total"} <= set(report["seconds"])
    assert "WM" in capfd.readouterr().out


def test_the_same_seed_gives_the_same_labels(a_scan, tmp_path):
    for name in ("a", "b"):
        assert segment(a_scan, "-o", tmp_path / name, "--seed", "7") == 0
    np.testing.assert_array_equal(*(voxels(tmp_path / name / "segmentation.nii.gz") for name in ("a", "b")))


def test_several_channels_and_a_given_mask(a_scan, a_mask, a_phantom, tmp_path):
    second = write(tmp_path / "second.nii.gz", np.where(a_phantom.mask, 1.5 - a_phantom.image, 0).astype(np.float32))
    assert segment(a_scan, second, "-o", tmp_path / "out", "--mask", a_mask) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["mask"]["source"] == "given"
    assert [entry["name"] for entry in report["inputs"]] == ["scan.nii.gz", "second.nii.gz"]
    assert nib.load(tmp_path / "out" / "bias_field.nii.gz").shape == (24, 24, 24, 2)
    np.testing.assert_array_equal(voxels(tmp_path / "out" / "brain_mask.nii.gz"), a_phantom.mask)


def test_no_mask_takes_the_finite_non_zero_voxels(a_phantom, tmp_path):
    image = a_phantom.image.copy()
    image[12, 12, 12] = np.nan
    scan = write(tmp_path / "scan.nii.gz", image)
    assert segment(scan, "-o", tmp_path / "out", "--no-mask") == 0
    np.testing.assert_array_equal(voxels(tmp_path / "out" / "brain_mask.nii.gz"), a_phantom.mask & np.isfinite(image))
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert any("1 NaN or infinite voxel in" in sentence for sentence in report["warnings"])


def test_json_progress_is_one_object_a_line_and_ends_with_done(a_scan, tmp_path, capfd):
    assert segment(a_scan, "-o", tmp_path / "out", "--progress", "json") == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["progress"] * (len(events) - 1) + ["done"]
    fractions = [event["fraction"] for event in events[:-1]]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert events[-1]["report"]["classes"]


def test_the_bar_shows_stage_and_remaining_time_on_stderr(a_scan, tmp_path, capfd):
    assert segment(a_scan, "-o", tmp_path / "out", "--progress", "bar") == 0
    captured = capfd.readouterr()
    assert "Reading scan.nii.gz" in captured.err
    assert "%" not in captured.out.splitlines()[-1]


def parsed(*arguments):
    return settings_of(cli.parser().parse_args(["segment", "x.nii", "-o", "out", *arguments]))


def test_every_setting_is_an_option():
    given = {
        "-K": 4, "--mode": "em", "--model": "mine", "--beta": 0.5, "--gamma": 0.25, "--bias-degree": 2,
        "--entropy-weight": 0.5, "--network": "modified_unet", "--base-width": 4, "--iterations": 9,
        "--learning-rate": 0.1, "--batch-size": 3, "--device": "cpu", "--precision": "float32", "--seed": 5,
        "--preset": "as-printed",
    }  # fmt: skip
    settings = parsed("--entropy", *(str(part) for pair in given.items() for part in pair))
    assert settings.entropy
    assert list(settings.to_dict()) and len(given) + 1 == len(settings.to_dict())
    for option, value in given.items():
        name = "number_of_classes" if option == "-K" else option[2:].replace("-", "_")
        assert getattr(settings, name) == value
    assert parsed("--number-of-classes", "5").number_of_classes == 5


def test_options_override_the_file_and_the_file_overrides_the_preset(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"gamma": 2.0, "batch_size": 5, "preset": "default", "entropy": True}))
    settings = parsed("--settings", str(path), "--preset", "as-printed", "--batch-size", "6", "--no-entropy")
    assert (settings.batch_size, settings.gamma, settings.base_width) == (6, 2.0, 64)
    assert (settings.preset, settings.mode, settings.entropy) == ("as-printed", "train", False)
    assert parsed("--settings", str(path)).entropy
    assert parsed() == Settings()


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


@pytest.mark.parametrize("make", BAD_INPUT.values(), ids=BAD_INPUT)
def test_bad_input_gets_one_sentence_and_leaves_nothing(make, a_phantom, tmp_path, capfd):
    folder = tmp_path / "in"
    folder.mkdir()
    arguments, words = make(folder, a_phantom.image)
    assert segment(*arguments, "-o", tmp_path / "out") == 2
    assert_one_sentence(capfd, *words)
    assert names_in(tmp_path) == ["in"]


def test_a_few_nan_voxels_are_counted_and_left_out(a_phantom, a_mask, tmp_path):
    image = a_phantom.image.copy()
    image[12, 12, 10:13] = np.nan
    assert segment(write(tmp_path / "x.nii.gz", image), "-o", tmp_path / "out", "--mask", a_mask) == 0
    assert not voxels(tmp_path / "out" / "segmentation.nii.gz")[12, 12, 10:13].any()
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert any("3 NaN or infinite voxels" in sentence for sentence in report["warnings"])


def test_an_output_that_cannot_be_written_is_said_before_the_image_is_read(tmp_path, capfd):
    (tmp_path / "taken").write_text("")
    assert segment(tmp_path / "never-read.nii.gz", "-o", tmp_path / "taken") == 2
    assert_one_sentence(capfd, "taken")


def test_a_full_disk_is_one_sentence_and_leaves_nothing(a_scan, tmp_path):
    resource = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); "
    code = resource + "from gmmseg.cli import main; sys.exit(main(sys.argv[1:]))"
    process = run_python("-c", code, "segment", *QUICK, a_scan, "-o", str(tmp_path / "out"))
    assert process.returncode == 2
    assert re.fullmatch(r"gmmseg: [^\n]*disk is full[^\n]*\n", process.stderr)
    assert not (tmp_path / "out").exists()


def run_python(*arguments, path=()):
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*map(str, path), str(PACKAGE)]),
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, timeout=300)


def test_missing_torch_is_one_sentence(a_scan, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['torch'] = None\n")
    process = run_python("-m", "gmmseg", "segment", *QUICK, a_scan, "-o", str(tmp_path / "out"), path=[tmp_path])
    assert process.returncode == 2
    assert re.fullmatch(r"gmmseg: [^\n]*torch[^\n]*pip install torch\n", process.stderr)


@pytest.mark.parametrize("arguments, status", [(["--help"], 0), (["segment", "x", "-o", "y", "--mode", "magic"], 2)])
def test_help_and_wrong_arguments_are_answered_without_loading_the_engine(arguments, status):
    code = (
        "import sys; from gmmseg.cli import main; status = main(sys.argv[1:]); "
        "sys.exit(99 if {'torch', 'numpy', 'nibabel'} & set(sys.modules) else status)"
    )
    assert run_python("-c", code, *arguments).returncode == status


def test_too_little_memory_is_one_sentence(a_scan, tmp_path, capfd, monkeypatch):
    def run_out(*arguments):
        raise MemoryError

    monkeypatch.setattr(segmenter, "segment", run_out)
    assert segment(a_scan, "-o", tmp_path / "out") == 2
    assert_one_sentence(capfd, "not enough memory")
    assert not (tmp_path / "out").exists()


def test_an_unforeseen_failure_is_one_line_that_says_how_to_see_more(a_scan, tmp_path, capfd, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("something\nbroke")

    monkeypatch.setattr(segmenter, "segment", fail)
    assert segment(a_scan, "-o", tmp_path / "out") == 1
    assert_one_sentence(capfd, "RuntimeError: something broke", "--debug")
    assert segment(a_scan, "-o", tmp_path / "out", "--debug") == 1
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_ends_with_status_3_and_leaves_nothing(number, a_scan, tmp_path):
    arguments = ["segment", a_scan, "-o", str(tmp_path / "out"), "--device", "cpu", "--progress", "json"]
    long_run = ["--mode", "train", "--iterations", "100000", "--base-width", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gmmseg", *arguments, *long_run],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE), "OMP_NUM_THREADS": "1"},
    )
    while json.loads(process.stdout.readline())["stage"] not in ("warm-up", "train"):
        pass
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (3, "gmmseg: Cancelled; nothing was written.\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], ["COMMAND"]),
        (["dance"], ["dance"]),
        (["train", "x"], ["train"]),
        (["segment", "-o", "out"], ["IMAGE"]),
        (["segment", "x.nii"], ["--output"]),
        (["segment", "x", "-o", "out", "--mode", "magic"], ["magic", "fast", "train", "em"]),
        (["segment", "x", "-o", "out", "-K", "three"], ["three"]),
        (["segment", "x", "-o", "out", "--auto-mask", "--no-mask"], ["not allowed with"]),
        (["segment", "x", "-o", "out", "--mask", "m", "--auto-mask"], ["not allowed with"]),
        (["segment", "x", "-o", "out", "--speed"], ["--speed"]),
        (["evaluate", "x"], ["TRUTH"]),
    ],
)
def test_wrong_arguments_get_one_line_and_status_2(arguments, words, capfd):
    assert cli.main(arguments) == 2
    assert_one_sentence(capfd, *words)


def test_the_version_is_told(capfd):
    assert cli.main(["--version"]) == 0
    assert re.fullmatch(r"gmmseg \d+\.\d+\.\d+\n", capfd.readouterr().out)


@pytest.fixture
def two_labellings(tmp_path):
    truth = np.zeros((6, 6, 6), np.uint8)
    truth[1:5, 1:5, 1:3], truth[1:5, 1:5, 3:5] = 1, 2
    prediction = truth.copy()
    prediction[1, 1:5, 1:5] = 2
    prediction[0, 0, 0] = 1
    return write(tmp_path / "prediction.nii.gz", prediction), write(tmp_path / "truth.nii.gz", truth)


def test_evaluate_scores_both_protocols_and_volumes(two_labellings, capfd):
    assert cli.main(["evaluate", *two_labellings, "--json"]) == 0
    scores = json.loads(capfd.readouterr().out)
    assert scores["all"]["1"]["precision"] == pytest.approx(24 / 25)
    assert scores["labelled"]["1"]["precision"] == 1.0
    assert scores["all"]["2"]["recall"] == 1.0
    assert scores["all"]["1"]["dice"] == scores["all"]["1"]["f1"] == pytest.approx(2 * 24 / (25 + 32))
    voxel_ml = abs(np.linalg.det(AFFINE[:3, :3])) / 1000
    assert scores["volume_ml"]["1"] == pytest.approx({"prediction": 25 * voxel_ml, "truth": 32 * voxel_ml}, rel=1e-4)


def test_evaluate_prints_a_table(two_labellings, capfd):
    assert cli.main(["evaluate", *two_labellings]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == 5 and lines[0].split()[:3] == ["protocol", "label", "dice"]


def test_evaluate_looks_inside_the_mask_only(two_labellings, tmp_path, capfd):
    mask = np.ones((6, 6, 6), np.uint8)
    mask[0] = mask[1] = 0
    assert cli.main(["evaluate", *two_labellings, "--mask", write(tmp_path / "m.nii.gz", mask), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["all"]["1"]["jaccard"] == 1.0


@pytest.mark.parametrize("other", ["shape", "place", "fractions"])
def test_evaluate_refuses_what_cannot_be_compared(other, two_labellings, tmp_path, capfd):
    moved = AFFINE.copy()
    moved[0, 3] += 1
    bad = {
        "shape": lambda path: write(path, np.ones((6, 6, 5), np.uint8)),
        "place": lambda path: write(path, np.ones((6, 6, 6), np.uint8), moved),
        "fractions": lambda path: write(path, np.full((6, 6, 6), 0.5, np.float32)),
    }[other](tmp_path / "bad.nii.gz")
    assert cli.main(["evaluate", bad, two_labellings[1]]) == 2
    assert_one_sentence(capfd, "bad.nii.gz")
