"""Names of BIDS files: ``sub-01_ses-2_run-1_desc-manual_dseg`` taken apart, and which derivative is of which scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# What names a scan; a derivative repeats these and adds others (space, res, desc, ...).
_SOURCE = ("sub", "ses", "acq", "ce", "rec", "run")


@dataclass(frozen=True)
class Entities:
    """The parts of a name: values by key, and the suffix (``T1w``), empty where the name is none of BIDS."""

    values: Mapping[str, str]
    suffix: str

    def of(self, key: str) -> str:
        """The value of a key; empty when the name does not have it."""
        return self.values.get(key, "")

    @property
    def source(self) -> dict[str, str]:
        """Those that name the scan."""
        return {key: value for key, value in self.values.items() if key in _SOURCE}


def parsed(name: str) -> Entities:
    """The parts of a file's name without its ending; parts that are no ``key-value`` are left out."""
    *pairs, suffix = name.split("_")
    values = dict(pair.split("-", 1) for pair in pairs if "-" in pair)
    return Entities(values, suffix if "-" not in suffix and "sub" in values else "")


def belongs(derived: Entities, scan: Entities, alone: bool) -> bool:
    """Whether a derivative is of a scan: the same source, or, for the only scan of a session, part of it."""
    if derived.source == scan.source:
        return True
    named = derived.source.items() <= scan.source.items()
    return alone and named and (derived.of("sub"), derived.of("ses")) == (scan.of("sub"), scan.of("ses"))
