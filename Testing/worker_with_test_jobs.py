"""The worker with jobs that misbehave on purpose; run as a script by the tests of the worker.

``instant`` in the arguments greets without loading the engine, for tests where only the process counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from gmmseg.progress import STAGES
from gmmseg.worker import server as worker
from gmmseg.worker.jobs import Job


def echo(job: Job) -> dict:
    return {"said": job.request.get("say")}


def stuck(job: Job) -> dict:
    """Sits in a call that no cancel reaches until the file ``release`` appears."""
    job.send("progress", fraction=0.1, stage=STAGES[0], message="stuck", remaining_seconds=None)
    while not Path(job.request["release"]).exists():
        time.sleep(0.01)
    return {}


def chatty(job: Job) -> dict:
    """Prints as Python and as compiled libraries do."""
    print('{"event": "nonsense"}')
    os.write(1, b"printed by a library\n")
    subprocess.run(["echo", "printed by a child"], check=True)
    return {}


def broken(job: Job) -> dict:
    raise RuntimeError("the cause\nof it all")


def hungry(job: Job) -> dict:
    raise MemoryError


def greeting() -> dict:
    return {"event": "ready"}


if __name__ == "__main__":
    jobs = {**worker.panel_jobs(), **{f.__name__: f for f in (echo, stuck, chatty, broken, hungry)}}
    sys.exit(worker.serve(jobs, greeting if "instant" in sys.argv else None))
