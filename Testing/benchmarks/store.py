"""Results that survive an interruption: one JSON file, written anew after each run, complete or not at all."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from data_paths import CHECKOUT

_MODULE = CHECKOUT / "GMMSegExtension"
# Other tools get the brain mask of a whole head from here.
BRAIN_EXTRACTION = _MODULE / "gmmseg" / "brain_extraction.py"


class Store:
    """Results by key, in ``results.json`` of a folder, each with the version of what made it.

    ``results.json`` holds ``results`` (records by key) and ``made_by`` (a version by key).

    Attributes:
        results: those of current versions.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "results.json"
        self.results: dict[str, dict] = {}

    def recall(self, versions: Mapping[str, str]) -> None:
        """Takes up what was kept before, if its version is still the one in ``versions`` (by key without device)."""
        saved = self._saved()
        self.results |= {
            key: saved["results"][key]
            for key, made_by in saved["made_by"].items()
            if versions.get(_plain(key)) == made_by
        }

    def keep(self, key: str, result: dict, version: str) -> None:
        """Adds a result. What another benchmark wrote into the file meanwhile stays there."""
        self.results[key] = result
        saved = self._saved()
        saved["results"][key], saved["made_by"][key] = result, version
        self._write(saved)

    def tidy(self, versions: Mapping[str, str]) -> None:
        """Removes from the file what ``versions`` knows in another version."""
        saved = self._saved()
        for key in [key for key, made_by in saved["made_by"].items() if versions.get(_plain(key), made_by) != made_by]:
            del saved["results"][key], saved["made_by"][key]
        self._write(saved)

    def _saved(self) -> dict[str, dict]:
        if self._path.is_file():
            saved = json.loads(self._path.read_text(encoding="utf-8"))
            if "made_by" in saved:
                return saved
        return {"results": {}, "made_by": {}}

    def _write(self, saved: dict[str, dict]) -> None:
        temporary = self._path.with_suffix(".part")
        temporary.write_text(json.dumps(saved, indent=1), encoding="utf-8")
        temporary.replace(self._path)


def _plain(key: str) -> str:
    """A key without the device that may follow it."""
    return key.partition("@")[0]


def fingerprint(*parts: object) -> str:
    """Changes with any of the JSON-ready parts; files are taken by their content."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else json.dumps(part, sort_keys=True).encode())
    return digest.hexdigest()[:16]


@functools.cache
def engine_fingerprint() -> str:
    """Changes with any source file of the engine and any model it is shipped with."""
    models = (path for path in (_MODULE / "Resources" / "Models").glob("*") if path.is_file())
    return fingerprint(*sorted((_MODULE / "gmmseg").rglob("*.py")), *sorted(models))
