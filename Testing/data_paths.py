"""Where test data lies: what ships with the project, and the evaluation data that does not.

The evaluation data (real scans with manual labels, BrainWeb, label maps) may not be redistributed, so it is
looked for: in the folder that the environment variable GMMSEG_DATA names, else in ``../shared/data`` beside
the checkout.
"""

from __future__ import annotations

import os
from pathlib import Path

TESTING = Path(__file__).resolve().parent
CHECKOUT = TESTING.parent
PHANTOMS = TESTING / "data" / "phantoms"
SAMPLES = CHECKOUT / "GMMSegExtension" / "Resources" / "SampleData"
WHOLE_HEAD = SAMPLES / "studyforrest_head_T1.nii.gz"
BRAIN = SAMPLES / "openneuro_brain_T1.nii.gz"


class EvaluationDataMissing(Exception):
    """The evaluation data should be there and is not."""


def evaluation_data() -> Path | None:
    """The folder of the evaluation data, or None where this checkout is not meant to have any.

    Raises:
        EvaluationDataMissing: GMMSEG_DATA names no folder, or ``../shared`` is there without ``data``.
    """
    named = os.environ.get("GMMSEG_DATA")
    if named:
        if not Path(named).is_dir():
            raise EvaluationDataMissing(f"GMMSEG_DATA is set to '{named}', which is no folder: correct or unset it.")
        return Path(named)
    shared = CHECKOUT.parent / "shared"
    if not shared.is_dir():
        return None
    if not (shared / "data").is_dir():
        raise EvaluationDataMissing(
            f"The folder '{shared}' has no 'data' in it: put the evaluation data there or set GMMSEG_DATA."
        )
    return shared / "data"


def evaluation_file(*parts: str) -> Path:
    """A file of the evaluation data, such as ``evaluation_file("manual15", "1000_T1.nii.gz")``.

    Raises:
        EvaluationDataMissing: there is no evaluation data, or it lacks this file.
    """
    folder = evaluation_data()
    if folder is None:
        raise EvaluationDataMissing("There is no evaluation data here: set GMMSEG_DATA to the folder that holds it.")
    path = folder.joinpath(*parts)
    if not path.exists():
        raise EvaluationDataMissing(f"The evaluation data in '{folder}' lacks '{Path(*parts)}'.")
    return path
