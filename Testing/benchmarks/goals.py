"""What the project set out to reach, beside what was measured: the "goal" column of its method description.

Goals are about the default mode. Peers are the other tools of the same run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .cases import TISSUES
from .comparison import METHOD, ratio_of_totals
from .figures import Record, single
from .markdown import NOTHING, table
from .statistics import Spread
from .summary import MethodSummary, Records, Summaries, is_peer

# data set -> (mean Dice, field CV)
PHANTOMS = {
    "phantoms pn3 rf20": (0.967, 0.010),
    "phantoms pn9 rf40": (0.94, 0.014),
    "phantoms pn3 rf40": (0.967, 0.013),
    "phantoms pn5 rf20 deep grey": (0.952, 0.012),
}
MANUAL, SIMULATED = "manual15", "brainweb"
MANUAL_DICE = {"GM": 0.87, "WM": 0.92}
SIMULATED_DICE = {"CSF": 0.90, "GM": 0.93, "WM": 0.93}
# One 1 mm T1 whose mask is given, on two cores.
TIMED = (*PHANTOMS, MANUAL)


@dataclass(frozen=True)
class Goal:
    """One goal.

    Attributes:
        what: what is measured, and on which data.
        goal: the figure to reach.
        measured: the figure reached, None when this run did not measure it.
        at_least: whether the figure should be at least, or at most, the goal.
        digits: after the point.
        note: names the scan or the peer that decides.
    """

    what: str
    goal: float
    measured: float | None
    at_least: bool = True
    digits: int = 3
    note: str = ""

    @property
    def margin(self) -> float | None:
        """How far on the good side of the goal; below 0 it is missed."""
        if self.measured is None:
            return None
        return self.measured - self.goal if self.at_least else self.goal - self.measured

    @property
    def verdict(self) -> str:
        if self.margin is None:
            return "not measured"
        distance = f"{abs(self.margin):.{self.digits}f}"
        if not float(distance):
            distance = f"less than {0.1**self.digits:.{self.digits}f}"
        return f"{'met' if self.margin >= 0 else '**missed**'} by {distance}"


def all_goals(summaries: Mapping[str, Summaries], records: Records) -> list[Goal]:
    """Every goal, measured or not.

    Args:
        summaries: by data set and method.
        records: those the summaries were made of.
    """
    own = {dataset: methods[METHOD] for dataset, methods in summaries.items() if METHOD in methods}
    return [
        *_phantoms(own),
        *_manual(own.get(MANUAL)),
        *(
            Goal(
                f"{SIMULATED}, Dice of {tissue}", goal, _mean(own[SIMULATED].dice(tissue)) if SIMULATED in own else None
            )
            for tissue, goal in SIMULATED_DICE.items()
        ),
        *_above_peers(summaries.get(MANUAL, {})),
        *(_worst_above_peers(dataset, methods) for dataset, methods in summaries.items() if any(map(is_peer, methods))),
        *_speed(records),
        *_cost(own),
    ]


def as_table(goals: Iterable[Goal]) -> str:
    """The goals as a Markdown table."""
    rows = []
    for goal in goals:
        bound = "≥" if goal.at_least else "≤"
        measured = NOTHING if goal.measured is None else f"{goal.measured:.{goal.digits}f}"
        verdict = f"{goal.verdict} ({goal.note})" if goal.note else goal.verdict
        rows.append([goal.what, f"{bound} {goal.goal:.{goal.digits}f}", measured, verdict])
    return table(["goal of mode fast", "aim", "measured", "verdict"], rows)


def _phantoms(own: Mapping[str, MethodSummary]) -> list[Goal]:
    goals = []
    for dataset, (dice, field_cv) in PHANTOMS.items():
        summary = own.get(dataset)
        after = summary.field_cv.get("after") if summary else None
        goals += [
            Goal(f"{dataset}, mean Dice", dice, _mean(summary.mean_dice) if summary else None),
            Goal(f"{dataset}, field CV", field_cv, _mean(after), at_least=False, digits=4),
        ]
    return goals


def _manual(own: MethodSummary | None) -> list[Goal]:
    change, white = (own.cjv_change, own.dice("WM")) if own else (None, None)
    return [
        *(
            Goal(f"{MANUAL}, Dice of {tissue}, mean", goal, _mean(own.dice(tissue)) if own else None)
            for tissue, goal in MANUAL_DICE.items()
        ),
        Goal(f"{MANUAL}, Dice of WM, worst scan", 0.85, *_worst(white)),
        Goal(f"{MANUAL}, change of CJV in %, mean", -5.0, _hundred(_mean(change)), at_least=False, digits=1),
        Goal(
            f"{MANUAL}, change of CJV in %, worst scan",
            1.0,
            _hundred(change.worst if change else None),
            at_least=False,
            digits=1,
            note=change.worst_case if change else "",
        ),
    ]


def _above_peers(methods: Summaries) -> list[Goal]:
    """Means on the manual scans against the best peer's."""

    def compared(
        what: str, figure: Callable[[MethodSummary], Spread | None], higher_is_better: bool = True
    ) -> list[Goal]:
        peers = {name: found.mean for name, one in methods.items() if is_peer(name) and (found := figure(one))}
        if not peers:
            return []
        best = (max if higher_is_better else min)(peers, key=lambda name: peers[name])
        measured = _mean(figure(methods[METHOD])) if METHOD in methods else None
        return [Goal(f"{MANUAL}, {what}, against the best peer", peers[best], measured, higher_is_better, note=best)]

    return [
        *compared("Dice of GM, mean", lambda one: one.dice("GM")),
        *compared("Dice of WM, mean", lambda one: one.dice("WM")),
        *compared("CJV after, mean", lambda one: one.evenness.get("cjv_after"), higher_is_better=False),
    ]


