"""The scenarios that the module's Test class runs inside Slicer, on a real scene with the real worker."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import slicer
from gmmseg import models
from gmmseg.settings import Settings
from gmmseg.teaching import Teaching
from slicer.i18n import tr as _

from . import output_nodes, sample_data
from .confirmations import Confirmations
from .confirmed_voxels import confirmedLabels
from .tissues import segmentID

_OBLIQUE = np.array([[1.4, -0.5, 0.1, -40.0], [0.5, 1.4, 0.2, -35.0], [-0.2, -0.1, 2.0, -20.0], [0.0, 0.0, 0.0, 1.0]])


class SelfTest:
    """Mixed into ``ScriptedLoadableModuleTest``: each method named ``test_`` is a scenario on an empty scene.

    Slicer's test driver runs them as a test case each, "Reload and Test" one after the other through :meth:`runTest`;
    both share one warm worker.
    """

    @classmethod
    def makeLogic(cls):
        raise NotImplementedError

    @classmethod
    def setUpClass(cls) -> None:
        cls.logic = cls.makeLogic()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.logic.stopEngine()

    def setUp(self) -> None:
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Run every scenario."""
        self.setUpClass()
        try:
            for scenario in sorted(name for name in dir(self) if name.startswith("test_")):
                self.setUp()
                self.delayDisplay(_("Running {scenario}").format(scenario=scenario))
                getattr(self, scenario)()
        finally:
            self.tearDownClass()

    def test_a_shipped_brain_gives_three_tissues(self) -> None:
        path = sample_data.samplePath("openneuro_brain_T1.nii.gz")
        volume = slicer.util.loadVolume(str(path))
        outputs = self.logic.segment(volume, settings=Settings(mode="fast"))
        self.assertTrue(outputs.report["prior"]["used"])
        shares = [entry["share_percent"] for entry in outputs.report["classes"]]
        self.assertEqual([entry["name"] for entry in outputs.report["classes"]], ["CSF", "GM", "WM"])
        self.assertTrue(all(5 < share < 75 for share in shares), shares)
        self.assertEqual(outputs.segmentation.GetSegmentation().GetNumberOfSegments(), 3)

    def test_a_rerun_updates_and_keeps_names(self) -> None:
        volume = makePhantom()
        first = self.logic.segment(volume, settings=Settings(mode="em"), maskSource="stripped")
        first.segmentation.GetSegmentation().GetSegment(segmentID(1)).SetName("Liquor")
        count = slicer.mrmlScene.GetNumberOfNodes()
        second = self.logic.segment(volume, settings=Settings(mode="em"), maskSource="stripped")
        self.assertIs(first.segmentation, second.segmentation)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), count)
        self.assertEqual(second.segmentation.GetSegmentation().GetSegment(segmentID(1)).GetName(), "Liquor")

    def test_an_oblique_volume_gets_its_results_in_place(self) -> None:
        volume = makePhantom(_OBLIQUE)
        outputs = self.logic.segment(volume, settings=Settings(mode="em"), maskSource="stripped")
        brightest = slicer.util.arrayFromSegmentBinaryLabelmap(outputs.segmentation, segmentID(3), volume)
        image = slicer.util.arrayFromVolume(volume)
        self.assertGreater(image[brightest > 0].mean(), image[(brightest == 0) & (image > 0)].mean())
        self.assertGreater(brightest[image > 90].mean(), 0.9)

    def test_training_on_the_scan_finishes(self) -> None:
        settings = Settings(mode="train", iterations=5, base_width=4)
        outputs = self.logic.segment(makePhantom(), settings=settings, maskSource="stripped")
        self.assertEqual(len(outputs.report["classes"]), 3)

    def test_a_confirmed_slice_teaches_a_model(self) -> None:
        volume = makePhantom()
        self.logic.segment(volume, settings=Settings(mode="em", entropy=True), maskSource="stripped")
        Confirmations(volume).addSlice(axis=2, index=16)
        confirmed, count = confirmedLabels(volume), slicer.mrmlScene.GetNumberOfNodes()
        with otherModelsFolder() as folder:
            outcome = self.logic.finetune([volume], teaching=Teaching(steps=2), modelName="self-test")
            card = models.find("self-test").card
            self.assertEqual(card.settings["fine-tuning"]["steps"], 2)
            card.check_usable()
            models.delete("self-test")
            self.assertEqual(list(folder.iterdir()), [])
        self.assertGreater(outcome.heldOutVoxels, 0)
        self.assertGreater(outcome.agreementAfter, 0.8)
        self.assertEqual(len(outcome.outputs[0].report["classes"]), 3)
        self.assertTrue((confirmedLabels(volume) == confirmed).all())
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), count)

    def test_bad_input_is_a_sentence_and_changes_nothing(self) -> None:
        volume = slicer.util.addVolumeFromArray(np.full((12, 12, 12), 7.0), name="constant")
        count = slicer.mrmlScene.GetNumberOfNodes()
        with self.assertRaises(ValueError) as caught:
            self.logic.segment(volume, settings=Settings(mode="em"))
        self.assertTrue(str(caught.exception).endswith("."))
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), count)
        self.assertEqual(output_nodes.findAll(volume, output_nodes.SEGMENTATION), [])


@contextlib.contextmanager
def otherModelsFolder() -> Iterator[Path]:
    """An empty folder takes the place of the user's models in this process; it is deleted at the end."""
    earlier = os.environ.get(models.FOLDER_VARIABLE)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[models.FOLDER_VARIABLE] = folder
        try:
            yield Path(folder)
        finally:
            if earlier is None:
                del os.environ[models.FOLDER_VARIABLE]
            else:
                os.environ[models.FOLDER_VARIABLE] = earlier


def makePhantom(affine: np.ndarray | None = None, shape: tuple[int, int, int] = (32, 36, 40)):
    """A volume node with three nested shells of brightness 30, 70 and 100, 4 % noise, zero around."""
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, size) for size in shape), indexing="ij"))
    radius = np.sqrt((grid**2).sum(axis=0))
    noise = np.random.default_rng(0).normal(scale=4.0, size=shape)
    tissue = np.select([radius < 0.5, radius < 0.75, radius < 0.9], [100.0, 70.0, 30.0])
    image = np.where(tissue > 0, np.maximum(tissue + noise, 1.0), 0.0).astype(np.float32)
    return slicer.util.addVolumeFromArray(image, ijkToRAS=affine if affine is not None else np.eye(4), name="phantom")
