"""Tables 1 to 4: recall or IoU of networks trained with cross-entropy, and with the mixture's loss beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from . import markdown
from .config import ExperimentConfig, share_name
from .plan import exact, pair
from .store import CE, GMM_TV, Cell, Result
from .summary import (
    PROTOCOLS,
    TISSUES,
    Difference,
    Spread,
    Values,
    mean_difference,
    mean_over,
    seed_differences,
    spread,
    values,
)

LOSS_NAMES = {CE: "CE", GMM_TV: "CE + beta GMM_TV"}
MEASURE_NAMES = {"recall": "recall", "jaccard": "IoU"}
EVERY_NETWORK = "mean of the networks"


@dataclass(frozen=True)
class Entries:
    """Everything that a table of trained networks shows.

    Attributes:
        measure: ``recall`` or ``jaccard``.
        networks, shares: of the rows and columns.
        spreads: by protocol, network, loss, share and tissue.
        differences: by protocol, network (or :data:`EVERY_NETWORK`), share and tissue: with the mixture's loss minus
            without, paired by seed.
    """

    measure: str
    networks: tuple[str, ...]
    shares: tuple[Fraction, ...]
    spreads: Mapping[tuple[str, str, str, Fraction, int], Spread | None]
    differences: Mapping[tuple[str, str, Fraction, int], Difference | None]

    @property
    def protocols(self) -> tuple[str, ...]:
        """Those that differ: recall counts voxels with a label only, and is the same under both."""
        return PROTOCOLS[:1] if self.measure == "recall" else PROTOCOLS


def entries(data: str, config: ExperimentConfig, results: Mapping[Cell, Result | None], measure: str) -> Entries:
    """Summarises the cells of one data set."""
    spreads: dict[tuple[str, str, str, Fraction, int], Spread | None] = {}
    differences: dict[tuple[str, str, Fraction, int], Difference | None] = {}
    shares = exact(config.shares)
    for protocol in PROTOCOLS:
        for share in shares:
            for tissue in TISSUES:
                of_networks = []
                for network in config.networks:
                    scores = _scores(data, config, results, (network, share), (protocol, tissue, measure))
                    for loss, found in scores.items():
                        spreads[protocol, network, loss, share, tissue] = spread(found)
                    by_seed = seed_differences(scores[CE], scores[GMM_TV])
                    differences[protocol, network, share, tissue] = mean_difference(by_seed.values())
                    of_networks.append(by_seed)
                common = mean_over(of_networks)
                differences[protocol, EVERY_NETWORK, share, tissue] = mean_difference(common.values())
    return Entries(measure, config.networks, tuple(shares), spreads, differences)


def _scores(
    data: str,
    config: ExperimentConfig,
    results: Mapping[Cell, Result | None],
    of: tuple[str, Fraction],
    what: tuple[str, int, str],
) -> dict[str, Values]:
    """By loss the scores of a network's cells."""
    pairs = {seed: pair(data, *of, config, seed) for seed in range(config.seeds)}
    return {
        loss: values({seed: results.get(cells[loss]) for seed, cells in pairs.items()}, *what) for loss in LOSS_NAMES
    }


def csv_rows(found: Entries) -> list[dict[str, Any]]:
    """Every number, a line each."""
    rows = []
    for (protocol, network, loss, share, tissue), each in found.spreads.items():
        place = _place(protocol, network, LOSS_NAMES[loss], share, tissue, found.measure)
        rows.append(
            {
                **place,
                "mean": _number(each.mean if each else None),
                "sd": _number(each.sd if each else None),
                "scans": each.count if each else 0,
                "seeds": each.seeds if each else 0,
            }
        )
    for (protocol, network, share, tissue), paired in found.differences.items():
        place = _place(protocol, network, "difference", share, tissue, found.measure)
        rows.append(
            {
                **place,
                "mean": _number(paired.mean if paired else None),
                "standard_error": _number(paired.error if paired else None),
                "seeds": paired.count if paired else 0,
            }
        )
    return rows


def section(found: Entries, protocol: str) -> str:
    """The table of one protocol in Markdown, with what its numbers are."""
    header = [
        "network",
        "loss",
        *(f"{share_name(s)} {name}" for s in found.shares for name in TISSUES.values()),
        "seeds",
    ]
    columns = [(share, tissue) for share in found.shares for tissue in TISSUES]
    rows = []
    for network in found.networks:
        for loss, name in LOSS_NAMES.items():
            line = [found.spreads[protocol, network, loss, *column] for column in columns]
            rows.append(
                [network, name, *map(markdown.spread_text, line), _seeds([each.seeds if each else 0 for each in line])]
            )
        rows.append(_difference_row(found, protocol, network, columns))
    rows.append(_difference_row(found, protocol, EVERY_NETWORK, columns))
    return f"{_title(found, protocol)}\n\n{markdown.table(header, rows)}"


def _difference_row(found: Entries, protocol: str, network: str, columns: list[tuple[Fraction, int]]) -> list[str]:
    line = [found.differences[protocol, network, *column] for column in columns]
    texts = [f"*{markdown.difference_text(each)}*" if each else markdown.MISSING for each in line]
    return [network, "*difference*", *texts, _seeds([each.count if each else 0 for each in line])]


def explanation(found: Entries) -> str:
    """What the numbers of a table are."""
    name = MEASURE_NAMES[found.measure]
    sentences = [
        f"Each number is the {name}, mean ± standard deviation over the test scans of all seeds, by the share of the "
        "persons whose labels are used.",
        "*difference*: CE + beta GMM_TV minus CE on the same scans, mean over seeds ± its standard error.",
        markdown.CSF_NOTE,
    ]
    if _is_recall(found):
        sentences.append("Recall counts only voxels that have a label: it is the same under both protocols.")
    return " ".join(sentences)


def _title(found: Entries, protocol: str) -> str:
    if _is_recall(found):
        return "## Protocols *all* and *labelled*"
    what = "every voxel of the mask" if protocol == "all" else "voxels with a label only"
    return f"## Protocol *{protocol}*: {what}"


def _is_recall(found: Entries) -> bool:
    return found.measure == "recall"


def _seeds(counts: list[int]) -> str:
    """Such as ``3``, or ``1-3`` where columns differ."""
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low}-{high}"


def _place(protocol: str, network: str, row: str, share: Fraction, tissue: int, measure: str) -> dict[str, Any]:
    return {
        "protocol": protocol,
        "network": network,
        "row": row,
        "share": share_name(share),
        "tissue": TISSUES[tissue],
        "measure": MEASURE_NAMES[measure],
        "mean": "",
        "sd": "",
        "standard_error": "",
        "scans": "",
        "seeds": "",
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
