"""Files that appear complete or not at all, and sentences for what keeps them from being written."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from .errors import InputError

COMPRESSION_SUFFIXES = (".gz", ".bz2", ".zst")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


@contextlib.contextmanager
def atomic(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that takes its place on success and is removed on any failure.

    The temporary name keeps the extension, because writers choose the format by it.

    Raises:
        InputError: the folder is missing or not writable, ``path`` is a folder, or the disk is full.
    """
    path = Path(path)
    extension = "".join(path.suffixes[-2:]) if path.suffix in COMPRESSION_SUFFIXES else path.suffix
    temporary = path.with_name(f".{path.name[: len(path.name) - len(extension)]}-{secrets.token_hex(4)}{extension}")
    try:
        if path.is_dir():
            raise InputError(f"'{path}' is a folder, so no file can be written there; choose another name.")
        with temporary.open("xb"):
            pass
        yield temporary
        temporary.replace(path)
    except OSError as error:
        _raise_sentence(path, error)
        raise
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def ensure_output_folder(path: str | os.PathLike) -> Path:
    """Make the folder (and its parents) unless it is there, and see that files can be written in it.

    Raises:
        InputError: it cannot be made or written to.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".gmmseg-{secrets.token_hex(4)}"
        with probe.open("xb"):
            pass
        probe.unlink()
    except FileExistsError as error:
        raise InputError(f"'{folder}' is a file, so it cannot be the output folder; choose another name.") from error
    except NotADirectoryError as error:
        raise InputError(f"A part of '{folder}' is a file, not a folder; choose another output folder.") from error
    except OSError as error:
        _raise_sentence(folder, error)
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"'{folder}' cannot be used as output folder ({reason}); choose another one.") from error
    return folder


def file_name(text: str) -> str:
    """``text`` as the name of a file that no system objects to and that leads to no other folder."""
    return _NOT_IN_NAMES.sub("_", text).lstrip(".") or "_"


def _raise_sentence(path: Path, error: OSError) -> None:
    """Raise the InputError for a failed write; return when the failure is not about the place to write."""
    name = f"'{path}'"
    # EFBIG is what a limit on the size of files gives.
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        sentence = f"{name} could not be written because the disk is full; free some space and run again."
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        sentence = f"{name} cannot be written because its folder is write-protected; choose another folder."
    elif error.errno in (errno.ENOENT, errno.ENOTDIR) and not path.parent.is_dir():
        sentence = f"{name} cannot be written because the folder '{path.parent}' does not exist; create it first."
    elif error.errno == errno.ENAMETOOLONG:
        sentence = f"{name} cannot be written because the name is too long; choose a shorter one."
    else:
        return
    raise InputError(sentence) from error
