"""`python -m host`: the module's panel on the stand-in application, in a window or as a picture."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

MODULE = Path(__file__).resolve().parents[2] / "GMMSegExtension" / "GMMSegExtension.py"


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m host", description=__doc__)
    parser.add_argument("--screenshot", type=Path, metavar="FILE.png", help="save a picture of the panel and quit")
    parser.add_argument("--width", type=int, default=400, help="width of the panel in pixels (400)")
    parser.add_argument("--sample", action="store_true", help="load the module's first sample and choose it")
    parser.add_argument("--module", type=Path, default=MODULE, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def _load_sample() -> None:
    """The first registered sample whose file is shipped with the module."""
    from SampleData import SampleDataLogic

    sources = [source for category in SampleDataLogic.sampleDataSourcesByCategory().values() for source in category]
    local = [source for source in sources if all(uri.startswith("file:") for uri in source.uris)]
    if not local:
        raise SystemExit("The module has no sample on this machine; see Resources/SampleData.")
    SampleDataLogic().downloadSamples(local[0].sampleName)


def main(argv: list[str] | None = None) -> int:
    arguments = _arguments(sys.argv[1:] if argv is None else argv)
    from host.application import StandInApplication

    application = StandInApplication(visible=arguments.screenshot is None)
    application.set_panel_width(arguments.width)
    application.load_module(arguments.module)
    if arguments.sample:
        _load_sample()
    application.select_module(arguments.module.stem)
    if arguments.screenshot:
        application.save_screenshot(arguments.screenshot)
    else:
        application.qt_application.exec()
    application.quit()
    for problem in application.problems():
        print(problem, file=sys.stderr)
    return 1 if application.problems() else 0


if __name__ == "__main__":
    sys.exit(main())
