"""The command ``gmmseg``: arguments in, exit status out.

Nothing heavy is imported before the arguments are known to be right, so that help and mistakes are answered at once.
Exit status: 0 done, 2 bad input (one line on stderr that says what and how to mend it), 3 cancelled, 1 anything else.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from typing import NoReturn

from . import __version__, networks
from .console import KINDS
from .errors import NoBrainFound
from .failures import CANCELLED, INPUT, INTERNAL, MEMORY, explain
from .settings import MODES, PRECISIONS, PRESETS

STATUS = {INPUT: 2, MEMORY: 2, CANCELLED: 3, INTERNAL: 1}


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
    _add_segment(commands)
    _add_evaluate(commands)
    _add_models(commands)
    _add_train(commands)
    _add_finetune(commands)
    worker = _add_command(commands, "worker", "serve the panel: JSON requests on stdin, events on stdout")
    worker.set_defaults(run=_run_worker)
    return top


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, without repeating the whole usage."""

    def error(self, message: str) -> NoReturn:
        sentence = " ".join(message.split()).rstrip(".")
        self.exit(2, f"gmmseg: {sentence}; see {self.prog} --help\n")


def _add_segment(commands: argparse._SubParsersAction) -> None:
    command = _add_command(
        commands, "segment", "segment a brain into tissues", "Segments one scan, given as one or more channels."
    )
    command.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="T1 first, then further channels: NIfTI, NRRD, MetaImage, MGZ, Analyze or a DICOM folder",
    )
    command.add_argument("-o", "--output", required=True, metavar="OUT", help="folder for the results")
    mask = command.add_mutually_exclusive_group()
    mask.add_argument("--mask", metavar="MASK", help="brain mask, non-zero inside")
    mask.add_argument("--auto-mask", action="store_true", help="find the brain, also when background is 0")
    mask.add_argument("--no-mask", action="store_true", help="the brain is already cut out: use its non-zero voxels")
    command.add_argument("--progress", choices=KINDS, help="default: a bar on a terminal, else none")
    _add_settings(command.add_argument_group("settings", "Given options override the file, the file the preset."))
    command.set_defaults(run=_run_segment)


def _add_settings(group: argparse._ArgumentGroup) -> None:
    """One option for each field of Settings, absent unless given; ranges are Settings' own business."""

    def option(*names: str, **kwargs) -> None:
        group.add_argument(*names, default=argparse.SUPPRESS, **kwargs)

    option("--settings", metavar="FILE.json", dest="settings_file", help="settings as a JSON object")
    option("--preset", choices=tuple(PRESETS), help="set of values to start from; as-printed: the paper's")
    option("-K", "--number-of-classes", type=int, metavar="K", help="tissue classes, 2 to 8 (3)")
    option("--mode", choices=MODES, help="fast: shipped model; train: learn on this scan; em: classical (fast)")
    option("--model", metavar="NAME", help="trained model of mode fast; default: the one you chose (t1-fast)")
    option("--beta", type=float, help="weight of the mixture's loss beside labels (1e-4)")
    option("--gamma", type=float, help="smoothness of the segmentation, mode train (0.1)")
    option("--bias-degree", type=int, metavar="P", help="degree of the bias field, 0 for none, to 6 (5)")
    option("--entropy-weight", type=float, metavar="TAU", help="0: loss as printed; 1: free energy (1)")
    option("--network", help=f"network of mode train: {', '.join(networks.available())} (modified_unet)")
    option("--base-width", type=int, metavar="N", help="feature maps of the network's first stage")
    option("--iterations", type=int, metavar="N", help="training steps")
    option("--learning-rate", type=float, metavar="RATE", help="step size of Adam")
    option("--batch-size", type=int, metavar="N", help="slices in a training step")
    option("--device", help="auto, cpu, cuda, cuda:N or mps (auto)")
    option("--precision", choices=PRECISIONS, help="arithmetic of the network (auto)")
    option("--seed", type=int, help="start of the random numbers, mode train (0)")
    option("--entropy", action=argparse.BooleanOptionalAction, help="also write the uncertainty map, entropy.nii.gz")


