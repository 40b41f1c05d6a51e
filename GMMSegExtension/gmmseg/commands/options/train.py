"""Options of ``gmmseg train``: its three sources of data have some in common and some of their own."""

from __future__ import annotations

import argparse
from fractions import Fraction

from ... import networks
from ...slicewise.settings import LEARNING, ORIENTATIONS, SCHEDULES
from .shared import add_computing, add_progress, unless_given

SUMMARY = "train a model of mode fast, or a network on the slices of a data set"
DESCRIPTION = (
    "Trains a network on synthetic scans made from label maps or on scans without labels (a model of mode fast), or "
    "one of the paper's networks on the slices of a data set, with labels or without (for gmmseg predict). The same "
    "command with the same folder goes on where it was left, also with more --steps."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """One option for each field of TrainingRequest, SliceTrainingRequest and SliceSettings, absent unless given.

    Ranges, and which of them belong to which source, are the business of those.
    """
    option = unless_given(parser)
    option("-o", "--output", required=True, metavar="FOLDER", help="for the model, its checkpoint, log and curve")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--label-maps", metavar="DIR", help="folder with label maps of heads, labels_*.nii.gz")
    source.add_argument("--scans", nargs="+", metavar="SCAN", help="T1 scans, files or folders of them; no labels")
    source.add_argument(
        "--data", metavar="DATA", help="data set: IBSR v2, MRBrainS18, BIDS, a folder of ID_T1 files, or a CSV manifest"
    )
    _add_common(parser)
    _add_prior(parser.add_argument_group("with --label-maps or --scans"))
    _add_slices(parser.add_argument_group("with --data"))


def _add_common(parser: argparse.ArgumentParser) -> None:
    option = unless_given(parser)
    length = parser.add_mutually_exclusive_group()
    unless_given(length)("--steps", type=int, metavar="N", help="training steps in all (4000; 2000 with --data)")
    unless_given(length)("--epochs", type=int, metavar="N", help="passes over the labelled slices, with --data")
    option("--base-width", type=int, metavar="N", help="feature maps of the first stage (32; with --data as published)")
    option("--learning-rate", type=float, metavar="RATE", help="step size (1e-3; 2e-4 with --start, 1e-4 with --data)")
    option("--gamma", type=float, help="smoothness of the segmentation, not with --label-maps (0.1)")
    option("--seed", type=int, help="start of the random numbers (0)")
    option("--name", help="of the model (t1-fast; with --data the network's)")
    option("--source", metavar="TEXT", help="where the data come from, for the model's card")
    option("--licence", metavar="TEXT", help="of the data, for the card (the licence text beside them)")
    add_computing(parser)
    add_progress(parser)


def _add_prior(group: argparse._ArgumentGroup) -> None:
    option = unless_given(group)
    option("--hold-out", nargs="+", metavar="NAME", help="label maps or scans to measure on, not to train on")
    option("--start", metavar="MODEL", help="model to go on from, or a file of weights")
    option("--extent", type=int, metavar="N", help="edge of a patch, mm of a label map or voxels of a scan (96)")
    option("--loaders", type=int, metavar="N", help="processes that make patches; 0: none of their own (1)")


def _add_slices(group: argparse._ArgumentGroup) -> None:
    option = unless_given(group)
    option("--network", choices=networks.available(), help="(modified_unet)")
    option("--learning", choices=LEARNING, help="what labels are used for (semi-supervised)")
    option("--channels", nargs="+", metavar="NAME", help="such as T1 FLAIR (what the layout usually has)")
    option("--test", type=share, metavar="SHARE", help="of the persons, to judge by at the end (0.2)")
    option("--validation", type=share, metavar="SHARE", help="of the persons, to measure on while learning (0.1)")
    option("--labelled", type=share, metavar="SHARE", help="of the other persons, who keep their labels (1)")
    option("--alpha", type=float, help="weight of the labels, unless unsupervised (1)")
    option("--beta", type=float, help="weight of the mixture's loss, semi-supervised only (1e-4)")
    option("--bias-degree", type=int, metavar="P", help="degree of the field in the mixture's loss, 0 for none (0)")
    option("--entropy-weight", type=float, metavar="TAU", help="0: loss as printed; 1: free energy (1)")
    option("--batch-size", type=int, metavar="N", help="slices of a lesson (20)")
    option("--unlabelled-size", type=int, metavar="N", help="unlabelled slices beside labelled ones (as many)")
    option("--scans-per-batch", type=int, metavar="N", help="scans that they come from (4)")
    option("--lessons-per-step", type=int, metavar="N", help="lessons whose gradients make a step (1)")
    option("--schedule", choices=SCHEDULES, help="course of the learning rate (constant)")
    option("--gradient-norm", type=float, metavar="NORM", help="largest norm of a gradient, 0 for any (1)")
    option("--patience", type=int, metavar="N", help="stop after N scorings without a lower held-out loss (0: never)")
    option("--score-every", type=int, metavar="N", help="steps between two scorings (250)")
    option("--averaging", type=float, metavar="SHARE", help="kept of the running mean of the weights, 0 for none (0)")
    option("--orientation", choices=ORIENTATIONS, help="of the slices; auto: that of the data set, else axial (auto)")
    option("--flips", action=argparse.BooleanOptionalAction, help="mirror slices left to right at random (yes)")


def share(text: str) -> Fraction:
    """A share such as 0.25 or 1/4, exactly."""
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no share, such as 0.25 or 1/4") from error
