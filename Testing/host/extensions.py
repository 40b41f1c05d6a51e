"""The Extensions Manager, as far as a module may use it to install another extension."""

from __future__ import annotations

from host import installs
from host.facade import Facade


class qSlicerExtensionsManagerModel(Facade):
    """Records what it is asked to install; `host.installs.outcome` says whether that succeeds."""

    def __init__(self) -> None:
        super().__init__()
        self._interactive = True

    @property
    def interactive(self) -> bool:
        return self._interactive

    @interactive.setter
    def interactive(self, value: bool) -> None:
        self._interactive = bool(value)

    def isExtensionInstalled(self, name: str) -> bool:
        return any(i.tool == "extension" and i.requirements == [name] for i in installs.record)

    def downloadAndInstallExtensionByName(self, name: str, dependencies: bool = True, wait: bool = False) -> bool:
        return installs.install(installs.Installation("extension", [name], []), [])

    def installExtensionFromServer(self, name: str, restart: bool = True, update: bool = False) -> bool:
        return self.downloadAndInstallExtensionByName(name)
