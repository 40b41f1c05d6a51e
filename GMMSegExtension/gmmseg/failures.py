"""Any exception as what the user is told: its kind and one sentence. Command line and worker share it."""

from __future__ import annotations

import errno
import sys
import traceback

from .errors import Cancelled, InputError

INPUT, MEMORY, CANCELLED, INTERNAL = "input", "memory", "cancelled", "internal"

_STORAGE = {
    errno.ENOSPC: "The disk is full",
    errno.EDQUOT: "The disk quota is used up",
    errno.EFBIG: "The file would grow larger than the system allows",
    errno.EACCES: "Permission is denied",
    errno.EPERM: "Permission is denied",
    errno.EROFS: "The disk is read-only",
}


def explain(error: BaseException) -> tuple[str, str]:
    """(kind, sentence) of an exception.

    Kinds: ``input`` is for the user to mend, ``memory`` too little of it, ``cancelled`` the user's wish,
    ``internal`` anything else, where the sentence is the exception's own words on one line.
    """
    if isinstance(error, (Cancelled, KeyboardInterrupt)):
        return CANCELLED, str(error) or "Cancelled; nothing was written."
    if is_out_of_memory(error):
        return MEMORY, (
            "There is not enough memory for this run; close other programs, or choose a smaller batch size, "
            "a smaller base width or the device cpu."
        )
    if isinstance(error, InputError):
        return INPUT, one_line(error)
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("gmmseg"):
        return INPUT, missing_packages_sentence([error.name])
    if isinstance(error, OSError) and error.errno in _STORAGE:
        where = f" for {error.filename}" if error.filename else ""
        return INPUT, f"{_STORAGE[error.errno]}{where}; make room or choose another folder."
    return INTERNAL, f"{type(error).__name__}: {one_line(error)}"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the computer or the GPU ran out of memory, also when another error was raised from that."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError):
            return True
        if sys.modules.get("torch") is not None:
            from .devices import is_out_of_memory as torch_is_out_of_memory

            if torch_is_out_of_memory(cause):
                return True
        cause = cause.__cause__
    return False


def missing_packages_sentence(missing: list[str]) -> str:
    """What to say when packages that the engine needs are not there."""
    names = ", ".join(missing)
    noun = "package" if len(missing) == 1 else "packages"
    return f"The Python {noun} {names} cannot be imported; install with: pip install {' '.join(missing)}"


def last_lines(error: BaseException, count: int = 12) -> str:
    """The end of the traceback, where the cause is."""
    lines = "".join(traceback.format_exception(error)).rstrip().splitlines()
    return "\n".join(lines[-count:])


def one_line(error: BaseException) -> str:
    """The exception's message without line breaks."""
    return " ".join(str(error).split()) or type(error).__name__
