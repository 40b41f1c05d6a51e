"""Letters on pictures."""

from __future__ import annotations

import functools
from pathlib import Path

import matplotlib
from PIL import ImageFont


@functools.cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """The font that matplotlib brings, which every machine with the tests' packages has."""
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)
