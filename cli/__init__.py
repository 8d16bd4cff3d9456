"""The `pipeline` command and the story that `make run` tells.

An edge: it reads arguments, clock and environment and talks to a person; what a run or a publication is, `curation`
knows.
"""

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
# The packages of the job and of the functions; Glue, spark-submit and Lambda put them on the path themselves.
sys.path += [str(ROOT / "glue_src"), str(ROOT / "lambda_src")]