def _add_evaluate(commands: argparse._SubParsersAction) -> None:
    command = _add_command(
        commands,
        "evaluate",
        "compare a segmentation with the truth",
        "Dice, precision, recall, F1 and Jaccard of each class, under two protocols: all (every voxel of the mask; "
        "unlabelled counts as background) and labelled (only voxels that have a label in the truth).",
    )
    command.add_argument("prediction", metavar="PRED", help="label volume to judge; labels are taken as they are")
    command.add_argument("truth", metavar="TRUTH", help="label volume with the truth, on the same grid")
    command.add_argument("--mask", metavar="MASK", help="compare inside this mask only")
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    command.set_defaults(run=_run_evaluate)


def _add_models(commands: argparse._SubParsersAction) -> None:
    command = _add_command(
        commands,
        "models",
        "list the trained models, show one's card, or manage your own",
        "Lists the trained models when nothing else is asked for. Your own models can be copied in and out, renamed, "
        "deleted, and chosen as default; those of the program can be copied out.",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_run_models, act="list")
    acts = command.add_subparsers(metavar="ACTION")

    def add(act: str, summary: str, *names: str) -> argparse.ArgumentParser:
        action = acts.add_parser(act, help=summary, description=summary, allow_abbrev=False)
        for name in names:
            action.add_argument(name.lower(), metavar=name)
        action.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        action.set_defaults(act=act)
        return action

    listing = add("list", "list the models (also without an action)")
    card = add("show", "print the whole card of a model", "NAME")
    for action in (listing, card):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    add("rename", "give one of your models another name", "OLD", "NEW")
    add("delete", "delete one of your models", "NAME").add_argument("--yes", action="store_true", help="do not ask")
    copy_in = add("copy-in", "check a model that lies in a folder and copy it to your own", "FOLDER", "NAME")
    copy_in.add_argument("--as", dest="new_name", metavar="NEW", help="what to call it (as there)")
    copy_in.add_argument("--overwrite", action="store_true", help="it may take the place of one of yours")
    copy_out = add("copy-out", "copy a model's two files to a folder", "NAME", "FOLDER")
    copy_out.add_argument("--overwrite", action="store_true", help="files there may be replaced")
    default = add("default", "print or choose the model that --model default and Slicer's new scenes use")
    default.add_argument("name", metavar="NAME", nargs="?", help="the model to choose; none: print the choice")


def _add_train(commands: argparse._SubParsersAction) -> None:
    """One option for each field of TrainingRequest, absent unless given; ranges are its own business."""
    command = _add_command(
        commands,
        "train",
        "train a model of mode fast",
        "Trains a network on synthetic scans made from label maps, or on scans without labels. The same command with "
        "the same folder goes on where it was left, also with more --steps.",
    )

    def option(*names: str, **kwargs) -> None:
        command.add_argument(*names, **{"default": argparse.SUPPRESS, **kwargs})

    option("-o", "--output", required=True, metavar="FOLDER", help="for the model, its checkpoint, log and curve")
    data = command.add_mutually_exclusive_group(required=True)
    data.add_argument("--label-maps", metavar="DIR", help="folder with label maps of heads, labels_*.nii.gz")
    data.add_argument("--scans", nargs="+", metavar="SCAN", help="T1 scans, files or folders of them; no labels")
    option("--hold-out", nargs="+", metavar="NAME", help="label maps or scans to measure on, not to train on")
    option("--steps", type=int, metavar="N", help="training steps in all (4000)")
    option("--start", metavar="MODEL", help="model to go on from, or a file of weights")
    option("--base-width", type=int, metavar="N", help="feature maps of the network's first stage (32)")
    option("--extent", type=int, metavar="N", help="edge of a patch, mm of a label map or voxels of a scan (96)")
    option("--learning-rate", type=float, metavar="RATE", help="step size of AdamW (1e-3; 2e-4 with --start)")
    option("--gamma", type=float, help="smoothness of the segmentation, with --scans (0.1)")
    option("--seed", type=int, help="start of the random numbers (0)")
    option("--device", help="auto, cpu, cuda, cuda:N or mps (auto)")
    option("--precision", choices=PRECISIONS, help="arithmetic of the network (auto)")
    option("--loaders", type=int, metavar="N", help="processes that make patches; 0: none of their own (1)")
    option("--name", help="of the model (t1-fast)")
    option("--source", metavar="TEXT", help="where the data come from, for the model's card")
    option("--licence", metavar="TEXT", help="of the data, for the card (the licence text beside them)")
    command.add_argument("--progress", choices=KINDS, help="default: a bar on a terminal, else none")
    command.set_defaults(run=_run_train)


