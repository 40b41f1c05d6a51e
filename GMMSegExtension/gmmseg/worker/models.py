"""The worker's job on models: a foreign one is put into its network before the panel takes it for good."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import models
from ..errors import InputError

if TYPE_CHECKING:
    from .jobs import Job


@dataclass(frozen=True)
class CheckModelRequest:
    """Which model to check, and whether to copy it to the user's own.

    Attributes:
        folder: that holds the model's two files.
        name: of the model there.
        new_name: what to call it among the user's own models; None to check it only.
        overwrite: whether it may take the place of one of these.
    """

    folder: str
    name: str
    new_name: str | None = None
    overwrite: bool = False

    @classmethod
    def parse(cls, request: dict[str, Any]) -> CheckModelRequest:
        """Request from its JSON object.

        Raises:
            InputError: a part is missing or of the wrong kind.
        """
        folder, name = request.get("folder"), request.get("name")
        new_name, overwrite = request.get("new_name"), request.get("overwrite", False)
        if not isinstance(folder, str) or not isinstance(name, str):
            raise InputError("The request must say where the model lies: 'folder' and 'name', both texts.")
        if not isinstance(new_name, str | None) or not isinstance(overwrite, bool):
            raise InputError("The request's 'new_name' must be a text and its 'overwrite' true or false.")
        return cls(folder, name, new_name, overwrite)


def run_check_model(job: Job) -> dict[str, Any]:
    """Does a ``check_model`` job; returns the fields of its ``done`` event: ``card``.

    Raises:
        InputError: the model cannot be used, or not be copied; nothing is changed then.
    """
    request = CheckModelRequest.parse(job.request)
    card = models.check(request.folder, request.name)
    if request.new_name is not None and not job.ended:
        card = models.copy_in(request.folder, request.name, request.new_name, request.overwrite)
    return {"card": json.loads(card.to_json())}
