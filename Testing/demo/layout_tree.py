"""Where the views of a Slicer layout lie: the layout's XML as rectangles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

GAP = 4


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, origin at the top left."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Place:
    """One view of a layout: class and singleton tag of its node, and where it lies."""

    class_name: str
    tag: str
    box: Box


def places(description: str, size: tuple[int, int]) -> list[Place]:
    """The views of a layout description (as of `vtkMRMLLayoutNode.GetCurrentLayoutDescription`) laid out in a size.

    Of tabs the first is seen. Splitters have the proportions that the layout asks for (`splitSize`), else equal parts.
    """
    root = ElementTree.fromstring(description)
    layout = root if root.tag == "layout" else root.find(".//layout")
    return list(_places_of(layout, Box(0, 0, *size)))


def _places_of(layout: ElementTree.Element, box: Box) -> Iterator[Place]:
    items = layout.findall("item")
    kind = layout.get("type", "horizontal")
    if kind == "tab":
        boxes, items = [box], items[:1]
    elif kind == "grid":
        boxes = _grid(items, box)
    else:
        boxes = _row(items, box, is_vertical=kind == "vertical")
    for item, inside in zip(items, boxes, strict=True):
        for view in item.findall("view"):
            yield Place(view.get("class", ""), view.get("singletontag", ""), inside)
        for nested in item.findall("layout"):
            yield from _places_of(nested, inside)


def _row(items: list[ElementTree.Element], box: Box, is_vertical: bool) -> list[Box]:
    shares = [float(item.get("splitSize") or 0) for item in items]
    if not all(shares):
        shares = [1.0] * len(items)
    spans = _spans(box.height if is_vertical else box.width, shares)
    if is_vertical:
        return [Box(box.left, box.top + start, box.width, length) for start, length in spans]
    return [Box(box.left + start, box.top, length, box.height) for start, length in spans]


def _grid(items: list[ElementTree.Element], box: Box) -> list[Box]:
    cells = [(int(item.get("row", 0)), int(item.get("column", 0))) for item in items]
    rows = _spans(box.height, [1.0] * (max(row for row, _ in cells) + 1))
    columns = _spans(box.width, [1.0] * (max(column for _, column in cells) + 1))
    return [
        Box(box.left + columns[column][0], box.top + rows[row][0], columns[column][1], rows[row][1])
        for row, column in cells
    ]


def _spans(length: int, shares: list[float]) -> list[tuple[int, int]]:
    """Start and length of each part, with a gap between neighbours."""
    free, total, done, spans = length - GAP * (len(shares) - 1), sum(shares), 0.0, []
    for index, share in enumerate(shares):
        start, end = round(free * done / total), round(free * (done + share) / total)
        spans.append((start + index * GAP, end - start))
        done += share
    return spans