def _add_finetune(commands: argparse._SubParsersAction) -> None:
    """One option for each choice of Teaching, and what a segmentation needs; absent unless given."""
    command = _add_command(
        commands,
        "finetune",
        "teach a model by corrected labels",
        "Teaches a trained model by labels of some voxels of some scans (semi-supervised, eq 3.5), and segments the "
        "scans with it. Voxels of label 0 and scans without labels are learned from without labels.",
    )

    def option(*names: str, **kwargs) -> None:
        command.add_argument(*names, **{"default": argparse.SUPPRESS, **kwargs})

    command.add_argument("scans", nargs="+", metavar="SCAN", help="T1 scans, those with labels first")
    command.add_argument("-o", "--output", required=True, metavar="OUT", help="folder for the model and the results")
    command.add_argument(
        "--labels",
        nargs="+",
        required=True,
        metavar="LABELS",
        help="labels of the first scans, in the same order and on their grids: 0 unlabelled, 1 CSF, 2 GM, 3 WM",
    )
    mask = command.add_mutually_exclusive_group()
    mask.add_argument("--auto-mask", action="store_true", help="find the brains, also when background is 0")
    mask.add_argument("--no-mask", action="store_true", help="the brains are already cut out: use non-zero voxels")
    command.add_argument("--name", help="of the taught model (that of --model, with -taught)")
    option("--model", metavar="NAME", help="the model to teach; default: the one you chose (t1-fast)")
    option("--alpha", type=float, help="weight of the labels (1)")
    option("--beta", type=float, help="weight of the mixture's loss (1e-4)")
    option("--gamma", type=float, help="smoothness within the mixture's loss (0.1)")
    option("--retention", type=float, help="weight of what the model said before, where there are no labels (0.3)")
    option("--steps", type=int, metavar="N", help="training steps (60)")
    option("--held-out", type=float, metavar="SHARE", help="share of the labels to judge by (0.15)")
    option("--bias-degree", type=int, metavar="P", help="degree of the bias field, 0 for none, to 6 (5)")
    option("--seed", type=int, help="start of the random numbers (0)")
    option("--device", help="auto, cpu, cuda, cuda:N or mps (auto)")
    option("--precision", choices=PRECISIONS, help="arithmetic of the network (auto)")
    command.add_argument("--progress", choices=KINDS, help="default: a bar on a terminal, else none")
    command.set_defaults(run=_run_finetune)


def _add_command(
    commands: argparse._SubParsersAction, name: str, summary: str, description: str | None = None
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=description or summary, allow_abbrev=False)
    command.add_argument("--debug", action="store_true", help="show the whole traceback when something fails")
    return command


def _run_segment(arguments: argparse.Namespace) -> int:
    from .segment_command import run

    return run(arguments)


def _run_evaluate(arguments: argparse.Namespace) -> int:
    from .evaluate_command import run

    return run(arguments)


def _run_models(arguments: argparse.Namespace) -> int:
    from .models_command import run

    return run(arguments)


def _run_finetune(arguments: argparse.Namespace) -> int:
    from .finetune_command import run

    return run(arguments)


def _run_train(arguments: argparse.Namespace) -> int:
    from .train_command import run

    return run(arguments)


def _run_worker(arguments: argparse.Namespace) -> int:
    from .worker import serve

    return serve()
