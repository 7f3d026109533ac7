"""`python -m evalharness.cli`."""

import sys

from evalharness.cli.command import main

sys.exit(main())
