"""What the codes of a BIDS label file mean: by the table beside it, else by BIDS' own list."""

from __future__ import annotations

import csv
from pathlib import Path

from ..errors import InputError
from .bids_names import parsed
from .files import stem
from .subjects import CSF, GM, UNLABELLED, WM

# BIDS, "Common image-derived labels": of background, bone, soft tissue and what is no brain, nothing is a tissue.
STANDARD = {0: UNLABELLED, 1: GM, 2: WM, 3: CSF, 8: GM, 9: GM} | dict.fromkeys((4, 5, 6, 7, 10, 11), UNLABELLED)
# Lesion, brain stem, cerebellum: brain, but not divided into tissues.
_STANDARD_IGNORED = frozenset((7, 10, 11))
_ABBREVIATIONS = {
    "BG": 0, "GM": 1, "WM": 2, "CSF": 3, "B": 4, "ST": 5, "NB": 6, "L": 7, "CGM": 8, "SGM": 9, "BS": 10, "CBM": 11,
}  # fmt: skip
_NAMES = {
    "background": 0,
    "grey matter": 1,
    "white matter": 2,
    "cerebrospinal fluid": 3,
    "bone": 4,
    "soft tissue": 5,
    "non brain": 6,
    "lesion": 7,
    "cortical grey matter": 8,
    "subcortical grey matter": 9,
    "brainstem": 10,
    "brain stem": 10,
    "cerebellum": 11,
}


def label_meaning(labels: Path | None, root: Path) -> tuple[dict[int, int], frozenset[int]]:
    """What each code of a label file is (0 unlabelled, 1 CSF, 2 GM, 3 WM), and the codes that count in no measure.

    Args:
        labels: the label file; None for BIDS' own list.
        root: the data set, up to which tables are looked for (BIDS' inheritance).

    Raises:
        InputError: the table cannot be understood.
    """
    table = None if labels is None else _table(labels, root)
    if table is None:
        return dict(STANDARD), _STANDARD_IGNORED
    standard = {0: 0} | _standard_codes(table)
    if not any(STANDARD[code] for code in standard.values()):
        raise InputError(
            f"'{table}' names no tissue; give it a column 'abbreviation' with GM, WM and CSF, or 'mapping' with BIDS' "
            "codes 1, 2 and 3."
        )
    meaning = {code: STANDARD[as_standard] for code, as_standard in standard.items()}
    return meaning, frozenset(code for code, as_standard in standard.items() if as_standard in _STANDARD_IGNORED)


def _table(labels: Path, root: Path) -> Path | None:
    """The nearest ``..._dseg.tsv`` that applies: its name holds no other entities than the label file's."""
    entities = parsed(stem(labels)).values
    for folder in (labels.parent, *labels.parent.parents):
        fitting = []
        for file in sorted(folder.glob("*dseg.tsv")):
            pairs = [part for part in file.name.removesuffix(".tsv").split("_") if "-" in part]
            if all(pair.partition("-")[2] == entities.get(pair.partition("-")[0]) for pair in pairs):
                fitting.append((len(pairs), file))
        if fitting:
            return max(fitting)[1]
        if folder == root:
            break
    return None


def _standard_codes(table: Path) -> dict[int, int]:
    """BIDS' own code for each code in a table: by its column mapping, abbreviation or name; 0 where none is known."""
    codes = {}
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                codes[int(row["index"])] = _standard_code(row)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"'{table}' is no table of labels; it needs a column 'index' of whole numbers.") from error
    return codes


def _standard_code(row: dict[str, str]) -> int:
    mapping = (row.get("mapping") or "").strip()
    if mapping.isdecimal() and int(mapping) in STANDARD:
        return int(mapping)
    name = " ".join((row.get("name") or "").lower().replace("gray", "grey").replace("-", " ").replace("_", " ").split())
    for known in (row.get("abbreviation") or "", name):
        if known.strip().upper() in _ABBREVIATIONS:
            return _ABBREVIATIONS[known.strip().upper()]
    return _NAMES.get(name, 0)
