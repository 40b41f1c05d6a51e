"""The default mode against every other method on the same scans: paired differences of accuracy, ratios of seconds."""

from __future__ import annotations

from collections.abc import Mapping

from .figures import Figure, Record, score, single, within
from .statistics import PairedDifference, paired_difference
from .summary import is_peer, values

METHOD = "fast"
COMPARED: dict[str, Figure] = {
    "Dice GM all": score("dice", 2),
    "Dice WM all": score("dice", 3),
    "Dice GM labelled": score("dice", 2, "labelled"),
    "Dice WM labelled": score("dice", 3, "labelled"),
    "CJV after": within("evenness", "cjv_after"),
}

# method -> scan -> record, of one data set
Scans = Mapping[str, Mapping[str, Record]]


def paired_differences(scans: Scans) -> dict[str, dict[str, PairedDifference | None]]:
    """Mode ``fast`` minus each other method, by method and figure of :data:`COMPARED`."""
    own = scans.get(METHOD, {})
    found = {
        method: {
            name: paired_difference(values(figure, own), values(figure, others)) for name, figure in COMPARED.items()
        }
        for method, others in scans.items()
        if method != METHOD
    }
    return {method: differences for method, differences in found.items() if any(differences.values())}


def ratio_of_totals(figure: Figure, slow: Mapping, quick: Mapping) -> float | None:
    """Total of a figure over the scans that both methods have, first over second; None without such scans.

    Args:
        figure: what is added up.
        slow, quick: record by scan.
    """
    above, below = values(figure, slow), values(figure, quick)
    shared = [name for name in above if above[name] is not None and below.get(name) is not None]
    total = sum(below[name] for name in shared)
    return sum(above[name] for name in shared) / total if total else None


def speed_ratios(scans: Scans) -> dict[str, dict[str, float | None]]:
    """How many times the seconds of mode ``fast`` each peer takes: ``wall`` and ``cpu``, by peer."""
    own = scans.get(METHOD, {})
    ratios = {
        method: {kind: ratio_of_totals(single(f"{kind}_seconds"), others, own) for kind in ("wall", "cpu")}
        for method, others in scans.items()
        if is_peer(method)
    }
    return {method: found for method, found in ratios.items() if any(found.values())}
