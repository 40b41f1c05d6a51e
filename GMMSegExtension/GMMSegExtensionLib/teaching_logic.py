"""Teaching a network from the scene by a script, without the panel. Needs no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gmmseg import models
from gmmseg.finetuned_card import taught_name
from gmmseg.settings import Settings
from gmmseg.teaching import Teaching

from .finetune_request import FinetuneRequest
from .finetune_run import FinetuneListener, FinetuneRun
from .model_list import freeName
from .scene import SegmentationOutputs, outputsOf
from .segmentation_logic import SegmentationLogic
from .steps import finish
from .taught import Taught
from .waiting import Waited


@dataclass(frozen=True)
class TeachingOutcome:
    """What came of a fine-tuning that was kept.

    :param modelName: of the new model, as ``Settings(model=modelName)`` and ``gmmseg segment --model`` take it.
    :param heldOutVoxels: number of labelled voxels that were not learned from, to judge by; 0 when they were too few.
    :param agreementBefore, agreementAfter: share of them, 0 to 1, that the network labels alike; None without any.
    :param bestStep: after which the network was taken; 0 when no step agreed better, so that it is as it was.
    :param outputs: the new results of each volume.
    """

    modelName: str
    heldOutVoxels: int
    agreementBefore: float | None
    agreementAfter: float | None
    bestStep: int
    outputs: tuple[SegmentationOutputs, ...]


class TeachingLogic(SegmentationLogic):
    """Segments volumes, and teaches the network that does it."""

    def finetune(
        self,
        volumes: Sequence,
        labels: Sequence = (),
        settings: Settings | None = None,
        teaching: Teaching | None = None,
        modelName: str = "",
        overwrite: bool = False,
        progress: Callable[..., None] | None = None,
    ) -> TeachingOutcome:
        """Let a network learn from volumes, keep it as a model of the user's, and wait for it.

        :param volumes: scalar volume nodes, the first leads. Their confirmed voxels (:class:`Confirmations`) count as
            labels; those without any take part by the mixture's loss alone.
        :param labels: labels to learn instead, one entry for each of the first volumes, None where the confirmed voxels
            count. Label map on the volume's grid (0 unlabelled, 1 CSF, 2 GM, 3 WM), or segmentation with segments of
            these tissues, told by their terminology or their names.
        :param settings: by default ``Settings()``; ``model`` is where the learning starts.
        :param teaching: how to learn; by default as in the panel, with ``beta``, ``gamma`` and ``seed`` of the
            settings.
        :param modelName: of the new model; by default a free one like ``t1-fast-taught``.
        :param overwrite: whether it may take the place of one of the user's own models.
        :param progress: called with (fraction, stage, message); may raise ``gmmseg.Cancelled``.
        :returns: the model's name and how it agrees with the labels; the volumes have new results.
        :raises ValueError: the input or a setting cannot be used, or the model cannot be saved; the sentence says what
            to mend, the scene is as before.
        :raises RuntimeError: the engine failed, or is busy with another job; the scene is as before.
        :raises gmmseg.Cancelled: ``progress`` raised it, or a volume was removed; the scene is as before.
        """
        settings = settings or Settings()
        name = modelName or freeName(taught_name(settings.model))
        contrast = models.find(settings.model).card.contrast
        request = FinetuneRequest(tuple(volumes), settings, contrast, tuple(labels), teaching)
        obstacle = models.obstacle(name, overwrite) or self.teachingObstacle(request)
        if obstacle:
            raise ValueError(obstacle)
        waited = Waited(progress)
        # A script that cancels wants nothing of it, where the panel's user is given the best so far.
        run = FinetuneRun(request, FinetuneListener(**waited.told), cancelPatience=None)
        self.jobs.start(run)
        return _kept(waited.outcome(self.jobs, run), name, overwrite)

    def teachingObstacle(self, request: FinetuneRequest) -> str:
        """The sentence that tells why a request cannot be run now, empty when it can."""
        guarded = (guard(volume) for volume in request.volumes for guard in self.guards)
        return request.obstacle() or next((sentence for sentence in guarded if sentence), "")


def _kept(taught: Taught, name: str, overwrite: bool) -> TeachingOutcome:
    """Save the network and let the results stay; when it cannot be saved everything is as before."""
    try:
        models.copy_in(taught.modelFolder, taught.modelName, name, overwrite)
    except BaseException:
        finish(taught.discardSteps())
        raise
    taught.keep()
    agreement = taught.event["agreement"] or {}
    return TeachingOutcome(
        name,
        agreement.get("held_out_voxels", 0),
        agreement.get("before"),
        agreement.get("after"),
        taught.event["best_step"],
        tuple(outputsOf(volume.node) for volume in taught.volumes),
    )
