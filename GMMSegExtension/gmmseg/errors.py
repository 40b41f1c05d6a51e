"""What can go wrong in a way that the user can mend, said in one sentence."""

from __future__ import annotations


class InputError(ValueError):
    """The input or a setting cannot be used as it is.

    The message is one sentence a user understands: what is wrong and how to mend it. The command line
    prints it and exits with status 2; the panel shows it.
    """


class EngineUnavailable(InputError):
    """A package or device that the chosen settings need is not there."""


class NoBrainFound(InputError):
    """The automatic mask shows nothing that can be a brain."""


class Cancelled(Exception):
    """The user stopped the run. Raised from inside a progress callback; nothing has been written unless it says so."""
