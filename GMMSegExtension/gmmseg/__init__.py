"""Gaussian-mixture segmentation of brain MR volumes: the engine, free of slicer and qt.

Implements L. Ma, "Gaussian Mixture Model Loss Functional for Brain MRI Segmentation With Deep Learning" (2022).
"""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

# Names are resolved on first use, so that settings and defaults can be read where torch is not installed.
_EXPORTS = {
    "Settings": "settings",
    "Case": "case",
    "Result": "case",
    "Volume": "case",
    "InputError": "errors",
    "Cancelled": "errors",
    "segment": "segmenter",
    "GMMLoss": "losses",
    "TVLoss": "losses",
    "GMMTVLoss": "losses",
    "GMMBiasLoss": "losses",
    "TotalLoss": "losses",
}
__all__ = ["__version__", *_EXPORTS]


def __getattr__(name: str):
    if name in _EXPORTS:
        return getattr(importlib.import_module(f".{_EXPORTS[name]}", __name__), name)
    raise AttributeError(f"module 'gmmseg' has no attribute '{name}'")
