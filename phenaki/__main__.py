"""``python -m phenaki``."""

import sys

from phenaki.cli import main

if __name__ == "__main__":
    sys.exit(main())
