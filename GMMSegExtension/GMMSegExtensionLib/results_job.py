"""A job about the results of a run: what goes back to the worker, whatever is computed from it."""

from __future__ import annotations

from .engine_job import JobListener, SceneJob
from .result_arrays import ResultArrays
from .scene import SegmentationOutputs
from .steps import Steps


class ResultsJob(SceneJob):
    """Sends the brain, the classes as the user has corrected them, the report, and what a subclass adds.

    :raises ValueError: the results of the volume cannot be used.
    """

    def __init__(self, inputVolume, outputs: SegmentationOutputs, listener: JobListener) -> None:
        self._input, self._outputs = inputVolume, outputs
        super().__init__(listener)

    def prepareSteps(self) -> Steps[None]:
        yield from self._arrays.writeSteps()

    def _sources(self) -> tuple:
        return self._arrays.nodes

    def _announce(self) -> dict:
        arrays = self._arrays = ResultArrays(self._input, self._outputs, self._exchange)
        return {
            "id": self._exchange.id,
            "mask": arrays.mask(),
            "labels": arrays.labels(),
            "report": self._outputs.report,
            **self._ask(arrays),
        }

    def _ask(self, arrays: ResultArrays) -> dict:
        """What the message says besides, ``job`` among it."""
        raise NotImplementedError
