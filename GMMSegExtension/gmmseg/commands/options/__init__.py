"""The command line's options: a module a command, with ``SUMMARY``, ``DESCRIPTION`` and ``add_options(parser)``.

None of them imports anything heavy, so that help and mistakes are answered at once. What a command does stands in the
module ``gmmseg.commands.<command>``, which is imported when the command is run.
"""
