"""The `qt`, `ctk` and qMRML part of the stand-in application, as strict as PythonQt in a running Slicer.

What Python sees of a class stands in `widget-api.json`; how PythonQt behaves was read in its source and seen in Slicer
5.13. Everything Python gets is a wrapper around an object of PySide or a stand-in widget (`widgets/`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from PySide6 import QtGui, QtWidgets

from .modules import ctk_module, qt_module
from .modules import qmrml as _qmrml
from .ownership import unwrap
from .proxy import wrap
from .signals import guarded, swallowed_exceptions
from .ui_loader import load_ui

__all__ = [
    "application",
    "child_widget_variables",
    "ctk_module",
    "guarded",
    "load_ui",
    "qmrml",
    "qt_module",
    "swallowed_exceptions",
    "unwrap",
    "wrap",
]

_application: QtWidgets.QApplication | None = None


def application() -> QtWidgets.QApplication:
    """The toolkit's one application object, made on the first call; without a display when none is configured."""
    global _application
    if _application is None:
        if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
            os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["Slicer"])
        _application.setStyle("Fusion")
        _provide_fonts()
    return _application


def _provide_fonts() -> None:
    # A bare machine has names of fonts but no font: every letter would be a box.
    if set(QtGui.QFontDatabase.families()) - {"Monospace", "Sans Serif", "Serif"}:
        return
    import matplotlib

    for file in (Path(matplotlib.get_data_path()) / "fonts" / "ttf").glob("DejaVuSans*.ttf"):
        QtGui.QFontDatabase.addApplicationFont(str(file))
    QtWidgets.QApplication.setFont(QtGui.QFont("DejaVu Sans", 9))


def child_widget_variables(widget: Any) -> Any:
    """An object with every named widget below a widget as attribute, inner parts of widgets included."""
    from slicer.util import childWidgetVariables

    return childWidgetVariables(widget)


def __getattr__(name: str) -> Any:
    if name == "qmrml":
        return _qmrml()
    raise AttributeError(f"module 'host.pythonqt' has no attribute '{name}'")
