"""Which cells a table needs, in which order, and who takes part in them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from gmmseg.datasets import Subject
from gmmseg.experiments import config, plan
from gmmseg.experiments.division import divided
from gmmseg.experiments.plan import Experiment
from gmmseg.experiments.store import CE, GMM_TV, ScanCell
from sentences import sentence_of

CONFIG = replace(config.preset("quick"), networks=("unet", "vit"), seeds=2, unsupervised_scans=None)


def persons(count: int, labelled: int | None = None) -> list[Subject]:
    known = count if labelled is None else labelled
    return [
        Subject(f"s{n}", f"s{n}", {"T1": Path(f"s{n}.nii")}, Path(f"l{n}.nii") if n < known else None)
        for n in range(count)
    ]


DATA = {"one": persons(6), "two": persons(5)}


def cells_of(*names: str):
    return plan.cells(plan.experiments(names, list(DATA)), CONFIG, DATA)


def test_both_tables_of_a_data_set_have_the_same_cells_and_each_is_done_once():
    both = cells_of("table1", "table2")
    assert both == cells_of("table1") == cells_of("table2")
    assert len(both) == len({cell.key for cell in both}) == 2 * 2 * 3 * 2


def test_all_seeds_of_a_network_wait_for_the_first_seed_of_every_network():
    seeds = [cell.seed for cell in cells_of("table1")]
    assert seeds == sorted(seeds)


def test_the_cells_of_the_figures_are_those_of_the_tables_where_they_can_be():
    tables = set(cells_of("table1"))
    assert set(cells_of("figure4")) < tables
    swept = replace(CONFIG, networks=(CONFIG.sweep.network,))
    shared = set(plan.cells([Experiment("figure6", ("one",))], swept, DATA))
    shared &= set(plan.cells([Experiment("table1", ("one",))], swept, DATA))
    assert {cell.loss for cell in shared} == {CE, GMM_TV}


def test_cross_entropy_alone_has_no_weights_of_the_mixture():
    for cell in cells_of("table1"):
        assert (cell.beta, cell.gamma) == ((0, 0) if cell.loss == CE else (CONFIG.beta, CONFIG.gamma))
        assert ("beta" in cell.key) == (cell.loss == GMM_TV)


def test_tables_3_and_4_take_the_second_data_set_and_table_5_every_one():
    assert plan.experiments(["table3"], ["one", "two"]) == [Experiment("table3", ("two",))]
    assert plan.experiments(["table3"], ["one"]) == [Experiment("table3", ("one",))]
    names = {made.name for made in plan.experiments(["all"], ["one"])}
    assert names == set(plan.EXPERIMENTS) - {"table3", "table4"}
    assert {made.name for made in plan.experiments(["all"], ["one", "two"])} == set(plan.EXPERIMENTS)
    scans = cells_of("table5")
    assert len(scans) == (6 + 5) * 3 and all(isinstance(cell, ScanCell) for cell in scans)


def test_table_5_can_take_some_of_the_scans_evenly():
    some = plan.scan_cells("one", replace(CONFIG, unsupervised_scans=3), DATA["one"])
    assert list(dict.fromkeys(cell.scan for cell in some)) == ["s0", "s2", "s4"]


def test_a_seed_divides_persons_alike_for_all_shares_and_no_person_is_on_two_sides():
    small, large = (divided("one", persons(15), CONFIG, 3, share) for share in (0.25, 0.75))
    assert small.test == large.test and small.validation == large.validation
    assert set(small.labelled) < set(large.labelled)
    assert small.persons() == (3, 7, 2, 3) and large.persons() == (8, 2, 2, 3)
    everyone = [s.group for part in (small.labelled, small.unlabelled, small.validation, small.test) for s in part]
    assert len(everyone) == len(set(everyone)) == 15
    assert all(subject.labels_path is None for subject in small.unlabelled)
    assert divided("one", persons(15), CONFIG, 4, 0.25).test != small.test


def test_cross_entropy_learns_from_labelled_scans_only():
    division = divided("one", persons(15), CONFIG, 0, 0.25)
    assert division.split().training == division.labelled + division.unlabelled


def test_persons_without_labels_are_never_judged():
    division = divided("one", persons(10, labelled=6), CONFIG, 0, Fraction(1, 2))
    assert {f"s{n}" for n in range(6, 10)} <= {subject.id for subject in division.unlabelled}
    assert all(subject.labels_path for subject in division.test + division.validation)


@pytest.mark.parametrize(("count", "labelled", "word"), [(6, 0, "has labels"), (6, 2, "too few"), (3, 3, "too few")])
def test_too_few_labels_are_said_with_the_data_sets_name(count, labelled, word):
    sentence = sentence_of(divided, "mine", persons(count, labelled), CONFIG, 0, 0.25)
    assert word in sentence and "'mine'" in sentence


def test_table_5_needs_labels_to_judge_by():
    assert "'mine'" in sentence_of(plan.scan_cells, "mine", CONFIG, persons(2, 0))
