"""A guard against PySide's `Signal.emit`, which gives back one reference to True that it never took.

Seen with PySide 6.12 on Python 3.11: some thousand emissions, and the interpreter ends with "deallocating True or
False". From Python 3.12 on True cannot be deallocated.
"""

import ctypes
import sys


def keep_true_alive() -> None:
    """Give True so many references that no test run uses them up, as newer Pythons do."""
    if sys.version_info < (3, 12):
        ctypes.c_ssize_t.from_address(id(True)).value += 1 << 40
