"""Tiny data sets in the layouts that ``gmmseg.datasets`` reads: the same folders and names as the real ones."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np

SHAPE = (6, 8, 5)
# Voxels of 1 x 1.5 x 1 mm, the first axis to the left.
AFFINE = np.diag([-1.0, 1.5, 1.0, 1.0])


def codes(*values: int, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """uint8 labels in slabs along the first axis: 0, then each of the values in turn."""
    slabs = np.array([0, *values], dtype=np.uint8)[np.arange(shape[0]) * (len(values) + 1) // shape[0]]
    return np.broadcast_to(slabs[:, None, None], shape).copy()


def scan(seed: int = 0, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """int16 intensities from 1 to 999."""
    return np.random.default_rng(seed).integers(1, 1000, shape).astype(np.int16)


def save(path: Path, array: np.ndarray, affine: np.ndarray = AFFINE) -> Path:
    """NIfTI, or by its suffix an Analyze pair, with the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = nibabel.AnalyzeImage if path.suffix in (".hdr", ".img") else nibabel.Nifti1Image
    nibabel.save(kind(array, affine), path)
    return path


def ibsr(folder: Path, count: int = 3, suffix: str = ".nii.gz", mask: bool = True) -> Path:
    """IBSR v2: every volume with a fourth axis of length 1."""
    for number in range(1, count + 1):
        name = f"IBSR_{number:02d}"
        start = folder / name / name
        kinds = {
            "ana": scan(number),
            "segTRI_fill_ana": codes(1, 2, 3),
            "segTRI_ana": codes(1, 2),
            "seg_ana": codes(41),
        }
        if mask:
            kinds["ana_brainmask"] = (codes(1, 2, 3) > 0).astype(np.uint8)
        for kind, array in kinds.items():
            save(Path(f"{start}_{kind}{suffix}"), array[..., None])
    return folder


def mrbrains(folder: Path, names: tuple[str, ...] = ("1", "4", "14", "070", "148")) -> Path:
    """MRBrainS18, the originals beside the registered scans."""
    for number, name in enumerate(names):
        for place in ("pre/reg_T1", "pre/reg_IR", "pre/FLAIR", "pre/T1", "orig/T1", "orig/FLAIR"):
            save(folder / name / f"{place}.nii.gz", scan(number))
        save(folder / name / "segm.nii.gz", codes(*range(1, 11), shape=(11, 4, 3)))
        for place in ("pre/reg_T1", "pre/reg_IR", "pre/FLAIR"):
            save(folder / name / f"{place}.nii.gz", scan(number, (11, 4, 3)))
    return folder


def bids(folder: Path, subjects: tuple[str, ...] = ("01", "02"), sessions: tuple[str, ...] = ()) -> Path:
    """BIDS without derivatives: a T1w and a FLAIR for each session."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset_description.json").write_text('{"Name": "tiny", "BIDSVersion": "1.8.0"}')
    for subject in subjects:
        for session in sessions or ("",):
            place, name = _bids_place(subject, session)
            save(folder / place / f"{name}_T1w.nii.gz", scan())
            save(folder / place / f"{name}_FLAIR.nii.gz", scan(1))
    return folder


def bids_derivative(
    folder: Path, ending: str, array: np.ndarray, subject: str = "01", session: str = "", pipeline: str = "fmriprep"
) -> Path:
    """A file of a pipeline for a scan of :func:`bids`, such as with the ending ``desc-brain_mask``."""
    place, name = _bids_place(subject, session)
    return save(folder / "derivatives" / pipeline / place / f"{name}_{ending}.nii.gz", array)


def flat(folder: Path, ids: tuple[str, ...] = ("1000", "1001"), labelled: bool = True) -> Path:
    """One folder with ID_T1, ID_mask and ID_tissues."""
    for number, name in enumerate(ids):
        save(folder / f"{name}_T1.nii.gz", scan(number))
        save(folder / f"{name}_mask.nii.gz", np.ones(SHAPE, dtype=np.uint8))
        if labelled:
            save(folder / f"{name}_tissues.nii.gz", codes(1, 2, 3))
    return folder


def _bids_place(subject: str, session: str) -> tuple[Path, str]:
    parts = [f"sub-{subject}", *([f"ses-{session}"] if session else [])]
    return Path(*parts, "anat"), "_".join(parts)
