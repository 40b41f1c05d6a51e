"""What the command line does: a module per command with ``run(arguments)``, its options in ``options``."""
