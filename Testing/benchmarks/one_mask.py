"""The brain mask that the engine finds in a scan, for the tools that need one given.

python -m benchmarks.one_mask IMAGE MASK
"""

from __future__ import annotations

import sys

import torch
from gmmseg.brain_mask import resolve_mask
from gmmseg.case import Case
from gmmseg.volume_io import read_volume, write_volume


def main(image_path: str, mask_path: str) -> None:
    image = read_volume(image_path)
    mask, _, _ = resolve_mask(Case((image,)), torch.device("cpu"))
    write_volume(mask_path, mask, image, dtype="uint8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
