"""A taught network and the results that it gave, as long as the user has not decided about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import slicer

from .confirmations import Confirmations
from .exchange import Exchange
from .scene_writer import SceneWriter
from .steps import Steps


@dataclass(frozen=True)
class TaughtVolume:
    """One volume of the study, with its new results in the scene.

    :param node: scalar volume node, perhaps deleted since.
    :param writer: knows what the results replaced.
    :param earlierSegments: a copy of the segments before (vtkSegmentation), None when there were none.
    """

    node: object
    writer: SceneWriter
    earlierSegments: object | None
    _confirmed: set = field(default_factory=set)

    def __post_init__(self) -> None:
        self._confirmed.update(entry.id for entry in Confirmations(self.node).entries())

    @property
    def isPresent(self) -> bool:
        """Whether the volume is still in the scene."""
        return bool(slicer.mrmlScene.IsNodePresent(self.node))

    def discardSteps(self) -> Steps[None]:
        """Take back what was confirmed since, which was said of other labels, and bring the earlier results back."""
        if self.isPresent:
            confirmations = Confirmations(self.node)
            confirmations.remove(*{entry.id for entry in confirmations.entries()} - self._confirmed)
            yield
        yield from self.writer.undoSteps()


class Taught:
    """What is to be kept or discarded.

    :param volumes: the study, its first volume leads.
    :param event: the worker's ``done`` event.
    :param exchange: the folder in which the new network lies.
    """

    def __init__(self, volumes: tuple[TaughtVolume, ...], event: dict, exchange: Exchange) -> None:
        self.volumes = volumes
        self.event = event
        self._exchange = exchange

    @property
    def modelFolder(self) -> Path:
        """Where the two files of the new network lie until the end."""
        return Path(self.event["model"]["folder"])

    @property
    def modelName(self) -> str:
        """The new network's name so far, the stem of its files."""
        return self.event["model"]["name"]

    def present(self) -> list[TaughtVolume]:
        """The volumes that are still in the scene."""
        return [volume for volume in self.volumes if volume.isPresent]

    def keep(self) -> None:
        """The results stay; the temporary files go."""
        for volume in self.volumes:
            volume.writer.keep()
        self._exchange.remove()

    def discardSteps(self) -> Steps[None]:
        """The earlier results come back, one node after the other; the network is forgotten."""
        for volume in self.volumes:
            yield from volume.discardSteps()
        self._exchange.remove()
