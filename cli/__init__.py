"""The `pipeline` command and the story that `make run` tells.

An edge: it reads arguments, clock and environment and talks to a person; what a run or a publication is, `curation`
knows.
"""

import sys
from pathlib import Path

# The packages of the job and of the functions; Glue, spark-submit and Lambda put them on the path themselves.
_ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(_ROOT / "glue_src"), str(_ROOT / "lambda_src")]
