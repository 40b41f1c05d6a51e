"""What several commands have among their options."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable

from ...settings import PRECISIONS
from ..console import KINDS


def unless_given(group: argparse._ActionsContainer) -> Callable[..., argparse.Action]:
    """A function that adds an option to ``group`` which is absent from the namespace unless it is given.

    For options whose default is somebody else's business, such as a dataclass of settings: it then tells apart what was
    asked for and what was left open.
    """
    return functools.partial(group.add_argument, default=argparse.SUPPRESS)


def add_computing(group: argparse._ActionsContainer) -> None:
    """Where and how exactly a network computes; absent unless given."""
    option = unless_given(group)
    option("--device", help="auto, cpu, cuda, cuda:N or mps (auto)")
    option("--precision", choices=PRECISIONS, help="arithmetic of the network (auto)")


def add_progress(parser: argparse.ArgumentParser) -> None:
    """How a command says how far it is, see :func:`gmmseg.commands.console.progress`."""
    parser.add_argument("--progress", choices=KINDS, help="default: a bar on a terminal, else none")
