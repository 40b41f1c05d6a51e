"""`python -m demo`: the shipped samples through the extension's logic, and pictures of the results."""

import host.scene  # noqa: F401  (makes `slicer` and its Python modules importable)
