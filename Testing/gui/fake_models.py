"""The fake worker's answer to ``check_model``: the files are looked at and copied, the network is not built."""

import json

from gmmseg import models
from gmmseg.errors import InputError


def check(request, behaviour, say, cancelled):
    if behaviour in ("hang", "deaf"):
        cancelled.wait()
        say(id=request["id"], event="cancelled")
        return
    try:
        card = models.copy_in(request["folder"], request["name"], request["new_name"])
    except InputError as error:
        say(id=request["id"], event="failed", reason=str(error), kind="input", details="")
    else:
        say(id=request["id"], event="done", card=json.loads(card.to_json()))
