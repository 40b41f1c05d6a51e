"""The volumes shipped with the module, offered by the Sample Data module."""

from __future__ import annotations

from pathlib import Path

CATEGORY = "GMMSegExtension"
_RESOURCES = Path(__file__).resolve().parent.parent / "Resources"
# Node name, file and thumbnail.
_SAMPLES = (
    ("GMMSegBrainT1", "openneuro_brain_T1.nii.gz", "SampleBrain.png"),
    ("GMMSegHeadT1", "studyforrest_head_T1.nii.gz", "SampleHead.png"),
)


def registerSampleData() -> None:
    """Add the samples to the Sample Data module; they are read from the module's folder, nothing is downloaded."""
    import SampleData

    for name, fileName, thumbnail in _SAMPLES:
        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=name,
            thumbnailFileName=str(_RESOURCES / "Icons" / thumbnail),
            uris=samplePath(fileName).as_uri(),
            fileNames=fileName,
            nodeNames=name,
        )


def samplePath(fileName: str) -> Path:
    """Where a shipped volume is."""
    return _RESOURCES / "SampleData" / fileName
