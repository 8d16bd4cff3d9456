"""The `pipeline` command and the story that `make run` tells.

An edge: it reads arguments, clock and environment and talks to a person; what a run or a publication is, `curation`
knows.
"""

import sys
from pathlib import Path

# The job's own packages; Glue and spark-submit put them on the path themselves.
sys.path.append(str(Path(__file__).resolve().parent.parent / "glue_src"))
