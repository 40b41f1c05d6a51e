"""The slicer-core package, completed with the Python modules it lacks."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def complete_slicer() -> None:
    """Import `slicer`; make `slicer.i18n`, `slicer.parameterNodeWrapper` and the like, and `SampleData`, importable.

    At its first import the package imports every file of any folder called `slicer` on sys.path, and test folders may
    be called so; therefore the path is cleaned of them meanwhile.
    """
    if "slicer" not in sys.modules:
        kept = list(sys.path)
        sys.path[:] = [entry for entry in kept if not _is_bare_folder(Path(entry or ".") / "slicer")]
        try:
            importlib.import_module("slicer")
        finally:
            sys.path[:] = kept
    package = sys.modules["slicer"]
    own, modules = str(_HERE / "slicer_python"), str(_HERE / "slicer_modules")
    package.__path__[:] = [p for p in package.__path__ if p != own and not _is_bare_folder(Path(p))] + [own]
    if modules not in sys.path:
        sys.path.append(modules)
    importlib.import_module("slicer.util")


def _is_bare_folder(folder: Path) -> bool:
    return folder.is_dir() and not (folder / "__init__.py").is_file()
