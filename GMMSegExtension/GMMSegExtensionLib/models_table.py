"""The table of the models: name with marks, title, whose it is, and when it was made."""

from __future__ import annotations

import qt
from slicer.i18n import tr as _

from .model_list import ListedModel, taughtFrom
from .tooltips import paragraphs

_COLUMN_WIDTHS = (78, 92, 58, 70)
_HIGHEST = 190
_LOWEST = 60
_GREY = "#8c8c8c"


class ModelsTable:
    """Fills a QTableWidget and knows which model is selected.

    :param onSelected: called when another model is selected.
    """

    def __init__(self, table, onSelected) -> None:
        self._table = table
        self._models: list[ListedModel] = []
        self._onSelected = onSelected
        self._isFilling = False
        for column, width in enumerate(_COLUMN_WIDTHS):
            table.setColumnWidth(column, width)
        table.connect("itemSelectionChanged()", self._onSelectionChanged)

    @property
    def selected(self) -> ListedModel | None:
        """The model of the selected row, None without any."""
        row = self._table.currentRow()
        isSelected = bool(self._table.selectedItems()) and 0 <= row < len(self._models)
        return self._models[row] if isSelected else None

    def fill(self, models: list[ListedModel], inUse: str, default: str) -> None:
        """Show ``models``; the one that was selected stays so, else the one in use is.

        :param inUse: name of the model that runs of this scene use.
        :param default: name of the one that new scenes begin with.
        """
        before = self.selected.name if self.selected is not None else inUse
        self._models = models
        self._isFilling = True
        try:
            self._table.rowCount = len(models)
            for row, model in enumerate(models):
                for column, item in enumerate(_items(model, _marks(model.name, inUse, default))):
                    self._table.setItem(row, column, item)
            self._table.resizeRowsToContents()
            self._select(before if before in [model.name for model in models] else inUse)
        finally:
            self._isFilling = False
        self._fit()
        self._onSelected()

    def select(self, name: str) -> None:
        """Select the model ``name``, if it is there."""
        self._select(name)

    def _select(self, name: str) -> None:
        for row, model in enumerate(self._models):
            if model.name == name:
                self._table.selectRow(row)
                return
        self._table.clearSelection()

    def _fit(self) -> None:
        """As tall as its rows, within limits: beyond, it scrolls."""
        rows = sum(self._table.rowHeight(row) for row in range(len(self._models)))
        height = self._table.horizontalHeader().sizeHint.height() + rows + 2 * self._table.frameWidth
        self._table.setFixedHeight(min(max(height, _LOWEST), _HIGHEST))

    def _onSelectionChanged(self) -> None:
        if not self._isFilling:
            self._onSelected()


def _marks(name: str, inUse: str, default: str) -> list[str]:
    return [text for text, other in ((_("in use"), inUse), (_("default"), default)) if name == other]


def _items(model: ListedModel, marks: list[str]) -> list:
    title = model.card.title if model.card is not None else _("cannot be used")
    created = model.card.created if model.card is not None else ""
    name = f"{model.name}\n({', '.join(marks)})" if marks else model.name
    return [_item(text, model) for text in (name, title, model.origin, created)]


def _item(text: str, model: ListedModel):
    item = qt.QTableWidgetItem(text)
    # Broken ones can be selected too: they can be deleted.
    item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
    if model.fault:
        item.setForeground(qt.QBrush(qt.QColor(_GREY)))
    item.setToolTip(_toolTip(model))
    return item


def _toolTip(model: ListedModel) -> str:
    if model.fault or model.card is None:
        return paragraphs(model.fault)
    data = _("Taught from: {data}.").format(data=taughtFrom(model.card)) if model.card.data else ""
    return paragraphs(f"{model.name}: {model.card.title}", data)
