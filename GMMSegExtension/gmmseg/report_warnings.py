"""What a report's numbers give reason to doubt, as sentences for the user."""

from __future__ import annotations

from typing import Any

# What the bias field is clamped to (LOWEST, HIGHEST of bias_field.py, which needs torch).
FIELD_LIMITS = (0.3, 3.0)
# Why a run that was asked for a bias field gives none.
TOO_LITTLE_PURE = "Too little pure tissue was found for a bias field, so none was corrected."
FIELD_TOO_SMALL = "The bias field is too small to be told from the tissue's texture, so none was corrected."
FIELD_UNHELPFUL = "The estimated bias field made the tissues less even, so it was not used."
NO_FIELD_REASONS = (TOO_LITTLE_PURE, FIELD_TOO_SMALL, FIELD_UNHELPFUL)
# Shares of the brain that hardly any head leaves: outside them the mask or the classes went wrong.
PLAUSIBLE_SHARE = {"CSF": (0.03, 0.45), "GM": (0.25, 0.70), "WM": (0.15, 0.60)}


def about(
    classes: list[dict[str, Any]],
    contrast: str | None,
    fields: list[dict[str, Any]],
    homogeneity: dict[str, float | None] | None,
) -> list[str]:
    """Sentences about the report's parts of these names (``fields`` is its ``bias_field``); empty when all is well."""
    return [*_shares(classes), *_contrast(contrast), *about_field(fields, homogeneity)]


def about_field(fields: list[dict[str, Any]], homogeneity: dict[str, float | None] | None) -> list[str]:
    """The sentences about the correction alone."""
    return [*_fields(fields), *_homogeneity(homogeneity)]


def _shares(classes: list[dict[str, Any]]) -> list[str]:
    warnings = []
    for row in classes:
        name, share = row["name"], row["share_percent"]
        low, high = PLAUSIBLE_SHARE.get(name, (0.0, 1.0))
        if not row["voxels"]:
            warnings.append(f"No voxel belongs to {name}; check the brain mask, or ask for fewer classes.")
        elif not 100 * low <= share <= 100 * high:
            warnings.append(
                f"{name} takes {share:.0f} % of the brain, where {100 * low:.0f} to {100 * high:.0f} % is usual; "
                "check the brain mask and look at the segmentation."
            )
    return warnings


def _contrast(look: str | None) -> list[str]:
    if look != "T2-like":
        return []
    return [
        "The image looks like T2 contrast (bright CSF around dark white matter), so label 1 is WM, 2 GM and 3 CSF; "
        "give a T1 as the first image if that is wrong."
    ]


def _fields(fields: list[dict[str, Any]]) -> list[str]:
    low, high = FIELD_LIMITS
    return [
        f"The bias field of {row['channel']} reaches its limit ({row['min']:.2f} to {row['max']:.2f}); "
        "check the brain mask, or lower the Legendre degree."
        for row in fields
        if row["min"] <= low * 1.001 or row["max"] >= high * 0.999
    ]


def _homogeneity(evenness: dict[str, float | None] | None) -> list[str]:
    before, after = ((evenness or {}).get(f"cjv_{when}") for when in ("before", "after"))
    if before is None or after is None or after <= before * 1.01:
        return []
    return [
        f"The bias correction raised the joint variation of WM and GM from {before:.3f} to {after:.3f}; "
        "compare with degree 0, which corrects nothing."
    ]
