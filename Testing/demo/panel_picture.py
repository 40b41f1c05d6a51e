"""A picture of the module's panel on the stand-in application, with the demo's scene loaded.

QT_QPA_PLATFORM=offscreen python panel_picture.py SCENE.mrb PICTURE.png
"""

from __future__ import annotations

import sys
from pathlib import Path

from data_paths import CHECKOUT
from host.application import StandInApplication

PANEL_WIDTH = 400


def main(scene: Path, picture: Path) -> int:
    application = StandInApplication()
    application.set_panel_width(PANEL_WIDTH)
    application.load_module(CHECKOUT / "GMMSegExtension" / "GMMSegExtension.py")
    application.load_scene(scene)
    application.select_module("GMMSegExtension")
    application.save_screenshot(picture)
    application.quit()
    for problem in application.problems():
        print(problem, file=sys.stderr)
    return 1 if application.problems() else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
