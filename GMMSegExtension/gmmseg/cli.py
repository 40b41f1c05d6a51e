"""The command ``gmmseg``: arguments in, exit status out.

Nothing heavy is imported before the arguments are known to be right, so that help and mistakes are answered at once.
Exit status: 0 done, 2 bad input (one line on stderr that says what and how to mend it), 3 cancelled, 1 anything else.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import logging
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import NoReturn

from . import __version__
from .commands.options import evaluate, experiment, finetune, models, predict, segment, train
from .errors import NoBrainFound
from .failures import CANCELLED, INPUT, INTERNAL, MEMORY, explain
from .learning import distributed

STATUS = {INPUT: 2, MEMORY: 2, CANCELLED: 3, INTERNAL: 1}
# A command NAME has its options in :mod:`gmmseg.commands.options` and does its work in ``gmmseg.commands.NAME``.
_COMMANDS: dict[str, ModuleType] = {
    "segment": segment,
    "evaluate": evaluate,
    "models": models,
    "train": train,
    "finetune": finetune,
    "predict": predict,
    "experiment": experiment,
}
_WORKER = "serve the panel: JSON requests on stdin, events on stdout"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line ``argv`` (without the program's name; sys.argv when None); returns the exit status."""
    try:
        arguments = parser().parse_args(argv)
    except SystemExit as end:  # argparse has printed its line, or the help
        return int(end.code or 0)
    try:
        with _quiet_libraries(arguments.debug):
            return arguments.run(arguments)
    except (Exception, KeyboardInterrupt) as error:
        kind, sentence = explain(error)
        if arguments.debug:
            traceback.print_exc()
        elif kind == INTERNAL:
            sentence += " (add --debug to see where it happened)"
        elif isinstance(error, NoBrainFound):
            sentence += " (options --mask and --no-mask)"
        # Of several processes that train together, all are told of a failure; one tells the user.
        if distributed.is_first() or kind == INTERNAL:
            print(f"gmmseg: {sentence}", file=sys.stderr)
        return STATUS[kind]


@contextlib.contextmanager
def _quiet_libraries(debug: bool) -> Iterator[None]:
    """Keeps libraries' warnings from standing beside the one line that says what is wrong, unless debugging."""
    if debug:
        yield
        return
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def parser() -> argparse.ArgumentParser:
    """The parser; the namespace it gives has ``run``, the function that does the command."""
    top = OneLineParser(
        prog="gmmseg", description="Label-free segmentation of brain MR volumes, with bias field.", allow_abbrev=False
    )
    top.add_argument("--version", action="version", version=f"gmmseg {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for name, options in _COMMANDS.items():
        command = _add_command(commands, name, options.SUMMARY, options.DESCRIPTION, functools.partial(_run, name))
        options.add_options(command)
    _add_command(commands, "worker", _WORKER, _WORKER, _run_worker)
    return top


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, without repeating the whole usage."""

    def error(self, message: str) -> NoReturn:
        sentence = " ".join(message.split()).rstrip(".")
        self.exit(2, f"gmmseg: {sentence}; see {self.prog} --help\n")


def _add_command(
    commands: argparse._SubParsersAction,
    name: str,
    summary: str,
    description: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=description, allow_abbrev=False)
    command.add_argument("--debug", action="store_true", help="show the whole traceback when something fails")
    command.set_defaults(run=run)
    return command


def _run(name: str, arguments: argparse.Namespace) -> int:
    """Runs a command of its own module, which is imported now."""
    return importlib.import_module(f".commands.{name}", __package__).run(arguments)


def _run_worker(arguments: argparse.Namespace) -> int:
    from .worker.server import serve

    return serve()
