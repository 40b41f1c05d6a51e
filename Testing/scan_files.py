"""Scans as SimpleITK makes them, and what the reader says about a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from gmmseg.errors import InputError
from gmmseg.volume_io import read_volume

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def as_simpleitk(array: np.ndarray, affine: np.ndarray) -> sitk.Image:
    image = sitk.GetImageFromArray(array.transpose(2, 1, 0))
    lps = LPS @ affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    return image


def sentence_for(path: Path) -> str:
    """The sentence with which the reader refuses a file; it names the file."""
    with pytest.raises(InputError) as caught:
        read_volume(path)
    sentence = str(caught.value)
    assert path.name in sentence
    assert "\n" not in sentence
    return sentence
