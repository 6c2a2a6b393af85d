"""`python -m fastsecc` is `fastsecc`."""

from __future__ import annotations

import sys

from fastsecc.cli.main import main

sys.exit(main())
