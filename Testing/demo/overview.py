"""The demo's front page and its closing words."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from gmmseg.outputs import VOLUMES

VIEWS = (
    ("segments.png", "Segments on the image"),
    ("bias_field.png", "Estimated bias field with lines of equal field"),
    ("before_after.png", "Before and after the correction, same window and level"),
    ("histogram.png", "Histogram with the fitted Gaussians"),
)
_STYLE = (
    "body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222; }"
    " img { max-width: 100%; display: block; } figure { margin: 1rem 0; } figcaption { color: #666; }"
)


def write(out: Path, samples: list[tuple[str, str]]) -> None:
    """Writes ``report.html``, which shows the views of every sample and leads to its full report.

    Args:
        out: the demo's folder.
        samples: folder and title of each sample.
    """
    body = ["<h1>GMMSegExtension demo</h1>", *(_sample(out, folder, title) for folder, title in samples)]
    body += ["<h2>The panel</h2>", '<img src="panel.png" alt="the module\'s panel">']
    head = f'<meta charset="utf-8"><title>GMMSegExtension demo</title><style>{_STYLE}</style>'
    page = f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>\n{"".join(body)}\n</body></html>\n'
    (out / "report.html").write_text(page, encoding="utf-8")


def _sample(out: Path, folder: str, title: str) -> str:
    report = json.loads((out / folder / "report.json").read_text(encoding="utf-8"))
    figures = [
        f'<figure><img src="{folder}/{name}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'
        for name, caption in VIEWS
    ]
    return (
        f"<h2>{escape(title)}</h2><p>{escape(tissue_line(report))}. "
        f'<a href="{folder}/report.html">Full report</a></p>{"".join(figures)}'
    )


def tissue_line(report: dict) -> str:
    """Volumes, range of the field and time in one line."""
    tissues = ", ".join(f"{row['name']} {row['volume_ml']:.0f} ml" for row in report["classes"])
    field = report["bias_field"][0]
    return f"{tissues}; field {field['min']:.2f} to {field['max']:.2f}; {report['seconds']['total']:.0f} s"


def closing_words(out: Path, seconds: float) -> str:
    """What lies where, and how to look at it."""
    return "\n".join(
        [
            "",
            f"Done in {seconds:.0f} s. In {out}:",
            "  report.html      start here: pictures of both samples, links to their full reports",
            "  scene.mrb        both samples with segments, bias fields and corrected volumes;",
            "                   drag it into 3D Slicer, or File > Add Data",
            "  panel.png        the module's panel with the results",
            "  head/, brain/    of each sample:",
            "    " + " ".join(VOLUMES),
            "    report.json report.html " + " ".join(name for name, _ in VIEWS),
            "",
        ]
    )
