"""Options of ``gmmseg predict``."""

from __future__ import annotations

import argparse

from .shared import add_computing, add_progress

SUMMARY = "segment scans with a network of slices"
DESCRIPTION = (
    "Segments scans with a network that gmmseg train --data has trained. Each scan becomes NAME_segmentation.nii.gz on "
    "its own grid: 0 outside the brain, 1 CSF, 2 GM, 3 WM."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds them."""
    parser.add_argument("model", metavar="MODEL", help="folder of the training, a file of the model, or its name")
    parser.add_argument(
        "scans",
        nargs="+",
        metavar="SCAN",
        help="scans; for a network of several channels those of the first scan, then those of the next",
    )
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="folder for the segmentations")
    mask = parser.add_mutually_exclusive_group()
    mask.add_argument("--mask", nargs="+", metavar="MASK", help="brain masks, one for each scan, non-zero inside")
    mask.add_argument("--auto-mask", action="store_true", help="find the brains, also when background is 0")
    mask.add_argument("--no-mask", action="store_true", help="the brains are already cut out: use non-zero voxels")
    add_computing(parser)
    add_progress(parser)
