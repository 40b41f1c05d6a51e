"""Steps back among confirmations."""

from __future__ import annotations

import slicer


class ConfirmHistory:
    """Remembers what the confirmed segments were before each change.

    Holds copies of segments, no nodes: the node may be deleted and made again between two steps.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[str, dict]] = []

    @property
    def canUndo(self) -> bool:
        return bool(self._steps)

    @property
    def lastStep(self) -> str:
        """What :meth:`undo` will revert, in the words of :meth:`remember`; empty without any."""
        return self._steps[-1][0] if self._steps else ""

    def remember(self, title: str, before: dict) -> None:
        """Take note of a change that follows.

        :param title: what is done, for the user.
        :param before: the segment of each ID that will change, None for those that will be new.
        """
        self._steps.append((title, {name: _copyOf(segment) for name, segment in before.items()}))

    def undo(self, segmentation) -> str:
        """Put the segments back that the last change replaced or removed, and remove those it made.

        Segments that the user has deleted elsewhere meanwhile are passed over.

        :returns: the title of the change.
        """
        title, before = self._steps.pop()
        for name, segment in before.items():
            if segmentation.GetSegment(name) is not None:
                segmentation.RemoveSegment(name)
            if segment is not None:
                segmentation.AddSegment(segment, name)
        return title


class ConfirmHistories:
    """A history for each input volume. By ID of the volume: a node of a closed scene must not be held."""

    def __init__(self) -> None:
        self._histories: dict[str, tuple[int, ConfirmHistory]] = {}

    def of(self, inputVolume, classes: int) -> ConfirmHistory:
        """The history of a volume; a new one when it was of another number of classes."""
        key = inputVolume.GetID()
        if key not in self._histories or self._histories[key][0] != classes:
            self._histories[key] = classes, ConfirmHistory()
        return self._histories[key][1]

    def clear(self) -> None:
        """The scene is closed."""
        self._histories.clear()


def _copyOf(segment):
    if segment is None:
        return None
    copy = slicer.vtkSegment()
    copy.DeepCopy(segment)
    return copy
