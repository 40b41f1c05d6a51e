"""The paper's experiments: tables and figures from trainings of many networks, each resumable cell by cell.

Data flow: :mod:`config` and data sets -> :mod:`plan` (which cells a table needs) -> :mod:`running` (cells that are
not finished, by :mod:`supervised` and :mod:`unsupervised`) -> :mod:`store` (a folder for each cell) -> :mod:`summary`
(means, spreads, paired differences) -> :mod:`output` (CSV, Markdown and PNG).
"""
