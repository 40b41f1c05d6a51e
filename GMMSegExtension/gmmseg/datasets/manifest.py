"""A CSV manifest: one scan a row, for data that lie in no known layout.

Columns, in any order and case, separated by commas, semicolons or tabs:

- ``id``: names the scan;
- ``image``, ``image_<name>`` or a contrast (``T1``, ``T2``, ``PD``, ``FLAIR``, ``IR``): one or more, files of channels,
  that of the first column defining the grid;
- ``mask``, ``labels``: files, may be empty;
- ``group``: names the person, where one has several scans; without it each scan is a person;
- ``csf``, ``gm``, ``wm``, ``ignored``: codes in the label file, such as ``5+6``; without them 1, 2 and 3.

Others (age, sex) are left alone. Files are found from the manifest's folder. In a folder it is called ``manifest.csv``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from .files import chosen
from .subjects import AS_STORED, CSF, GM, UNLABELLED, WM, Subject

LAYOUT = "a manifest.csv"
NAME = "manifest.csv"
_CONTRAST = re.compile(r"(T1|T2|PD)w?|FLAIR|IR", re.IGNORECASE)
_CODES = {"csf": CSF, "gm": GM, "wm": WM}

Row = dict[str, str]


def recognises(path: Path) -> bool:
    return (path / NAME).is_file() if path.is_dir() else path.suffix.lower() in (".csv", ".tsv")


def read(path: Path, channels: Sequence[str] | None = None) -> list[Subject]:
    """A scan for each row.

    Raises:
        InputError: it is no such table, a column or a file is missing, or codes cannot be understood.
    """
    path = path / NAME if path.is_dir() else path
    columns, rows = _table(path)
    known: dict[str, str] = {}
    for column in columns:
        name = _channel_name(column)
        if name in known:
            raise InputError(f"'{path}' has two columns for the channel '{name}'; rename one of them.")
        known |= {name: column.lower()} if name else {}
    for needed in ("id", "image"):
        if needed not in [column.lower() for column in columns] and not (needed == "image" and known):
            raise InputError(f"'{path}' has no column '{needed}'; add it (its first line names the columns).")
    if not rows:
        raise InputError(f"'{path}' lists no scan; add a line for each.")
    names = chosen(channels, tuple(known), tuple(known))
    return [_subject(path, number, row, {name: known[name] for name in names}) for number, row in rows]


def _channel_name(column: str) -> str:
    """``T1`` for T1w, t1 and image_T1; empty for columns that hold no image."""
    bare = re.sub(r"^image[ _:-](?=.)", "", column, flags=re.IGNORECASE)
    if _CONTRAST.fullmatch(bare):
        return bare.upper().removesuffix("W")
    if re.fullmatch(r"image\d*", column, re.IGNORECASE):
        return column.lower()
    return bare if bare != column else ""


def _table(path: Path) -> tuple[list[str], list[tuple[int, Row]]]:
    """The columns' names, and each line that is not empty with its number, by lower-case name of the column."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"'{path}' is no text in UTF-8; save it as CSV UTF-8.") from error
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    lines = csv.reader(io.StringIO(text), delimiter=separator)
    columns = [column.strip() for column in next(lines, [])]
    lowered = [column.lower() for column in columns]
    for column in lowered:
        if column and lowered.count(column) > 1:
            raise InputError(f"'{path}' has two columns '{column}'; rename one of them.")
    rows = []
    for cells in lines:
        if any(cell.strip() for cell in cells):
            rows.append((lines.line_num, dict(zip(lowered, map(str.strip, cells), strict=False))))
    return columns, rows


def _subject(path: Path, number: int, row: Row, channels: dict[str, str]) -> Subject:
    where = f"line {number} of '{path}'"
    name = row.get("id", "")
    if not name:
        raise InputError(f"The scan in {where} has no id; give it one.")
    files = {channel: _file(path, where, row, column) for channel, column in channels.items()}
    for channel, file in files.items():
        if file is None:
            column = channels[channel]
            raise InputError(f"The column '{column}' is empty in {where}; name the file, or delete the line.")
    meaning, ignored = _meaning(where, row)
    return Subject(
        id=name,
        group=row.get("group") or name,
        channels={channel: file for channel, file in files.items() if file is not None},
        labels_path=_file(path, where, row, "labels"),
        mask_path=_file(path, where, row, "mask"),
        meaning=meaning,
        ignored=ignored,
    )


def _file(path: Path, where: str, row: Row, column: str) -> Path | None:
    if not row.get(column):
        return None
    file = path.parent / row[column]
    if not file.exists():
        raise InputError(f"'{file}', the {column} in {where}, is missing; put it there or correct the line.")
    return file


def _meaning(where: str, row: Row) -> tuple[dict[int, int], frozenset[int]]:
    codes = {column: _numbers(where, row, column) for column in (*_CODES, "ignored")}
    every = [code for column in codes.values() for code in column]
    if len(set(every)) < len(every) or 0 in every:
        raise InputError(f"A code has two meanings in {where}; name each once, and not 0, which is unlabelled.")
    tissues = {code: tissue for column, tissue in _CODES.items() for code in codes[column]}
    ignored = frozenset(codes["ignored"])
    if ignored & set(AS_STORED) and not tissues:
        raise InputError(f"A code that is a tissue is ignored in {where}; name the tissues' codes in csf, gm and wm.")
    return {UNLABELLED: UNLABELLED} | (tissues or dict(AS_STORED)) | dict.fromkeys(ignored, UNLABELLED), ignored


def _numbers(where: str, row: Row, column: str) -> list[int]:
    """Codes such as ``5+6``, ``5 6`` or ``5|6``."""
    parts = re.split(r"[+|\s]+", row.get(column, "").strip())
    if not all(re.fullmatch(r"\d{1,6}|", part) for part in parts):
        raise InputError(f"The column '{column}' has '{row[column]}' in {where}; write codes such as 5+6.")
    return [int(part) for part in parts if part]
