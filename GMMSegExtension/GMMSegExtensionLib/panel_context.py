"""What the panels share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .engine_follower import EngineFollower
from .segmentation_logic import SegmentationLogic


@dataclass(frozen=True)
class PanelContext:
    """Handed to every panel.

    :param logic: runs jobs (``logic.jobs``) and knows the results.
    :param follower: ``follow()`` after a job was started.
    :param log: takes a line for the log.
    :param resultsChanged: called with an input volume whose results changed: all panels show them anew.
    """

    logic: SegmentationLogic
    follower: EngineFollower
    log: Callable[[str], None]
    resultsChanged: Callable[[object], None]
