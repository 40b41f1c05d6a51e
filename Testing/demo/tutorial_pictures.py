"""The pictures of docs/tutorial.md: a user works through its ten steps on the stand-in application.

    python -m demo.tutorial_pictures --out docs/images

The engine is the real one, the scans are the two shipped samples; what the user "corrects" is stated in the tutorial.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from data_paths import BRAIN, CHECKOUT, WHOLE_HEAD

SIZE = (1440, 860)
# A slice is corrected by this rule, so that the pictures can be made again: fluid too narrow to hold a square of this
# edge in voxels becomes grey matter.
NARROW = 3
_PATIENCE = 600.0


class Session:
    """A user at the stand-in application."""

    def __init__(self, folder: Path) -> None:
        from host.application import StandInApplication

        self._folder = folder
        self.application = StandInApplication()
        self.widget = self.application.load_module(CHECKOUT / "GMMSegExtension" / "GMMSegExtension.py")
        self.application.select_module("GMMSegExtension")
        self.panels = self.widget._panels

    def open_only(self, *sections: str) -> None:
        """Opens these sections and closes the others."""
        names = ("inputs", "segment", "results", "views", "correct", "review", "teach", "models", "bias", "more")
        for name in (*names, "series", "outputs", "log"):
            getattr(self.widget.ui, f"{name}CollapsibleButton").collapsed = name not in sections

    def take(self, name: str) -> None:
        """Writes the picture ``tutorial_NAME.png``."""
        from .window_picture import window_picture

        self.application.process_events()
        window_picture(self.application, self._folder / f"tutorial_{name}.png", SIZE)
        print(f"tutorial_{name}.png", flush=True)

    def wait(self, condition=None, what: str = "the job has ended") -> None:
        """Lets the application work until the job under way has ended."""
        jobs = self.widget.logic.jobs
        self.application.process_events_until(condition or (lambda: not jobs.isRunning), what, timeout=_PATIENCE)

    def choose(self, volume) -> None:
        self.widget.ui.inputVolumeSelector.setCurrentNode(volume)

    def segment(self, volume) -> None:
        self.choose(volume)
        self.widget.ui.segmentButton.click()
        self.wait()
        self._look_at_the_middle(volume)

    @staticmethod
    def _look_at_the_middle(volume) -> None:
        import slicer
        from GMMSegExtensionLib.confirmations import brainLabels
        from GMMSegExtensionLib.volumes import ijkToWorld

        middle = np.argwhere(brainLabels(volume) > 0).mean(axis=0)
        right, anterior, superior = (ijkToWorld(volume) @ [*middle, 1.0])[:3]
        for name, offset in (("Yellow", right), ("Green", anterior), ("Red", superior)):
            slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceNode{name}").SetSliceOffset(float(offset))

    def correct_this_slice(self, volume) -> None:
        """Paints over the slice that the axial view shows, by the rule above, and confirms it."""
        from GMMSegExtensionLib.confirmations import brainLabels
        from GMMSegExtensionLib.tissues import segmentID
        from host import painting
        from scipy import ndimage

        review = self.panels.review
        axis = review._place.axis("axial")
        index = review._place.index(axis)
        labels = brainLabels(volume)
        place = (slice(None),) * axis + (index,)
        fluid = labels[place] == 1
        wrong = np.zeros(labels.shape, dtype=bool)
        wrong[place] = fluid & ~ndimage.binary_opening(fluid, np.ones((NARROW, NARROW)))
        if wrong.any():
            painting.paint(review._editor.widget, segmentID(2), wrong)
        review._ui.confirmSliceButton.click()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.tutorial_pictures", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    arguments = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as own_models:
        os.environ["GMMSEG_MODELS"] = own_models  # the session's model is not to stay
        session = Session(arguments.out.resolve())
        try:
            _play(session)
        finally:
            session.application.quit()
    for problem in session.application.problems():
        print(problem, file=sys.stderr)
    return 1 if session.application.problems() else 0


def _play(session: Session) -> None:
    import slicer
    from host import messages
    from mrml_files import load_volume

    ui = session.widget.ui
    head, brain = load_volume(WHOLE_HEAD), load_volume(BRAIN)
    session.segment(head)
    session.open_only("inputs", "segment", "results")
    session.take("1_segment")

    session.open_only("results", "views")
    ui.showSurfacesButton.click()
    session.wait(lambda: ui.showSurfacesButton.text == "3-D", "the surfaces are made")
    session.take("2_views")
    ui.showSurfacesButton.click()
    ui.showUncertaintyButton.click()
    session.take("3_uncertainty")
    ui.showSegmentsButton.click()

    session.open_only("bias")
    bias = session.panels.bias._ui
    bias.inspectButton.click()
    bias.contoursCheckBox.click()
    bias.profileButton.click()
    session.wait(lambda: not session.widget.logic.jobs.isRunning)
    session.take("4_inspect")
    bias.degreeSlider.value = 1
    session.wait(lambda: not session.widget.logic.jobs.isRunning)
    session.take("5_degree")
    bias.degreeSlider.value = 5
    session.wait(lambda: not session.widget.logic.jobs.isRunning)
    bias.inspectButton.click()

    session.segment(brain)
    session.open_only("correct", "review")
    review = session.panels.review._ui
    review.editorCollapsibleButton.collapsed = False
    for _ in range(3):
        review.nextUncertainButton.click()
        session.correct_this_slice(brain)
    review.showConfirmedButton.click()
    session.take("6_correct")
    review.showConfirmedButton.click()
    review.editorCollapsibleButton.collapsed = True

    session.open_only("correct", "teach")
    teach = session.panels.teach._ui
    teach.finetuneButton.click()
    session.wait(lambda: teach.teachProgressBar.value >= 50, "half of it is learned")
    session.take("7_teaching")
    session.wait()
    session.take("8_before_after")
    messages.dialogs.append(lambda dialog: dialog.setTextValue("my-scanner") or True)
    teach.keepButton.click()
    session.wait(lambda: not teach.keepButton.visible, "the model is kept")

    session.open_only("correct", "models")
    session.take("9_models")

    session.open_only("more", "series")
    series = session.panels.series._ui
    series.seriesAllButton.click()
    series.seriesButton.click()
    session.wait(lambda: not session.panels.series.isRunning, "the series has ended")
    session.take("10_series")
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") >= 2


if __name__ == "__main__":
    raise SystemExit(main())
