"""What the runs of a benchmark say together: figures per data set and method, over scans, from the stored records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gmmseg.metrics import SCORES
from gmmseg.settings import MODES

from .cases import TISSUES, BenchmarkCase
from .figures import Figure, Record, after_mask_seconds, cjv_change, mean_dice, score, single, within
from .statistics import Spread, spread

PROTOCOLS = ("all", "labelled")
EVENNESS = ("cv_wm", "cv_gm", "cjv")
# The order of the tables: our own methods as here, then every other as it comes.
_OWN_METHODS = tuple(dict.fromkeys(("fast", "train", "em", *MODES)))

# data set -> method -> scan -> record
Records = dict[str, dict[str, dict[str, Record]]]


@dataclass(frozen=True)
class MethodSummary:
    """One method on one data set. Figures that no scan has are absent (or None).

    Attributes:
        method: its name.
        count: scans it ran on.
        scores: by protocol, tissue and score (Dice, precision, ...).
        mean_dice: mean over the three tissues, protocol ``all``.
        gm_with_csf: Dice of grey matter and CSF taken as one, protocol ``all``.
        field_cv: CV of true over estimated field, ``before`` (no correction) and ``after``.
        evenness: CV and CJV in the eroded true tissues, ``cjv_before``, ``cjv_after`` and so on.
        cjv_change: CJV after over before, less one.
        volume_ml: by tissue.
        cost: ``wall_seconds``, ``after_mask_seconds`` (without finding the brain), ``cpu_seconds``,
            ``peak_memory_mb``.
    """

    method: str
    count: int
    scores: dict[str, dict[str, dict[str, Spread]]]
    mean_dice: Spread | None
    gm_with_csf: Spread | None
    field_cv: dict[str, Spread]
    evenness: dict[str, Spread]
    cjv_change: Spread | None
    volume_ml: dict[str, Spread]
    cost: dict[str, Spread]

    def dice(self, tissue: str, protocol: str = "all") -> Spread | None:
        """Dice of one tissue over the scans."""
        return self.scores[protocol][tissue].get("dice")


# method -> summary, of one data set
Summaries = Mapping[str, MethodSummary]


def arranged(cases: Iterable[BenchmarkCase], results: Mapping[str, Record]) -> Records:
    """The records of the given scans by data set, method and scan; our own methods first."""
    records: Records = {}
    for case in cases:
        methods = records.setdefault(case.dataset, {})
        for key, record in results.items():
            owner, _, method = key.rpartition("/")
            if owner == case.key:
                methods.setdefault(method, {})[case.name] = record
    return {
        dataset: {method: methods[method] for method in sorted(methods, key=_rank)}
        for dataset, methods in records.items()
        if methods
    }


def is_peer(method: str) -> bool:
    """Whether ``method`` is another tool, not a mode of this one (named ``mode`` or ``mode@device``)."""
    return method.split("@")[0] not in _OWN_METHODS


def summarise(records: Records) -> dict[str, dict[str, MethodSummary]]:
    """A summary for each data set and method."""
    return {
        dataset: {method: summarise_method(method, scans) for method, scans in methods.items()}
        for dataset, methods in records.items()
    }


def summarise_method(method: str, scans: Mapping[str, Record]) -> MethodSummary:
    """One method over the scans of a data set.

    Args:
        method: its name.
        scans: record by scan.
    """

    def high_is_good(figures: Mapping[str, Figure]) -> dict[str, Spread]:
        return _spreads(scans, figures, lowest_is_worst=True)

    def low_is_good(figures: Mapping[str, Figure]) -> dict[str, Spread]:
        return _spreads(scans, figures, lowest_is_worst=False)

    changes = [f"{name}_{when}" for name in EVENNESS for when in ("before", "after")]
    return MethodSummary(
        method=method,
        count=len(scans),
        scores={
            protocol: {
                tissue: high_is_good({name: score(name, label, protocol) for name in SCORES})
                for label, tissue in TISSUES.items()
            }
            for protocol in PROTOCOLS
        },
        mean_dice=spread(values(mean_dice, scans)),
        gm_with_csf=spread(values(single("gm_with_csf_dice"), scans)),
        field_cv=low_is_good({when: within("field_cv", when) for when in ("before", "after")}),
        evenness=low_is_good({name: within("evenness", name) for name in changes}),
        cjv_change=spread(values(cjv_change, scans), lowest_is_worst=False),
        volume_ml=high_is_good({tissue: within("volume_ml", tissue) for tissue in TISSUES.values()}),
        cost=low_is_good(
            {
                "after_mask_seconds": after_mask_seconds,
                **{name: single(name) for name in ("wall_seconds", "cpu_seconds", "peak_memory_mb")},
            }
        ),
    )


def values(figure: Figure, scans: Mapping[str, Record]) -> dict[str, float | None]:
    """The figure of every scan, by name."""
    return {name: figure(record) for name, record in scans.items()}


def _spreads(scans: Mapping[str, Record], figures: Mapping[str, Figure], lowest_is_worst: bool) -> dict[str, Spread]:
    found = {name: spread(values(figure, scans), lowest_is_worst) for name, figure in figures.items()}
    return {name: statistics for name, statistics in found.items() if statistics}


def _rank(method: str) -> tuple[int, int]:
    name, _, device = method.partition("@")
    return (_OWN_METHODS.index(name) if name in _OWN_METHODS else len(_OWN_METHODS), len(device))
