"""The paper's own numbers: those known, and those a user adds."""

from __future__ import annotations

import pytest
from gmmseg.experiments import paper_figures, unlabelled_table
from sentences import sentence_of


def test_the_known_numbers_are_there():
    figures = paper_figures.read()
    assert unlabelled_table.paper_f1(figures) == {2: 0.773, 3: 0.808}
    assert [figure.value for figure in paper_figures.of(figures, "table1")] == [0.937]


def test_a_users_numbers_stand_beside_them(tmp_path):
    (tmp_path / "more.csv").write_text("table,row,column,value,note\ntable1,unet CE,1/4 GM,0.9,Table 1\n")
    figures = paper_figures.read(tmp_path / "more.csv")
    assert [figure.row for figure in paper_figures.of(figures, "table1")] == ["nnU-Net, fully supervised", "unet CE"]


@pytest.mark.parametrize(
    ("text", "word"),
    [("table,row,column\n", "no column 'value'"), ("table,row,column,value\na,b,c,high\n", "'high' in line 2")],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path, text, word):
    (tmp_path / "bad.csv").write_text(text)
    assert word in sentence_of(paper_figures.read, tmp_path / "bad.csv")
    assert "cannot be read" in sentence_of(paper_figures.read, tmp_path / "none.csv")
