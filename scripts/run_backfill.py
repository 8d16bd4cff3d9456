"""`python3 scripts/run_backfill.py START END …`: the short form of `pipeline backfill`, with any Python."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    pipeline = str(Path(__file__).resolve().parent.parent / "pipeline")
    os.execv(pipeline, [pipeline, "backfill", *sys.argv[1:]])  # noqa: S606  no shell is wanted
