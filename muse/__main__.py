"""`python -m muse` is `muse`."""

from __future__ import annotations

import sys

from muse.cli.main import main

sys.exit(main())
