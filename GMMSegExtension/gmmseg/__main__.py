"""``python -m gmmseg`` is the command ``gmmseg``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
