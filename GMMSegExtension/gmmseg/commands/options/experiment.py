"""Options of ``gmmseg experiment``."""

from __future__ import annotations

import argparse

from ... import networks
from .shared import add_computing, add_progress

SUMMARY = "repeat the paper's experiments: tables and figures"
DESCRIPTION = (
    "Trains the paper's networks on a data set with labels, divided by persons, and writes tables and figures as CSV, "
    "Markdown and PNG. The same command with the same folder goes on where it was left; what is finished is not done "
    "again."
)
EXPERIMENTS = {
    "table1": "recall of every network, cross-entropy against cross-entropy with the mixture's loss, first data set",
    "table2": "IoU of the same",
    "table3": "recall, second data set",
    "table4": "IoU, second data set",
    "table5": "segmentation without labels",
    "figure4": "a slice by every network",
    "figure6": "recall against beta and gamma",
    "all": "all of them; tables 3 and 4 if there is a second data set",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds them."""
    parser.add_argument(
        "experiments",
        nargs="+",
        choices=tuple(EXPERIMENTS),
        metavar="EXPERIMENT",
        help="; ".join(f"{name}: {what}" for name, what in EXPERIMENTS.items()),
    )
    parser.add_argument(
        "--data",
        action="append",
        required=True,
        metavar="DATA",
        help="data set with labels: IBSR v2, MRBrainS18, BIDS, a folder of ID_T1 files, or a CSV manifest; give the "
        "option again for a second one (tables 3, 4 and 5)",
    )
    parser.add_argument("-o", "--out", required=True, metavar="FOLDER", help="for tables, figures and cells")
    settings = parser.add_mutually_exclusive_group()
    settings.add_argument("--quick", action="store_true", help="small networks and few steps (default: as printed)")
    settings.add_argument("--config", metavar="FILE.json", help="every setting; default: that of the folder, if any")
    parser.add_argument("--seeds", type=int, metavar="N", help="repetitions (3)")
    parser.add_argument("--networks", nargs="+", choices=networks.available(), metavar="NAME", help="only these")
    parser.add_argument("--channels", nargs="+", metavar="NAME", help="such as T1 FLAIR (what the layout usually has)")
    parser.add_argument("--paper", metavar="FILE.csv", help="numbers of the paper to be shown beside the known ones")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="trainings at a time, a process each (1)")
    parser.add_argument("--tables-only", action="store_true", help="do no cell; show what is finished")
    add_computing(parser)
    add_progress(parser)
