"""Options of ``gmmseg segment``."""

from __future__ import annotations

import argparse

from ... import networks
from ...settings import MODES, PRESETS
from .shared import add_computing, add_progress, unless_given

SUMMARY = "segment a brain into tissues"
DESCRIPTION = "Segments one scan, given as one or more channels."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds them."""
    parser.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="T1 first, then further channels: NIfTI, NRRD, MetaImage, MGZ, Analyze or a DICOM folder",
    )
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="folder for the results")
    mask = parser.add_mutually_exclusive_group()
    mask.add_argument("--mask", metavar="MASK", help="brain mask, non-zero inside")
    mask.add_argument("--auto-mask", action="store_true", help="find the brain, also when background is 0")
    mask.add_argument("--no-mask", action="store_true", help="the brain is already cut out: use its non-zero voxels")
    add_progress(parser)
    _add_settings(parser.add_argument_group("settings", "Given options override the file, the file the preset."))


def _add_settings(group: argparse._ArgumentGroup) -> None:
    """One option for each field of Settings; ranges are Settings' own business."""
    option = unless_given(group)
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
    add_computing(group)
    option("--seed", type=int, help="start of the random numbers, mode train (0)")
    option("--entropy", action=argparse.BooleanOptionalAction, help="also write the uncertainty map, entropy.nii.gz")
