"""The report as one HTML page that needs nothing else: pictures inside, no script, nothing fetched."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from . import picture_charts, pictures
from .case import Result
from .inspection import verdict
from .report import prior_text

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; } th, td { padding: .2rem .9rem .2rem 0; text-align: left; vertical-align: top; }
th { font-weight: 600; border-bottom: 1px solid #bbb; } td.n, th.n { text-align: right; }
img { max-width: 100%; display: block; border-radius: 4px; } .note { color: #666; font-size: .9rem; }
.warning { background: #fff4d6; border-left: 4px solid #e69f00; padding: .4rem .8rem; margin: .4rem 0; }
.swatch { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .5rem; }
.columns { display: flex; flex-wrap: wrap; gap: 0 4rem; }
"""


def page(result: Result, profile: Mapping[str, Sequence[float | None]] | None = None) -> str:
    """The whole page, from a result whose report was made by :func:`gmmseg.report.build`.

    Args:
        result: of a run; its posteriors are not shown.
        profile: values along a line, see :func:`gmmseg.picture_charts.profile`.
    """
    report = result.report
    title = ", ".join(entry["name"] for entry in report["inputs"])
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="note">{escape(_summary(report))}</p>',
        *(f'<div class="warning">{escape(sentence)}</div>' for sentence in report["warnings"]),
        "<h2>Tissues</h2>",
        _tissue_table(report),
        *_picture_sections(result),
        *_chart_sections(report, profile),
        '<div class="columns">',
        _section("Bias field", _field_table(report)),
        _section("Seconds", _pairs((stage, f"{value:.1f}") for stage, value in report["seconds"].items())),
        _section("Settings", _pairs(report["settings"].items())),
        _section("Run", _pairs(_run_facts(report))),
        "</div>",
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(body) + "\n</body></html>\n"


def _picture_sections(result: Result) -> list[str]:
    corrected, field, mask = result.corrected[0], result.bias_field[0], result.brain_mask
    # As resampled and cleaned by the run, so that before and after differ by the field alone.
    original = corrected * field
    names = [row["name"] for row in result.report["classes"]]
    return [
        "<h2>Segmentation</h2>",
        _image(pictures.segmentation(original, result.labels, result.affine, names), "tissues on the image"),
        '<p class="note">Radiological convention: the patient\'s right (R) is on the left of the picture.</p>',
        "<h2>Estimated bias field</h2>",
        f"<p>{escape(verdict(result.report))}</p>",
        _image(pictures.bias_field(original, field, mask, result.affine), "bias field on the image"),
        *_uncertainty_section(result, original),
        "<h2>Before and after the correction</h2>",
        _image(pictures.before_after(original, corrected, mask, result.affine), "original and corrected image"),
        '<p class="note">Both with the same grey-value window.</p>',
    ]


def _chart_sections(report: dict[str, Any], profile: Mapping[str, Sequence[float | None]] | None) -> list[str]:
    channels = report["inspection"]["channels"]
    sections = ["<h2>Histogram</h2>"]
    for shown in channels:
        if len(channels) > 1:
            sections.append(f"<h3>{escape(shown['channel'])}</h3>")
        sections.append(_image(picture_charts.histogram(shown), "histogram with fitted Gaussians"))
    if profile is not None:
        sections.append("<h2>Profile along the line</h2>")
        sections.append(_image(picture_charts.profile(profile), "original, corrected and field along a line"))
    return sections


def _uncertainty_section(result: Result, original: np.ndarray) -> list[str]:
    if result.entropy is None:
        return []
    figure = pictures.uncertainty(original, result.entropy, result.brain_mask, result.affine)
    return ["<h2>Uncertainty</h2>", _image(figure, "uncertainty on the image")]


def _summary(report: dict[str, Any]) -> str:
    first, settings = report["inputs"][0], report["settings"]
    shape = " × ".join(str(length) for length in first["shape"])
    spacing = " × ".join(f"{size:.3g}" for size in first["spacing_mm"])
    return (
        f"{shape} voxels of {spacing} mm; method {settings['mode']}, {settings['number_of_classes']} classes; "
        f"brain mask {report['mask']['source']}, {report['mask']['volume_ml']:.0f} ml; "
        f"{report['seconds']['total']:.1f} s on {report['device']}; gmmseg {report['versions']['gmmseg']}"
    )


def _tissue_table(report: dict[str, Any]) -> str:
    classes = report["classes"]
    channels = [entry["name"] for entry in report["inputs"]]
    means = ["mean"] if len(channels) == 1 else [f"mean {name}" for name in channels]
    rows = []
    for row, colour in zip(classes, pictures.class_colours([row["name"] for row in classes]), strict=True):
        swatch = f'<span class="swatch" style="background:{colour}"></span>'
        cells = [f"{row['volume_ml']:.1f}", f"{row['share_percent']:.1f}", *(_number(mean) for mean in row["mean"])]
        numbers = "".join(f'<td class="n">{cell}</td>' for cell in cells)
        rows.append(f"<tr><td>{row['label']}</td><td>{swatch}{escape(row['name'])}</td>{numbers}</tr>")
    header = "".join(f'<th class="n">{escape(name)}</th>' for name in ("ml", "%", *means))
    return f"<table><tr><th>label</th><th>class</th>{header}</tr>{''.join(rows)}</table>"


def _field_table(report: dict[str, Any]) -> str:
    rows = []
    for row in report["bias_field"]:
        applied = f"degree {row['degree']}" if row["applied"] else "no correction"
        reach = f"{row['min']:.3f} – {row['median']:.3f} – {row['max']:.3f}"
        rows.append((row["channel"], f"{reach}, {applied}"))
    evenness = report["homogeneity"]
    if evenness:
        for key, label in (("cv_wm", "CV in WM"), ("cv_gm", "CV in GM"), ("cjv", "CJV of WM and GM")):
            rows.append((label, f"{_number(evenness[key + '_before'])} → {_number(evenness[key + '_after'])}"))
    return _pairs(rows) + '<p class="note">min – median – max in the mask; before → after</p>'


def _run_facts(report: dict[str, Any]) -> list[tuple[str, Any]]:
    gpu, prior = report["gpu_peak_memory_mb"], report["prior"]
    return [
        ("device", report["device"]),
        ("precision", report["precision"]),
        ("peak memory", f"{_number(report['peak_memory_mb'])} MB"),
        *([("peak GPU memory", f"{_number(gpu)} MB")] if gpu is not None else []),
        *([(f"model {prior['model']}", prior_text(prior))] if prior else []),
        ("iterations", report["iterations"]),
        ("log-likelihood per voxel", _number(report["log_likelihood"])),
        *((f"{name} version", version) for name, version in report["versions"].items()),
    ]


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _pairs(rows: Iterable[Sequence[Any]]) -> str:
    lines = (f"<tr><td>{escape(str(name))}</td><td>{escape(str(value))}</td></tr>" for name, value in rows)
    return f"<table>{''.join(lines)}</table>"


def _image(figure: Any, description: str) -> str:
    data = base64.b64encode(pictures.png(figure)).decode("ascii")
    return f'<img alt="{escape(description)}" src="data:image/png;base64,{data}">'


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
