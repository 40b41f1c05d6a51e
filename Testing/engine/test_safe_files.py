"""Names of files that come from elsewhere."""

from __future__ import annotations

import pytest
from gmmseg.safe_files import file_name


@pytest.mark.parametrize(
    ("text", "name"),
    [("sub-01_ses-2", "sub-01_ses-2"), ("a/b c", "a_b_c"), ("../up", "_up"), (".hidden", "hidden"), ("..", "_")],
)
def test_any_text_becomes_a_name_that_stays_in_its_folder(text, name):
    assert file_name(text) == name
