"""What a command that runs for a while stands in: its packages are there, signals and progress are seen to.

Any command's ``run(arguments)`` is then ::

    request = ...  # from the arguments: what is wrong with them is said first
    with command_frame.running(arguments.progress) as frame:
        outcome = work(request, frame.progress, frame.interrupts)
    tell(outcome, frame.shown)
    return 0

Errors are the command line's own business, see :func:`gmmseg.cli.main`.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import environment
from ..interrupts import Interrupts
from . import console

if TYPE_CHECKING:
    from ..progress import Progress


@dataclass(frozen=True)
class Frame:
    """What a command's work is given.

    Attributes:
        progress: to be told how far the work is; raises Cancelled once a stop was asked for.
        interrupts: to shield the moments that must be done whole.
        shown: the progress display itself, to tell the outcome in its own way when the work is done.
    """

    progress: Progress
    interrupts: Interrupts
    shown: console.NoProgress


@contextlib.contextmanager
def running(kind: str | None) -> Iterator[Frame]:
    """A block that does a command's work: SIGINT and SIGTERM stop it once, and nothing in it prints to stdout.

    Args:
        kind: of progress display, see :func:`gmmseg.commands.console.progress`.

    Raises:
        InputError: a package is missing that work on files needs.
        Cancelled, KeyboardInterrupt: on Ctrl-C or SIGTERM.
    """
    environment.require((*environment.ENGINE, *environment.FILES))
    with (
        Interrupts() as interrupts,
        contextlib.closing(console.progress(kind)) as shown,
        contextlib.redirect_stdout(sys.stderr),  # libraries may print, but not between the JSON lines
    ):
        yield Frame(interrupts.watched(shown), interrupts, shown)
