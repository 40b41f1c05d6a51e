"""Fixtures that several tests of the engine share."""

from __future__ import annotations

import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from geometries import numbered


@pytest.fixture
def a_nifti(tmp_path) -> Path:
    path = tmp_path / "scan.nii.gz"
    nib.save(nib.Nifti1Image(numbered((9, 8, 7)), np.diag([-1.0, 1.0, 1.2, 1.0])), path)
    return path


@pytest.fixture
def an_ordinary_user():
    """Lets file permissions count also where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)
