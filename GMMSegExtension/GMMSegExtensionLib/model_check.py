"""A foreign model on its way in: the worker puts it into its network, then copies it to the user's own models."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from slicer.i18n import tr as _


@dataclass(frozen=True)
class ModelCheckListener:
    """What the owner of a check is told.

    :param finished: (name of the model among the user's own).
    :param failed: (sentence, details).
    :param cancelled: (sentence that says why when it was not the user, else empty).
    """

    finished: Callable[[str], None]
    failed: Callable[[str, str], None]
    cancelled: Callable[[str], None]


class ModelCheck:
    """A job of the worker; the application never waits for the weights to be read, checked and copied.

    :param folder: that holds the model's two files.
    :param name: of the model there.
    :param newName: what to call it among the user's own models.
    """

    def __init__(self, folder: str, name: str, newName: str, listener: ModelCheckListener) -> None:
        self.id = uuid.uuid4().hex
        self.message = {"id": self.id, "job": "check_model", "folder": folder, "name": name, "new_name": newName}
        self.ended = False
        self._listener = listener

    def lostSource(self) -> str:
        """Nothing of the scene is needed."""
        return ""

    def handle(self, event: dict) -> None:
        """React to one event of the worker."""
        if self.ended:
            return
        if event["event"] == "done":
            self.ended = True
            self._listener.finished(event["card"]["name"])
        elif event["event"] == "failed":
            self.fail(event.get("reason", ""), event.get("kind", "internal"), event.get("details", ""))
        elif event["event"] == "cancelled":
            self.abandon()

    def fail(self, reason: str, kind: str = "internal", details: str = "") -> None:
        """End with a sentence."""
        if not self.ended:
            self.ended = True
            self._listener.failed(reason or _("The model could not be checked."), details if kind == "internal" else "")

    def abandon(self, reason: str = "") -> None:
        """End here, whatever the worker still sends."""
        if not self.ended:
            self.ended = True
            self._listener.cancelled(reason)

    def cleanUp(self) -> bool:
        """There are no temporary files."""
        return True
