"""The process beside the panel: JSON requests on stdin, events on stdout, see :mod:`gmmseg.worker.protocol`."""
