"""`python -m tests.iam`, which `make proof-iam` calls: tells everything on the embedded AWS and proves the permissions.

With ``--told`` the story of `make run` was told already, recorded, in the given folder; with ``--keep`` what was
recorded is kept for the tests that prove without a run.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.iam.chapters import tell
from tests.iam.names import physical_names
from tests.iam.recorded import KEPT, comparable
from tests.iam.variants import VARIANTS, deployed, kept_facts, variant
from tests.local.cloud import Cloud
from tests.unit.programs import ROOT

RECORDED = {"PIPELINE_LOCAL_RECORD_CALLS": "1"}
_ROWS = "2000"


def main(argv: Sequence[str]) -> int:
    given = _parser().parse_args(argv)
    os.environ.update(RECORDED)
    with tempfile.TemporaryDirectory(prefix="proof-iam-") as folder:
        state = given.told or Path(folder) / "cloud"
        if not given.told:
            _story(state)
        cloud = Cloud(state, is_deployed=True)
        try:
            tell(cloud, Path(folder) / "chapters")
            facts = _facts(cloud)
        finally:
            if not given.told:
                cloud.command("down")
    if given.keep:
        KEPT.write_text("".join(f"{fact}\n" for fact in facts), encoding="utf-8")
    return _report(facts)


def _story(state: Path) -> None:
    print("telling the story of `make run`, recorded ...", flush=True)
    command = [sys.executable, "-m", "cli.make_run", "--rows", _ROWS]
    environment = {**os.environ, "PIPELINE_LOCAL_STATE": str(state)}
    subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)


def _facts(cloud: Cloud) -> list[str]:
    names = physical_names(cloud.client("cloudformation"), deployed("no key"))
    with (cloud.state / "calls.jsonl").open(encoding="utf-8") as lines:
        return comparable(lines, names)


def _report(facts: Sequence[str]) -> int:
    """Print what was found and return the exit code."""
    found = 0
    for name in VARIANTS:
        proved, kept = variant(name, facts), variant(name, kept_facts())
        proof = proved.proof()
        new = [f"new: {call} ({call.why})" for call in proved.calls if call not in set(kept.calls)]
        found += len(proof.findings) + len(new)
        statements = sum(1 for _ in proved.policies.statements())
        print(f"{name}: {len(proved.calls)} calls under {statements} statements, {len(proof.findings)} findings")
        print("".join(f"  {line}\n" for line in [*proof.findings, *new]), end="")
    if found:
        print("mend the policy or the code, or give a reason in tests/iam/reasons.py; right calls that are new to the")
        print("record are kept by: make proof-iam KEEP=1")
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make proof-iam", allow_abbrev=False)
    parser.add_argument("--told", type=Path, help="folder of an embedded AWS that runs and in which the story was told")
    parser.add_argument("--keep", action="store_true", help="keep what was recorded for the tests without a run")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
