"""Options and actions of ``gmmseg models``."""

from __future__ import annotations

import argparse

from .shared import unless_given

SUMMARY = "list the trained models, show one's card, or manage your own"
DESCRIPTION = (
    "Lists the trained models when nothing else is asked for. Your own models can be copied in and out, renamed, "
    "deleted, and chosen as default; those of the program can be copied out."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds them; the namespace has the chosen action as ``act``."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(act="list")
    acts = parser.add_subparsers(metavar="ACTION")

    def add(act: str, summary: str, *names: str) -> argparse.ArgumentParser:
        action = acts.add_parser(act, help=summary, description=summary, allow_abbrev=False)
        for name in names:
            action.add_argument(name.lower(), metavar=name)
        unless_given(action)("--debug", action="store_true", help=argparse.SUPPRESS)
        action.set_defaults(act=act)
        return action

    listing = add("list", "list the models (also without an action)")
    card = add("show", "print the whole card of a model", "NAME")
    for action in (listing, card):
        unless_given(action)("--json", action="store_true", help="print JSON")
    add("rename", "give one of your models another name", "OLD", "NEW")
    add("delete", "delete one of your models", "NAME").add_argument("--yes", action="store_true", help="do not ask")
    copy_in = add("copy-in", "check a model that lies in a folder and copy it to your own", "FOLDER", "NAME")
    copy_in.add_argument("--as", dest="new_name", metavar="NEW", help="what to call it (as there)")
    copy_in.add_argument("--overwrite", action="store_true", help="it may take the place of one of yours")
    copy_out = add("copy-out", "copy a model's two files to a folder", "NAME", "FOLDER")
    copy_out.add_argument("--overwrite", action="store_true", help="files there may be replaced")
    default = add("default", "print or choose the model that --model default and Slicer's new scenes use")
    default.add_argument("name", metavar="NAME", nargs="?", help="the model to choose; none: print the choice")
