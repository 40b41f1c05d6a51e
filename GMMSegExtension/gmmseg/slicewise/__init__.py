"""Training a 2-D network on slices of many scans: supervised, semi-supervised (eq 3.5) or without labels (eq 3.7).

Data flow: subjects -> :mod:`prepared` files -> :mod:`lessons` -> the loop of :mod:`gmmseg.learning.model_training` ->
:mod:`prediction` and :mod:`evaluation` of scans not learned from. :func:`gmmseg.slicewise.study.learn` does all of it.
"""
