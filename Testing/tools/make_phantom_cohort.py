"""Makes a data set of phantoms that ``gmmseg train --data`` and ``gmmseg experiment`` read, with exact labels.

One phantom for each SynthSeg training label map (Apache-2.0, so that its pictures may be shown anywhere), as
``ID_T1``, ``ID_mask`` and ``ID_tissues``: 5 % noise, 20 % field, deep grey matter between GM and WM.
Run from the checkout: ``python Testing/tools/make_phantom_cohort.py FOLDER``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel as nib
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from data_paths import evaluation_file
from phantoms import from_labels
from tools.make_phantoms import cropped

NOISE, FIELD_RANGE, DEEP_GREY_MEAN = 0.05, 0.2, 0.86


def write(name: str, labels: nib.Nifti1Image, folder: Path, seed: int) -> None:
    """Writes the files of one phantom; ``labels`` has the codes of ``phantoms.label_map``."""
    phantom = from_labels(np.asarray(labels.dataobj), NOISE, FIELD_RANGE, seed=seed, deep_grey_mean=DEEP_GREY_MEAN)
    arrays = {
        "T1": (1000 * phantom.image).round().astype(np.int16),
        "mask": phantom.mask.astype(np.uint8),
        "tissues": phantom.truth,
    }
    for kind, array in arrays.items():
        nib.save(nib.Nifti1Image(array, labels.affine), folder / f"{name}_{kind}.nii.gz")


def main(folder: Path) -> None:
    """Writes the data set; files that are there are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, path in enumerate(sorted(evaluation_file("labelmaps14").glob("labels_*.nii.gz"))):
        name = path.name.removesuffix(".nii.gz").removeprefix("labels_")
        write(name, cropped(nib.load(path)), folder, seed)
        print(name, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
