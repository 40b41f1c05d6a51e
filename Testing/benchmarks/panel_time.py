"""How long the module's panel takes to be there, on the stand-in application, and whether that imports torch.

QT_QPA_PLATFORM=offscreen python -m benchmarks.panel_time
"""

from __future__ import annotations

import json
import sys
import time

from data_paths import CHECKOUT
from host.application import StandInApplication


def main() -> None:
    application = StandInApplication()
    started = time.perf_counter()
    application.load_module(CHECKOUT / "GMMSegExtension" / "GMMSegExtension.py")
    application.select_module("GMMSegExtension")
    application.process_events()
    seconds = time.perf_counter() - started
    torch_imported = "torch" in sys.modules
    application.quit()
    print(json.dumps({"first_paint_seconds": seconds, "torch_imported": torch_imported}))


if __name__ == "__main__":
    main()
