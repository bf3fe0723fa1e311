"""Fuzzing: many bad inputs and bad moments, run by hand or nightly, never by a plain `pytest`.

    python -m tests.fuzz                              all scripts but those in a browser, a few cases of each
    python -m tests.fuzz.kills --seed 3 --count 526   one script; the table is printed at the end
    python -m tests.fuzz.kills --seed 3 --only 17     one case again, with its traceback
    python -m tests.fuzz.kills --list                 the kinds of cases

`harness.py` says how a script is written. Small versions of what is found here join the tests of the rooms.

With the environment variable DISSECT_WIDGETS_TREE, the `dissect_widgets` of another checkout is attacked
instead of this one's: to compare before and after.
"""

from __future__ import annotations

import os
import sys

if "DISSECT_WIDGETS_TREE" in os.environ:
    sys.path.insert(0, os.environ["DISSECT_WIDGETS_TREE"])
