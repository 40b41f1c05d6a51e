"""A stand-in for the Slicer application, for tests that run the real module without Slicer.

`host.scene` gives real MRML nodes and logics without a window; `host.application` adds windows that behave as Slicer's
Python sees them (PythonQt rules, see `host.pythonqt`). `python -m host` shows the module's panel.
"""

from .pyside_refcounts import keep_true_alive
from .slicer_package import complete_slicer

keep_true_alive()
complete_slicer()
