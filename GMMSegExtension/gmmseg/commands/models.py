"""``gmmseg models``: which models there are, what their cards say, and what to do with those of one's own."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .. import models
from ..errors import InputError
from ..model_card import DATA_ENTRIES

WIDTH = 100
_INDENT = 14


def run(arguments: argparse.Namespace) -> int:
    """Does ``arguments.act``, by default ``list``; returns 0.

    Raises:
        InputError: the model is not there, its files are damaged, or it cannot be changed as asked for.
    """
    print(_ACTS[arguments.act](arguments))
    return 0


def _list(arguments: argparse.Namespace) -> str:
    entries, faults = models.survey()
    sentences = [fault.sentence for fault in faults]
    as_json = {"models": [facts(entry) for entry in entries], "faults": sentences}
    return _json(as_json) if arguments.json else listing(entries, sentences)


def _show(arguments: argparse.Namespace) -> str:
    entry = models.find(arguments.name)
    models.read_weights(entry)  # a card is worth little beside weights that it does not describe
    return _json(facts(entry)) if arguments.json else whole_card(entry)


def _rename(arguments: argparse.Namespace) -> str:
    card = models.rename(arguments.old, arguments.new)
    return f"'{arguments.old}' is now '{card.name}'."


def _delete(arguments: argparse.Namespace) -> str:
    models.folder_of_own(arguments.name, "deleted")
    if not arguments.yes and not _agrees(f"Delete the model '{arguments.name}' for good?"):
        return f"'{arguments.name}' was not deleted."
    models.delete(arguments.name)
    return f"'{arguments.name}' is deleted."


def _agrees(question: str) -> bool:
    if not sys.stdin.isatty():
        raise InputError("There is nobody to ask whether the model shall go; add --yes.")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _copy_in(arguments: argparse.Namespace) -> str:
    models.check(arguments.folder, arguments.name)
    card = models.copy_in(arguments.folder, arguments.name, arguments.new_name, arguments.overwrite)
    return f"'{card.name}' is now in '{models.user_folder()}'; give segment the option --model {card.name}."


def _copy_out(arguments: argparse.Namespace) -> str:
    card = models.copy_out(arguments.name, arguments.folder, arguments.overwrite)
    return f"'{card.name}' is now in '{arguments.folder}' too."


def _default(arguments: argparse.Namespace) -> str:
    if arguments.name is None:
        return models.default()
    models.set_default(arguments.name)
    return f"'{arguments.name}' is what --model default and new scenes of Slicer's panel use from now on."


_ACTS: dict[str, Callable[[argparse.Namespace], str]] = {
    "list": _list,
    "show": _show,
    "rename": _rename,
    "delete": _delete,
    "copy-in": _copy_in,
    "copy-out": _copy_out,
    "default": _default,
}


def facts(entry: models.Entry) -> dict[str, Any]:
    """JSON-ready: the card's entries, ``weights`` (path), ``bytes``, ``shipped``, ``default`` and ``chosen``.

    ``default`` is the one that runs without a model's name use, ``chosen`` the user's default.
    """
    return {
        **dataclasses.asdict(entry.card),
        "weights": str(entry.weights),
        "bytes": entry.size,
        "default": entry.card.name == models.DEFAULT,
        "chosen": entry.card.name == models.default(),
        "shipped": entry.weights.parent == models.shipped_folder(),
    }


def listing(entries: list[models.Entry], faults: list[str]) -> str:
    """A paragraph a model, and a line for each that cannot be used."""
    paragraphs = [_paragraph(entry) for entry in entries]
    if not entries:
        paragraphs.append("There are no models.")
    paragraphs += [f"Not usable: {sentence}" for sentence in faults]
    return "\n\n".join(paragraphs)


def whole_card(entry: models.Entry) -> str:
    """All that the card says, for people."""
    card = entry.card
    lines = [
        *_summary(entry),
        _line("labels", card.label_use),
        *(_line("data", _source(source)) for source in card.data),
        *_tree("figures", card.figures),
        *_tree("settings", card.settings),
        _line("created", card.created),
        _line("weights", str(entry.weights)),
        _line("sha256", card.sha256),
    ]
    return "\n".join(lines)


def _paragraph(entry: models.Entry) -> str:
    card = entry.card
    lines = [*_summary(entry), _line("data", ", ".join(source["name"] for source in card.data))]
    return "\n".join([*lines, _line("figures", ", ".join(_leaves(card.figures)))])


def _summary(entry: models.Entry) -> list[str]:
    card = entry.card
    default = " (default)" if card.name == models.DEFAULT else ""
    if card.name == models.default() and card.name != models.DEFAULT:
        default = " (your default)"
    channels = f", {card.in_channels} channels" if card.in_channels > 1 else ""
    return [
        f"{card.name}{default}: {card.title}",
        _line("classes", f"{', '.join(card.classes)}, on {card.contrast}{channels}"),
        _line("size", f"{entry.size / 1e6:.1f} MB, network {card.network} of base width {card.base_width}"),
        _line("training", card.training),
    ]


def _source(source: Mapping[str, str]) -> str:
    name, *rest = (source[entry] for entry in DATA_ENTRIES)
    return f"{name}: {'; '.join(text for text in rest if text)}"


def _tree(title: str, values: Mapping[str, Any]) -> list[str]:
    """A line for each entry of ``values``, the title before the first."""
    return [
        _line(title if number == 0 else "", f"{name} {', '.join(_leaves(value))}")
        for number, (name, value) in enumerate(values.items())
    ]


def _leaves(values: Any, path: str = "") -> Iterator[str]:
    """Each value with the names that lead to it, such as ``phantoms GM 0.93``."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            yield from _leaves(value, f"{path}{name} ")
    elif isinstance(values, (list, tuple)):
        yield path + " ".join(text for value in values for text in _leaves(value))
    else:
        yield path + (f"{values:.4g}" if isinstance(values, float) else json.dumps(values).strip('"'))


def _line(title: str, text: str) -> str:
    return textwrap.fill(
        text or "-",
        WIDTH,
        initial_indent=f"  {title}".ljust(_INDENT),
        subsequent_indent=" " * _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
