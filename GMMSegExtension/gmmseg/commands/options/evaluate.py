"""Options of ``gmmseg evaluate``."""

from __future__ import annotations

import argparse

SUMMARY = "compare a segmentation with the truth"
DESCRIPTION = (
    "Dice, precision, recall, F1 and Jaccard of each class, under two protocols: all (every voxel of the mask; "
    "unlabelled counts as background) and labelled (only voxels that have a label in the truth)."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds them."""
    parser.add_argument("prediction", metavar="PRED", help="label volume to judge; labels are taken as they are")
    parser.add_argument("truth", metavar="TRUTH", help="label volume with the truth, on the same grid")
    parser.add_argument("--mask", metavar="MASK", help="compare inside this mask only")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
