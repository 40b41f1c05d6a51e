"""Segments the two sample scans through the extension's own logic and leaves everything to look at in a folder.

Needs neither Slicer nor a display: the scene is a real MRML scene from slicer-core. Run by ``make demo``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import host.scene
import slicer
import vtk
from data_paths import BRAIN, CHECKOUT, TESTING, WHOLE_HEAD
from gmmseg import outputs as output_files
from gmmseg.settings import Settings
from gmmseg.volume_io import read_volume
from GMMSegExtensionLib.request import ChosenOutputs
from mrml_files import load_volume

from GMMSegExtension import GMMSegExtensionLogic

from . import overview
from .scene_export import result_of, save_and_check
from .views import Segmented, show_in_slicer, write_views


@dataclass(frozen=True)
class Sample:
    """A scan that the demo segments."""

    folder: str
    title: str
    path: Path


SAMPLES = (Sample("head", "Whole head", WHOLE_HEAD), Sample("brain", "Skull-stripped brain", BRAIN))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--out", type=Path, default=CHECKOUT / "demo", help="folder to write to (demo)")
    parser.add_argument("--mode", default=None, help="method; by default that of a click on Segment")
    arguments = parser.parse_args()
    settings = Settings(mode=arguments.mode) if arguments.mode else Settings()
    out = arguments.out.resolve()
    _empty(out)
    started = time.monotonic()
    # Without a display VTK warns of it and draws with EGL, as it should.
    vtk.vtkLogger.SetStderrVerbosity(vtk.vtkLogger.VERBOSITY_ERROR)
    environment = host.scene.install()
    logic = GMMSegExtensionLogic()
    done = []
    try:
        for sample in SAMPLES:
            done.append(run_sample(logic, sample, settings, out / sample.folder))
            _say("  drawing the views")
            write_views(done[-1], environment.application_logic, out / sample.folder)
    finally:
        logic.stopEngine()
    show_in_slicer(done[0])
    _say("Saving the scene and reading it again")
    save_and_check(out / "scene.mrb")
    _say("Drawing the panel")
    _draw_panel(out / "scene.mrb", out / "panel.png")
    overview.write(out, [(sample.folder, sample.title) for sample in SAMPLES])
    print(overview.closing_words(out, time.monotonic() - started))
    return 0


def run_sample(logic: GMMSegExtensionLogic, sample: Sample, settings: Settings, folder: Path) -> Segmented:
    """Segments one sample and writes its files into ``folder``."""
    _say(f"{sample.title}: {sample.path.name}")
    folder.mkdir(parents=True)
    volume = load_volume(sample.path)
    outputs = logic.segment(volume, settings=settings, progress=_printer(), outputs=ChosenOutputs(posteriors=True))
    _say(overview.tissue_line(outputs.report))
    original = read_volume(sample.path)
    result = result_of(volume, outputs, original.affine)
    output_files.write(result, original, folder)
    # A click on Segment leaves none of these in the scene, and they would make up half of the scene's file.
    for node in outputs.posteriors:
        slicer.mrmlScene.RemoveNode(node)
    return Segmented(volume, outputs, result)


def _printer() -> Callable[..., None]:
    """Progress that prints a line for each stage and every tenth of the run."""
    last = ("", -1)

    def progress(fraction: float, stage: str, message: str, preview=None) -> None:
        nonlocal last
        if (stage, int(fraction * 10)) != last:
            last = (stage, int(fraction * 10))
            _say(f"  {fraction:4.0%}  {message}")

    return progress


def _draw_panel(scene: Path, picture: Path) -> None:
    """In a process of its own: Qt and the scene above do not share one."""
    done = subprocess.run(
        [sys.executable, "-m", "demo.panel_picture", str(scene), str(picture)],
        env={
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONPATH": os.pathsep.join([str(TESTING), str(CHECKOUT / "GMMSegExtension")]),
        },
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"The panel could not be drawn:\n{done.stderr}")


def _empty(folder: Path) -> None:
    """Removes an earlier demo, and nothing else: a folder of another kind is left alone."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / "scene.mrb").exists() and not (folder / SAMPLES[0].folder).exists():
            raise SystemExit(f"'{folder}' holds something other than an earlier demo; choose another folder.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


def _say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
