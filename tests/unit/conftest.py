"""How properties are tried: the same examples each time, no clock, nothing written beside the tests."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("steady", deadline=None, database=None, derandomize=True, print_blob=True)
settings.register_profile("searching", deadline=None, database=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
