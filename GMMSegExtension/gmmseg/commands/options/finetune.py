"""Options of ``gmmseg finetune``."""

from __future__ import annotations

import argparse

from .shared import add_computing, add_progress, unless_given

SUMMARY = "teach a model by corrected labels"
DESCRIPTION = (
    "Teaches a trained model by labels of some voxels of some scans (semi-supervised, eq 3.5), and segments the "
    "scans with it. Voxels of label 0 and scans without labels are learned from without labels."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """One option for each choice of Teaching, and what a segmentation needs."""
    parser.add_argument("scans", nargs="+", metavar="SCAN", help="T1 scans, those with labels first")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="folder for the model and the results")
    parser.add_argument(
        "--labels",
        nargs="+",
        required=True,
        metavar="LABELS",
        help="labels of the first scans, in the same order and on their grids: 0 unlabelled, 1 CSF, 2 GM, 3 WM",
    )
    mask = parser.add_mutually_exclusive_group()
    mask.add_argument("--auto-mask", action="store_true", help="find the brains, also when background is 0")
    mask.add_argument("--no-mask", action="store_true", help="the brains are already cut out: use non-zero voxels")
    parser.add_argument("--name", help="of the taught model (that of --model, with -taught)")
    option = unless_given(parser)
    option("--model", metavar="NAME", help="the model to teach; default: the one you chose (t1-fast)")
    option("--alpha", type=float, help="weight of the labels (1)")
    option("--beta", type=float, help="weight of the mixture's loss (1e-4)")
    option("--gamma", type=float, help="smoothness within the mixture's loss (0.1)")
    option("--retention", type=float, help="weight of what the model said before, where there are no labels (0.3)")
    option("--steps", type=int, metavar="N", help="training steps (60)")
    option("--held-out", type=float, metavar="SHARE", help="share of the labels to judge by (0.15)")
    option("--bias-degree", type=int, metavar="P", help="degree of the bias field, 0 for none, to 6 (5)")
    option("--seed", type=int, help="start of the random numbers (0)")
    add_computing(parser)
    add_progress(parser)
