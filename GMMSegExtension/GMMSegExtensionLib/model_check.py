"""A foreign model on its way in: the worker puts it into its network, then copies it to the user's own models."""

from __future__ import annotations

import uuid

from slicer.i18n import tr as _

from .engine_job import EngineJob, JobListener


class ModelCheck(EngineJob):
    """The application never waits for the weights to be read, checked and copied. No node of the scene is needed.

    :param folder: that holds the model's two files.
    :param name: of the model there.
    :param newName: what to call it among the user's own models.
    :param listener: its ``finished`` comes with the name of the model among the user's own.
    """

    def __init__(self, folder: str, name: str, newName: str, listener: JobListener) -> None:
        super().__init__(uuid.uuid4().hex, listener)
        self.message = {"id": self.id, "job": "check_model", "folder": folder, "name": name, "new_name": newName}

    def fail(self, reason: str, kind: str = "internal", details: str = "") -> None:
        super().fail(reason or _("The model could not be checked."), kind, details if kind == "internal" else "")

    def _onDone(self, event: dict) -> None:
        self._end()
        self._listener.finished(event["card"]["name"])
