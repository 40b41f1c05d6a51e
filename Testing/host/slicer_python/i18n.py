"""Stand-in for `slicer.i18n`: the marks that make a text translatable, without any translation."""

__all__ = ["getContext", "tr", "translate"]

from pathlib import Path


def translate(context, text):
    """Give `text` back: the stand-in speaks English. Like the real one it takes text only."""
    if not isinstance(text, str):
        raise ValueError(f"translate() takes text, not {type(text).__name__}")
    return text


def getContext(sourceFile):
    """Name under which Slicer looks the texts of a file up: `Package.file` inside a package, else `file`."""
    path = Path(sourceFile)
    name = path.name.replace(".py", "") if path.is_file() else path.name
    return f"{path.parent.name}.{name}" if (path.parent / "__init__.py").is_file() else name


def tr(text):
    """Mark `text` for translation; usually imported as `_`."""
    return translate("", text)
