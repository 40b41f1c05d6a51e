"""The way on when the GPU's memory does not suffice, and other failures as sentences."""

import errno
import weakref

import pytest
from gmmseg import failures, models, resilience
from gmmseg.errors import Cancelled, InputError
from gmmseg.remaining import RemainingTime
from gmmseg.settings import Settings
from phantom_results import result_of


class EngineThatNeeds:
    """Runs out of memory on the GPU as long as batches are larger than ``batch_size``."""

    def __init__(self, batch_size, error=MemoryError):
        self.batch_size, self.error, self.attempts = batch_size, error, []

    def __call__(self, case, settings, progress):
        self.attempts.append((settings.device, settings.batch_size))
        progress(0.5, "train", "training")
        if settings.device != "cpu" and settings.batch_size > self.batch_size:
            raise self.error
        return result_of()


def run(engine, progress=lambda *args: None, **settings):
    given = Settings(**{"device": "cuda", "mode": "train", "batch_size": 8, **settings})
    return resilience.segment(None, given, progress, engine, on_cpu=lambda attempt: attempt.device == "cpu")


def test_a_run_that_fits_is_left_alone():
    engine = EngineThatNeeds(8)
    assert not any("memory" in sentence for sentence in run(engine).report["warnings"])
    assert engine.attempts == [("cuda", 8)]


def test_smaller_batches_are_tried_first_and_the_report_says_so():
    engine = EngineThatNeeds(2)
    warnings = run(engine).report["warnings"]
    assert engine.attempts == [("cuda", 8), ("cuda", 2)]
    assert warnings[-1] == "The GPU ran out of memory, so this run used a batch size of 2."


def test_the_cpu_comes_last_with_the_batches_asked_for():
    engine = EngineThatNeeds(0)
    warnings = run(engine).report["warnings"]
    assert engine.attempts == [("cuda", 8), ("cuda", 2), ("cpu", 8)]
    assert warnings[-1] == "The GPU ran out of memory, so this run used the CPU."


@pytest.mark.parametrize("mode", ["em", "fast"])
def test_methods_that_do_not_train_have_no_batches_and_go_straight_to_the_cpu(mode):
    engine = EngineThatNeeds(0)
    run(engine, mode=mode)
    assert engine.attempts == [("cuda", 8), ("cpu", 8)]


def test_the_network_of_a_failed_attempt_does_not_keep_its_memory():
    models.load(Settings().model)

    def engine(case, settings, progress):
        if settings.device != "cpu":
            loaded.append(weakref.ref(models.load(settings.model).network))
            raise MemoryError
        assert loaded[0]() is None
        return result_of()

    loaded = []
    run(engine, mode="fast")
    assert len(loaded) == 1


def test_too_little_memory_on_the_cpu_is_final():
    def engine(case, settings, progress):
        raise MemoryError

    with pytest.raises(MemoryError):
        run(engine, device="cpu")


def test_other_errors_are_not_retried():
    engine = EngineThatNeeds(0, error=InputError("no"))
    with pytest.raises(InputError):
        run(engine)
    assert len(engine.attempts) == 1


def test_the_fraction_never_falls_when_an_attempt_starts_over():
    fractions = []
    run(EngineThatNeeds(0), progress=lambda fraction, *rest: fractions.append(fraction))
    assert fractions == sorted(fractions)


@pytest.mark.parametrize(
    "error, kind, words",
    [
        (InputError("The mask\nis empty."), "input", "The mask is empty."),
        (MemoryError(), "memory", "not enough memory"),
        (Cancelled(), "cancelled", "nothing was written"),
        (KeyboardInterrupt(), "cancelled", "nothing was written"),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), "input", "pip install torch"),
        (OSError(errno.ENOSPC, "No space left", "/out/x"), "input", "The disk is full for /out/x"),
        (PermissionError(errno.EACCES, "Permission denied", "/out/x"), "input", "/out/x"),
        (ZeroDivisionError("division by zero"), "internal", "ZeroDivisionError: division by zero"),
    ],
)
def test_every_failure_is_one_line_of_the_right_kind(error, kind, words):
    found, sentence = failures.explain(error)
    assert found == kind
    assert words in sentence and "\n" not in sentence


def test_memory_that_ran_out_below_another_error_is_still_told_as_such():
    try:
        try:
            raise MemoryError
        except MemoryError as error:
            raise RuntimeError("forward failed") from error
    except RuntimeError as error:
        assert failures.explain(error)[0] == "memory"


def test_remaining_time_follows_the_pace_of_the_present_stage():
    now = [0.0]
    remaining = RemainingTime(lambda: now[0])

    def at(seconds, fraction, stage):
        now[0] = seconds
        return remaining.update(fraction, stage)

    assert at(0, 0.0, "mask") is None
    assert at(10, 0.1, "mask") == pytest.approx(90)
    assert at(10, 0.1, "train") == pytest.approx(90)  # nothing is known about training yet
    assert at(11, 0.3, "train") == pytest.approx(3.5)
