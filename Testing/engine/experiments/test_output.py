"""Tables, pages and charts from made-up results, whole and in part."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gmmseg.datasets import Subject
from gmmseg.experiments import config, output, paper_figures, plan, qualitative
from gmmseg.experiments.laboratory import Laboratory
from gmmseg.experiments.qualitative import Comparison
from gmmseg.experiments.store import CE, GMM_TV, Store, TrainingCell
from gmmseg.metrics import SCORES
from PIL import Image

CONFIG = replace(
    config.preset("quick"),
    networks=("unet", "vit"),
    shares=(0.25, 0.5),
    seeds=2,
    beta=1e-4,
    gamma=80.0,
    sweep=config.Sweep(betas=(1e-4, 1e-2), gammas=(80.0, 320.0)),
    unsupervised_scans=2,
)
# What the mixture's loss adds in the made-up results, by seed.
ADDED = (0.02, 0.04)


def laboratory(out, **changes):
    subjects = [Subject(f"s{n}", f"s{n}", {"T1": Path("t")}, Path("l")) for n in range(6)]
    return Laboratory(replace(CONFIG, **changes), {"mine": subjects}, Store(out))


@pytest.fixture(scope="module")
def the_whole(tmp_path_factory):
    """A laboratory whose cells are all finished, and its pages."""
    whole = laboratory(tmp_path_factory.mktemp("whole"))
    return whole, {name: written(whole, name) for name in ("table1", "table2", "table5", "figure6")}


@pytest.fixture
def a_small_one(tmp_path):
    """A laboratory of few cells."""
    return laboratory(tmp_path, shares=(0.25,))


def made_up(cell):
    """Recall and all other scores .5 to .7 by tissue, and more with the mixture's loss or a later method."""
    if isinstance(cell, TrainingCell):
        added, scans = (ADDED[cell.seed] if cell.loss == GMM_TV else 0.0), ("s0", "s1")
    else:
        added, scans = {"em": 0.0, "without_bias": 0.1, "with_bias": 0.2}[cell.method], (cell.scan,)
    scores = {str(tissue): dict.fromkeys(SCORES, 0.4 + 0.1 * tissue + added) for tissue in (1, 2, 3)}
    return {
        "scores": {scan: {"all": scores, "labelled": scores} for scan in scans},
        "seconds": 60.0,
        "device": "CPU",
        "precision": "float32",
        "version": "9.9",
        "date": "2030-01-02",
    }


def written(of, name, missing=lambda cell: False):
    """The page of an experiment whose other cells are finished."""
    (made,) = plan.experiments([name], ["mine"])
    cells = plan.cells([made], of.config, dict(of.data))
    results = {cell: None if missing(cell) else made_up(cell) for cell in cells}
    files = output.write(made, of, results, "gmmseg experiment ...", paper_figures.read())
    assert all(file.stat().st_size for file in files)
    for file in files:
        if file.suffix == ".png":
            with Image.open(file) as image:
                assert min(image.size) > 300
    return (of.store.out / f"{name}.md").read_text()


def line_of(page, *words):
    (line,) = [line for line in page.splitlines() if line.startswith("| ") and all(word in line for word in words)]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_whole_table_shows_both_losses_and_their_paired_difference(the_whole):
    page = the_whole[1]["table1"]
    assert line_of(page, "unet", "| CE |")[2:6] == ["0.500 ± 0.000", "0.600 ± 0.000", "0.700 ± 0.000", "0.500 ± 0.000"]
    assert line_of(page, "unet", "*difference*")[2] == "*+0.030 ± 0.010*"
    assert line_of(page, "mean of the networks")[2:] == ["*+0.030 ± 0.010*"] * 6 + ["2"]


