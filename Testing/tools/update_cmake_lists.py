"""Writes the file lists of ``GMMSegExtension/CMakeLists.txt`` from the tree.

A script or resource that is missing there works from source and fails once installed.
Run from the checkout: ``python Testing/tools/update_cmake_lists.py``.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from data_paths import CHECKOUT

MODULE = CHECKOUT / "GMMSegExtension"
LIST_FILE = MODULE / "CMakeLists.txt"
SCRIPTS, RESOURCES = "MODULE_PYTHON_SCRIPTS", "MODULE_PYTHON_RESOURCES"
_PACKAGES = ("GMMSegExtensionLib", "gmmseg")


def wanted() -> dict[str, list[str]]:
    """What each list should hold: paths relative to the module, sorted."""
    scripts = [MODULE / "GMMSegExtension.py", *(path for name in _PACKAGES for path in (MODULE / name).rglob("*.py"))]
    resources = [path for path in (MODULE / "Resources").rglob("*") if path.is_file() and not path.name.startswith(".")]
    resources += [path for name in _PACKAGES for path in (MODULE / name).rglob("*") if _is_data(path)]
    return {SCRIPTS: _relative(scripts), RESOURCES: _relative(resources)}


def listed(text: str, name: str) -> list[str]:
    """What the list ``name`` holds in the text of a CMakeLists file, with the module's name filled in."""
    entries = re.search(rf"set\({name}\n(.*?)\n?  \)", text, re.DOTALL).group(1).split()
    return [entry.replace("${MODULE_NAME}", MODULE.name) for entry in entries]


def rewritten(text: str) -> str:
    """``text`` with both lists as they should be."""
    for name, entries in wanted().items():
        lines = "".join(f"  {entry}\n" for entry in entries)
        text = re.sub(
            rf"(set\({name}\n).*?(  \))", lambda found, lines=lines: found[1] + lines + found[2], text, flags=re.S
        )
    return text


def _is_data(path: Path) -> bool:
    return path.is_file() and path.suffix not in (".py", ".pyc")


def _relative(paths: list[Path]) -> list[str]:
    """Sorted paths inside the module, without the caches that tools leave there."""
    inside = (path.relative_to(MODULE) for path in paths)
    return sorted(p.as_posix() for p in inside if not any(q == "__pycache__" or q.startswith(".") for q in p.parts))


if __name__ == "__main__":
    LIST_FILE.write_text(rewritten(LIST_FILE.read_text()))
