"""What the experiments are called, which data set each takes, and which cells it needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..datasets import Subject
from ..errors import InputError
from .config import ExperimentConfig
from .store import CE, GMM_TV, LOSSES, METHODS, Cell, ScanCell, TrainingCell

# The measure and the place of the data set (first or second) of the tables of trained networks.
MEASURES = {"table1": ("recall", 0), "table2": ("jaccard", 0), "table3": ("recall", 1), "table4": ("jaccard", 1)}
EXPERIMENTS = (*MEASURES, "table5", "figure4", "figure6")
ALL = "all"


@dataclass(frozen=True)
class Experiment:
    """One table or figure to be made.

    Attributes:
        name: of :data:`EXPERIMENTS`.
        data: names of its data sets.
    """

    name: str
    data: tuple[str, ...]


def experiments(names: Sequence[str], data: Sequence[str]) -> list[Experiment]:
    """What was asked for, in the order of :data:`EXPERIMENTS`.

    Tables 3 and 4 take the second data set, or the only one; with ``all`` they are made when there is a second.
    """
    wanted = set(names)
    if ALL in wanted:
        wanted |= {name for name in EXPERIMENTS if name not in MEASURES or MEASURES[name][1] < len(data)}
    made = []
    for name in EXPERIMENTS:
        if name in wanted:
            place = MEASURES[name][1] if name in MEASURES else 0
            made.append(Experiment(name, tuple(data) if name == "table5" else (data[min(place, len(data) - 1)],)))
    return made


def cells(
    made: Iterable[Experiment], config: ExperimentConfig, subjects: dict[str, Sequence[Subject]]
) -> list[TrainingCell | ScanCell]:
    """Each cell that is needed once; seeds one after the other, so that a part of them gives whole tables."""
    needed: list[Cell] = []
    for experiment in made:
        for data in experiment.data:
            needed += _cells(experiment.name, data, config, subjects[data])
    unique = dict.fromkeys(needed)
    return sorted(unique, key=lambda cell: cell.seed if isinstance(cell, TrainingCell) else -1)


def table_cells(data: str, config: ExperimentConfig) -> list[TrainingCell]:
    """Of tables 1 to 4: networks, losses and shares, seed after seed."""
    return [
        cell
        for seed in range(config.seeds)
        for network in config.networks
        for share in exact(config.shares)
        for cell in pair(data, network, share, config, seed).values()
    ]


def pair(data: str, network: str, share: Fraction, config: ExperimentConfig, seed: int) -> dict[str, TrainingCell]:
    """The two trainings that are compared, by loss."""
    return {loss: _training(data, network, loss, share, config.beta, config.gamma, seed) for loss in LOSSES}


def sweep_cells(data: str, config: ExperimentConfig) -> dict[str, dict[float, list[TrainingCell]]]:
    """Of figure 6: by ``beta`` or ``gamma`` and its value, one cell a seed; at ``beta`` 0 those of cross-entropy."""
    sweep = config.sweep
    (share,) = exact([sweep.share])

    def each(beta: float, gamma: float) -> list[TrainingCell]:
        loss = GMM_TV if beta > 0 else CE
        return [_training(data, sweep.network, loss, share, beta, gamma, seed) for seed in range(config.seeds)]

    return {
        "beta": {beta: each(beta, config.gamma) for beta in (0.0, *(beta for beta in sweep.betas if beta > 0))},
        "gamma": {gamma: each(config.beta, gamma) for gamma in sweep.gammas},
    }


def scan_cells(data: str, config: ExperimentConfig, subjects: Sequence[Subject]) -> list[ScanCell]:
    """Of table 5: every scan with labels, or as many as the configuration takes, by each method.

    Raises:
        InputError: no scan has labels.
    """
    known = [subject.id for subject in subjects if subject.labels_path is not None]
    if not known:
        raise InputError(f"No scan of '{data}' has labels to judge by; give a data set with labels.")
    count = min(config.unsupervised_scans or len(known), len(known))
    taken = [known[index * len(known) // count] for index in range(count)]
    return [ScanCell(data, method, scan) for scan in taken for method in METHODS]


def exact(shares: Iterable[float]) -> list[Fraction]:
    """Shares as fractions: 0.3333 is 1/3."""
    return [Fraction(share).limit_denominator(100) for share in shares]


def _cells(name: str, data: str, config: ExperimentConfig, subjects: Sequence[Subject]) -> list[Cell]:
    if name == "table5":
        return list(scan_cells(data, config, subjects))
    if name == "figure6":
        return [cell for by_value in sweep_cells(data, config).values() for each in by_value.values() for cell in each]
    if name == "figure4":
        return [cell for cell in table_cells(data, config) if cell.seed == 0 and cell.share == exact(config.shares)[0]]
    return list(table_cells(data, config))


def _training(
    data: str, network: str, loss: str, share: Fraction, beta: float, gamma: float, seed: int
) -> TrainingCell:
    if loss == CE:
        beta = gamma = 0.0
    return TrainingCell(data, network, loss, share, float(beta), float(gamma), seed)
