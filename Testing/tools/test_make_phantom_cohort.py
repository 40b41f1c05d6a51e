"""The phantoms that experiments may show: a data set that the engine's readers take for what it is."""

from __future__ import annotations

import nibabel
import numpy as np
from gmmseg import datasets
from phantoms import label_map
from tools.make_phantom_cohort import write


def test_phantoms_are_read_as_labelled_scans_with_their_exact_tissues(tmp_path):
    codes = label_map("01", step=4)
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    for seed, name in enumerate(("01", "02")):
        write(name, nibabel.Nifti1Image(codes, affine), tmp_path, seed)
    first, second = datasets.find(tmp_path)
    image, truth = first.case().images[0].array, first.labels().array
    assert set(np.unique(truth)) == {0, 1, 2, 3} and ((truth > 0) == (codes > 0)).all()
    means = [image[truth == code].mean() for code in (1, 2, 3)]
    assert means == sorted(means) and not np.array_equal(image, second.case().images[0].array)