def test_a_page_states_data_command_settings_machine_and_time(the_whole):
    page = the_whole[1]["table2"]
    for words in (
        "`mine`: 6 scans of 6 persons",
        "`gmmseg experiment ...`",
        "preset `quick`",
        "Cells finished: 16 of 16",
        "Seeds: 2 of 2",
        "CPU in float32, gmmseg 9.9, 2030-01-02, 16 min",
        "1 to judge by, 1 to measure on meanwhile, 4 to learn from, of whom with labels 1 (1/4), 2 (1/2)",
        "beta 0.0001, gamma 80",
        "1e-10",
        "not at hand in full",
        "Protocol *labelled*",
        "ventricles",
        "0.937",
        "are not in this project",
    ):
        assert words in page, words


def test_what_is_not_finished_is_shown_as_missing(a_small_one):
    def missing(cell):
        return cell.seed == 1 or (cell.network == "vit" and cell.loss == GMM_TV)

    page = written(a_small_one, "table1", missing)
    assert "Cells finished: 3 of 8; what is missing is shown as -" in page and "Seeds: 1 of 2" in page
    assert line_of(page, "vit", "CE + beta")[2:] == ["-"] * 3 + ["0"]
    assert line_of(page, "unet", "*difference*")[2] == "*+0.020*"
    assert line_of(page, "vit", "*difference*")[2:] == ["-"] * 3 + ["0"]


@pytest.mark.parametrize("name", ["table1", "table5", "figure6"])
def test_nothing_finished_is_no_mistake(a_small_one, name):
    assert "Cells finished: 0 of" in written(a_small_one, name, lambda cell: True)


def test_the_figure_waits_for_a_pair(a_small_one):
    assert "nothing to be seen" in written(a_small_one, "figure4", lambda cell: cell.loss == CE)


def test_the_csv_has_every_number_under_both_protocols(the_whole):
    with (the_whole[0].store.out / "table1.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    # Networks, losses, shares, tissues, protocols; then the differences with those of the networks' mean.
    assert len(rows) == 2 * 2 * 2 * 3 * 2 + 3 * 2 * 3 * 2
    wanted = {"network": "vit", "row": "difference", "share": "1/2", "tissue": "WM", "protocol": "labelled"}
    (row,) = [row for row in rows if wanted.items() <= row.items()]
    assert float(row["mean"]) == pytest.approx(0.03) and float(row["standard_error"]) == pytest.approx(0.01)


def test_table_5_compares_methods_on_the_same_scans_beside_the_paper(the_whole):
    page = the_whole[1]["table5"]
    assert page.count("| network with bias | 0.700 ± 0.000 |") == page.count("## mine, protocol") == 2
    assert "0.773" in page and "0.808" in page and "GM F1" in page
    assert "| *network with bias minus GMM-EM* | *+0.200 ± 0.000*" in page


def test_figure_6_has_a_line_for_each_weight_and_cross_entropy_alone(the_whole):
    page = the_whole[1]["figure6"]
    assert line_of(page, "0 (CE alone)")[1:] == ["0.500 ± 0.000", "0.600 ± 0.000", "0.700 ± 0.000", "2"]
    assert line_of(page, "| 0.01 |")[1] == "0.530 ± 0.010"
    assert line_of(page, "| 320 |")[3] == "0.730 ± 0.010"


def test_the_window_is_where_the_losses_differ_most():
    mask = np.zeros((60, 60), dtype=bool)
    mask[5:55, 5:55] = True
    same = np.where(mask, 2, 0).astype(np.uint8)
    other = same.copy()
    other[40:46, 12:18] = 3
    other[20, 40] = 3
    shown = Comparison(
        "d", "s", "axial slice 3", 1.2, mask.astype(float), mask, same, {"unet": {CE: same, GMM_TV: other}}
    )
    rows, columns = qualitative.zoom_window(shown)
    assert rows.start <= 40 and rows.stop >= 46 and columns.start <= 12 and columns.stop >= 18
    assert len(qualitative.figure(shown).axes) == 8
    alike = replace(shown, predicted={"unet": {CE: same, GMM_TV: same}})
    rows, columns = qualitative.zoom_window(alike)
    assert rows.start < 30 < rows.stop and columns.start < 30 < columns.stop
