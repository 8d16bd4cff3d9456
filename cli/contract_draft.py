"""`pipeline contract init`: from sample objects to a contract in a file or on the terminal.

Writes the file and tells what was looked at; what a sample holds, `contract_init` finds.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import CommandFailed, WrongUse
from cli.output import Output
from contract import ContractError, parse_contract
from contract.yaml_reader import read_yaml
from contract_init import Draft, SampleError, draft_contract


@dataclass(frozen=True)
class SampleOptions:
    """The sample as it was named on the command line, and the dataset that it is one of."""

    paths: Sequence[str]
    name: str
    source_system: str | None
    limit: int

    def draft(self) -> Draft:
        """Draft a contract. Raises CommandFailed when the sample holds no records."""
        paths = [Path(path) for path in self.paths]
        try:
            return draft_contract(paths, name=self.name, source_system=self.source_system, limit=self.limit)
        except SampleError as problem:
            raise CommandFailed(str(problem)) from problem


def init_contract(sample: SampleOptions, *, place: str | None, replace: bool, output: Output) -> int:
    """Draft a contract into the file at ``place``, or on stdout; what was looked at is told on stderr.

    Raises WrongUse for a file that exists, and CommandFailed when there is no draft or it has to be changed by hand.
    """
    if place is not None and Path(place).exists() and not replace:
        raise WrongUse(f"{place} exists and is left as it is; give another --output, or --replace to overwrite it")
    draft = sample.draft()
    said = list(draft.summary)
    if place is not None:
        Path(place).write_text(draft.text, encoding="utf-8")
        said.append(f"written to {place}; next: pipeline contract check {place}")
    document, problems = read_yaml(draft.text)
    _print(draft.text, document, is_in_file=place is not None, output=output)
    print("\n".join(said), file=sys.stderr)
    _check(document, problems, source=place or "the draft")
    return 0


def _print(text: str, document: Any, *, is_in_file: bool, output: Output) -> None:
    if output.as_json:
        output.show(document)
    elif not is_in_file:
        sys.stdout.write(text)


def _check(document: Any, problems: Sequence[str], *, source: str) -> None:
    """Check the draft as any contract is. Raises CommandFailed, with what is to be changed by hand."""
    try:
        parse_contract(document, source=source, already_found=problems)
    except ContractError as error:
        raise CommandFailed(f"the draft cannot be used as it is; change by hand what is named here\n{error}") from error
