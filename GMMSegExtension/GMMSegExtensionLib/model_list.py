"""The models as the panel shows them: those that can be used, and those that cannot with the reason. Needs no Qt."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gmmseg import models
from gmmseg.errors import InputError
from gmmseg.model_card import ModelCard
from slicer.i18n import tr as _


@dataclass(frozen=True)
class ListedModel:
    """One line of the list.

    :param fault: the sentence for why it cannot be used, empty when it can.
    :param card: None when it cannot be read.
    """

    name: str
    isShipped: bool
    fault: str = ""
    card: ModelCard | None = None

    @property
    def origin(self) -> str:
        """Whose it is."""
        return _("Shipped") if self.isShipped else _("Yours")


def listedModels() -> tuple[list[ListedModel], list[str]]:
    """All models, the shipped default first and the broken ones last, and sentences for folders that cannot be read."""
    entries, faults = models.survey()
    shipped = models.shipped_folder()
    listed = [_ofEntry(entry, entry.weights.parent == shipped) for entry in entries]
    listed += [ListedModel(fault.name, fault.folder == shipped, fault.sentence) for fault in faults if fault.name]
    return listed, [fault.sentence for fault in faults if not fault.name]


def freeName(wanted: str) -> str:
    """A name like ``wanted`` that a new model of the user's can have; ``wanted`` itself when all like it are taken."""
    alike = [wanted, *(f"{wanted}-{number}" for number in range(2, 100))]
    return next((name for name in alike if not models.obstacle(name)), wanted)


def labels(listed: list[ListedModel]) -> dict[str, str]:
    """What a list of choices shows for each model that can be used."""
    return {model.name: f"{model.name}: {model.card.title}" for model in listed if model.card and not model.fault}


def detailsOf(model: ListedModel) -> str:
    """All that the card says that a user may want to know, as rich text."""
    card = model.card
    if card is None:
        return _paragraph("", model.fault)
    kinds = _("{classes}, on {contrast}").format(classes=", ".join(card.classes), contrast=card.contrast)
    parts = [
        _paragraph("", model.fault),
        _paragraph(card.name, card.title),
        _paragraph(_("Finds"), kinds),
        _paragraph(_("Training"), card.training),
        *(_paragraph(_("Taught from"), _source(source)) for source in card.data),
        _paragraph(_("Labels"), card.label_use),
        _paragraph(_("Figures"), "; ".join(_leaves(card.figures))),
        _paragraph(_("Made"), card.created),
    ]
    return "".join(parts)


def taughtFrom(card: ModelCard) -> str:
    """Names and licences of the data, in a line."""
    return "; ".join(f"{source['name']} ({source['licence']})" for source in card.data)


def _ofEntry(entry: models.Entry, isShipped: bool) -> ListedModel:
    try:
        entry.card.check_usable()
    except InputError as error:
        return ListedModel(entry.card.name, isShipped, str(error), entry.card)
    return ListedModel(entry.card.name, isShipped, "", entry.card)


def _source(source: Mapping[str, str]) -> str:
    licence = _("licence {licence}").format(licence=source["licence"]) if source["licence"] else _("no licence given")
    return "; ".join(filter(None, [source["name"], source["source"], licence, source["use"]]))


def _leaves(values: Any, path: str = "") -> Iterator[str]:
    """Each value with the names that lead to it, such as ``held out dice GM 0.93``."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            yield from _leaves(value, f"{path}{name} ")
    elif isinstance(values, list | tuple):
        yield path + " ".join(text for value in values for text in _leaves(value))
    else:
        yield path + (f"{values:.4g}" if isinstance(values, float) else "–" if values is None else str(values))


def _paragraph(title: str, text: str) -> str:
    if not text:
        return ""
    head = f"<b>{html.escape(title, quote=False)}:</b> " if title else ""
    return f"<p>{head}{html.escape(text, quote=False)}</p>"
