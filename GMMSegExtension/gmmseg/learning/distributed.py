"""Several processes that train one model together, as ``torchrun`` starts them.

``torchrun`` tells each process by its environment which one of how many it is. :func:`group` joins them;
each process then does its share of a step's lessons, and the :class:`Group` adds up what they found. Only the first
process writes files and tells about progress. torch is imported when it is needed, so that a command line may ask
:func:`is_first` at no cost.
"""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import Cancelled, InputError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

# While the first process measures or prepares data the others only wait.
_TIMEOUT = datetime.timedelta(hours=24)
_VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
_joined: Group | None = None
_groups_before = 0


class OtherProcessFailed(RuntimeError):
    """Another process of a common training has failed or is gone."""


def is_launched() -> bool:
    """Whether ``torchrun`` has started this process as one of several."""
    return all(name in os.environ for name in _VARIABLES) and int(os.environ["WORLD_SIZE"]) > 1


def is_first() -> bool:
    """Whether this process is the one that writes and tells; a process started alone is."""
    return not is_launched() or int(os.environ["RANK"]) == 0


def local_rank() -> int:
    """Number of this process among those on this computer, which is that of its GPU; 0 for one started alone."""
    return int(os.environ["LOCAL_RANK"]) if is_launched() else 0


@dataclass(frozen=True)
class Group:
    """The processes that train together; every method but the properties must be called by all of them alike.

    Attributes:
        rank: number of this process, from 0.
        size: number of processes.
        carrier: device on which tensors travel between them; None where there is only one process.
    """

    rank: int = 0
    size: int = 1
    carrier: torch.device | None = None

    @property
    def is_first(self) -> bool:
        """Whether this process writes and tells."""
        return self.rank == 0

    @contextlib.contextmanager
    def failing_together(self) -> Iterator[None]:
        """A block in which no process waits for another; an exception in one of them is raised in all at its end.

        Raises:
            Cancelled, InputError: when it was that in another process.
            OtherProcessFailed: when it was anything else there.
        """
        failure: Exception | None = None
        try:
            yield
        except Exception as error:
            failure = error
        self._settle(failure)

    @contextlib.contextmanager
    def first_ahead(self) -> Iterator[None]:
        """A block that the first process does before the others: the files it makes there, the others find."""
        if not self.is_first:
            self._settle(None)
            yield
            return
        with self.failing_together():
            yield

    def any(self, flag: bool) -> bool:
        """Whether ``flag`` is set in any process."""
        return self._highest(float(flag)) > 0

    def agrees(self, value: float) -> bool:
        """Whether ``value`` is the same in every process."""
        return self._highest(value) == -self._highest(-value)

    def add(self, tensors: Sequence[Tensor]) -> None:
        """Puts the sum over the processes into each tensor, floating ones of any shape."""
        import torch

        if self.size == 1 or not tensors:
            return
        together = torch.cat([tensor.detach().reshape(-1) for tensor in tensors]).to(self.carrier)
        with _reached():
            torch.distributed.all_reduce(together)
        for tensor, part in zip(tensors, together.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.detach().copy_(part.reshape(tensor.shape))

    def take_from_first(self, tensors: Sequence[Tensor]) -> None:
        """Puts the first process's values into the tensors."""
        import torch

        if self.size == 1:
            return
        for tensor in tensors:
            values = tensor.detach().contiguous().to(self.carrier)
            with _reached():
                torch.distributed.broadcast(values, 0)
            tensor.detach().copy_(values)

    def _highest(self, value: float) -> float:
        import torch

        if self.size == 1:
            return value
        highest = torch.tensor(value)
        with _reached():
            torch.distributed.all_reduce(highest, torch.distributed.ReduceOp.MAX)
        return float(highest)

    def _settle(self, failure: Exception | None) -> None:
        """Raises this process's failure, or what another one's means here."""
        if self.size > 1 and self.any(failure is not None):
            sentences = self._told(failure)
            if failure is None:
                raise _meaning(sentences)
        if failure is not None:
            raise failure

    def _told(self, failure: Exception | None) -> list[tuple[str, str] | None]:
        """For each process its failure's kind and words, None where there is none."""
        import torch

        own = None if failure is None else (_kind(failure), str(failure) or type(failure).__name__)
        told: list[tuple[str, str] | None] = [None] * self.size
        with _reached():
            torch.distributed.all_gather_object(told, own)
        return told


@contextlib.contextmanager
def group(device: torch.device | None = None) -> Iterator[Group]:
    """The processes of this training, joined at the block's beginning and parted at its end, also after an error.

    Inside another such block it is that one's. A process that was started alone is a group of one.

    Args:
        device: where the network runs; None for the CPU.

    Raises:
        OtherProcessFailed: the other processes cannot be reached.
    """
    global _joined
    if _joined is not None or not is_launched():
        yield _joined or Group()
        return
    import torch

    _joined = _join(device or torch.device("cpu"))
    try:
        yield _joined
    finally:
        _joined = None
        torch.distributed.destroy_process_group()


def _join(device: torch.device) -> Group:
    import torch

    # Its functions' defaults are the group that there is when it is first imported. Were that this one, it would
    # outlive its end, and its threads would now and then abort the process as it exits.
    import torch.distributed.nn.functional
    from torch import distributed

    global _groups_before
    # Flags travel on the CPU, where a process that is gone is noticed at once; nccl would wait for it.
    on_gpu = device.type == "cuda" and distributed.is_nccl_available()
    if device.type == "cuda":
        torch.cuda.set_device(device)
    with _reached():
        store, rank, size = next(distributed.rendezvous("env://", timeout=_TIMEOUT))
        # What an earlier group of these processes has left in the store would lead this one astray.
        store = distributed.PrefixStore(f"gmmseg {_groups_before}", store)
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if on_gpu else "gloo", store=store, rank=rank, world_size=size, timeout=_TIMEOUT
        )
    _groups_before += 1
    return Group(rank, size, device if on_gpu else torch.device("cpu"))


@contextlib.contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise OtherProcessFailed(f"Another process of this training is gone ({error}).") from error


def _kind(failure: Exception) -> str:
    return next((kind.__name__ for kind in (Cancelled, InputError) if isinstance(failure, kind)), "")


def _meaning(told: Sequence[tuple[str, str] | None]) -> Exception:
    """What the failures of other processes are in this one."""
    failures = [(rank, *failure) for rank, failure in enumerate(told) if failure is not None]
    for rank, kind, words in failures:
        if kind == InputError.__name__:
            return InputError(words)
        if not kind:
            return OtherProcessFailed(f"Process {rank} of this training failed: {words}")
    return Cancelled()
