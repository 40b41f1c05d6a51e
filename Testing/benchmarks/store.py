"""Results that survive an interruption: one JSON file, written anew after each case."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from data_paths import CHECKOUT


class Store:
    """Results by key, in ``results.json`` of a folder. Those of another version of the engine are forgotten."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "results.json"
        self._engine = engine_fingerprint()
        self.results: dict[str, dict] = {}
        if self._path.is_file():
            saved = json.loads(self._path.read_text())
            if saved["engine"] == self._engine:
                self.results = saved["results"]

    def keep(self, key: str, result: dict) -> None:
        """Adds a result and writes the file, complete or not at all."""
        self.results[key] = result
        temporary = self._path.with_suffix(".part")
        temporary.write_text(json.dumps({"engine": self._engine, "results": self.results}, indent=1))
        temporary.replace(self._path)


def engine_fingerprint() -> str:
    """Changes with any source file of the engine."""
    digest = hashlib.sha256()
    for path in sorted((CHECKOUT / "GMMSegExtension" / "gmmseg").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