def _worst_above_peers(dataset: str, methods: Summaries) -> Goal:
    """The least lead of the worst scan over a peer's worst: mean Dice where the truth of CSF is whole, else GM, WM."""
    figures: dict[str, Callable[[MethodSummary], Spread | None]] = {"mean Dice": lambda one: one.mean_dice}
    if dataset not in PHANTOMS and dataset != SIMULATED:
        figures = {
            f"Dice of {tissue}": lambda one, tissue=tissue: one.dice(tissue) for tissue in list(TISSUES.values())[1:]
        }
    leads = {}
    for what, figure in figures.items():
        own = figure(methods[METHOD]) if METHOD in methods else None
        for name, summary in methods.items():
            peer = figure(summary)
            if own and peer and is_peer(name):
                leads[f"{what}, {name}"] = own.worst - peer.worst
    closest = min(leads, key=lambda name: leads[name], default="")
    return Goal(f"{dataset}, lead of the worst scan over each peer's worst", 0.0, leads.get(closest), note=closest)


def _speed(records: Records) -> list[Goal]:
    """Times the seconds of the peer with N4 and Atropos, over all the scans that both ran on."""
    slow: dict[str, Record] = {}
    quick: dict[str, Record] = {}
    for dataset, methods in records.items():
        for method, scans in methods.items():
            side = slow if is_peer(method) and "atropos" in method.lower() else quick if method == METHOD else {}
            side.update({f"{dataset}/{scan}": record for scan, record in scans.items()})
    return [
        Goal(
            f"{kind} seconds of N4 + Atropos, times those of fast", 10.0, ratio_of_totals(figure, slow, quick), digits=1
        )
        for kind, figure in (("wall", single("wall_seconds")), ("CPU", single("cpu_seconds")))
    ]


def _cost(own: Mapping[str, MethodSummary]) -> list[Goal]:
    """The dearest of the scans of about 1 mm whose mask was given."""

    def dearest(name: str) -> tuple[float | None, str]:
        found = {dataset: spread for dataset in TIMED if dataset in own and (spread := own[dataset].cost.get(name))}
        if not found:
            return None, ""
        dataset = max(found, key=lambda one: found[one].worst)
        return found[dataset].worst, f"{dataset} {found[dataset].worst_case}"

    medians = [
        own[name].cost["after_mask_seconds"].median
        for name in TIMED
        if name in own and "after_mask_seconds" in own[name].cost
    ]
    seconds, slowest = dearest("after_mask_seconds")
    memory, largest = dearest("peak_memory_mb")
    return [
        Goal("seconds after the mask at 1 mm, highest median of a data set", 5.0, max(medians, default=None), False, 1),
        Goal("seconds after the mask at 1 mm, slowest scan", 5.0, seconds, False, 1, slowest),
        Goal("peak memory in GB at 1 mm, largest", 2.0, None if memory is None else memory / 1000, False, 2, largest),
    ]


def _mean(spread: Spread | None) -> float | None:
    return spread.mean if spread else None


def _worst(spread: Spread | None) -> tuple[float | None, bool, int, str]:
    return (spread.worst if spread else None, True, 3, spread.worst_case if spread else "")


def _hundred(share: float | None) -> float | None:
    return None if share is None else 100 * share
