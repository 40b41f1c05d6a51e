"""The Slicer side of GMMSegExtension: nodes, the worker process and the panel. Voxel arithmetic is in ``gmmseg``."""
