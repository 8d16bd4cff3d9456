"""The options that many commands share, and how a function becomes a command that has them.

What the options name is resolved when a command asks for it: a place of its own, or a deployment.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Final, TypeAlias

import typer
from rich.console import Console

from cli.contracts import find_contract
from cli.dataset import Dataset, Place, data_root, open_dataset
from cli.deployment import Deployment, find_deployment
from cli.errors import WrongUse
from cli.executions import Execution, Executions
from cli.output import Output
from config import DEFAULT_ENVIRONMENT
from data_contract.paths import parse_ingestion_date

EXIT_CODES: Final = (
    "exit codes: 0 done, 1 the run or the command failed, 2 the command line cannot be used, 130 interrupted"
)
_VARIABLES: Final = {
    name: f"PIPELINE_{name.upper()}"
    for name in ("contract", "environment", "data_uri", "catalog_database", "catalog_table")
}


@dataclass(frozen=True)
class Call:
    """One command as it was given: its shared options, by name, and the environment that may stand in for them."""

    options: Mapping[str, Any]
    environment: Mapping[str, str]

    @cached_property
    def output(self) -> Output:
        as_json = bool(self.options["json"])
        return Output(Console(highlight=False, soft_wrap=as_json), as_json)

    @property
    def contract(self) -> str:
        """The path of the dataset's contract. Raises WrongUse where it is not clear which."""
        return find_contract(self._chosen("contract"))

    @cached_property
    def place(self) -> Place | None:
        """The place that is named by itself, or None where a deployment is meant."""
        data_uri = self._chosen("data_uri")
        if data_uri is None:
            return None
        return Place(
            data_uri=data_root(data_uri),
            contract=self.contract,
            catalog_database=self._chosen("catalog_database"),
            catalog_table=self._chosen("catalog_table"),
        )

    @cached_property
    def deployment(self) -> Deployment:
        """The deployed environment. Raises CommandFailed where there is none."""
        if self.options.get("catalog_database") or self.options.get("catalog_table"):
            raise WrongUse("--catalog_database and --catalog_table go with --data_uri; a deployment has its own")
        return find_deployment(self.contract, environment=self._chosen("environment") or DEFAULT_ENVIRONMENT)

    @cached_property
    def dataset(self) -> Dataset:
        """The dataset, whichever way it was named."""
        return open_dataset(self.place or self.deployment.place)

    def under_way(self) -> list[Execution]:
        """Return what is at work on the dataset, for people; on a place by itself nobody keeps a list of that."""
        is_shown = self.place is None and not self.output.as_json
        return Executions(self.deployment).under_way() if is_shown else []

    def _chosen(self, name: str) -> str | None:
        given: str | None = self.options.get(name)
        return given or self.environment.get(_VARIABLES[name]) or None


def _day(text: str) -> date:
    try:
        return parse_ingestion_date(text)
    except ValueError as error:
        raise WrongUse(str(error)) from None


def date_argument(name: str, meaning: str) -> Any:
    """Describe an argument that is an ingestion date."""
    return typer.Argument(parser=_day, metavar=name, show_default=False, help=f"{meaning}, YYYY-MM-DD")


def _text_option(name: str, metavar: str, meaning: str) -> Any:
    option = typer.Option(f"--{name}", metavar=metavar, show_default=False, help=f"{meaning} ({_VARIABLES[name]})")
    return Annotated[str | None, option]


Date: TypeAlias = Annotated[date, date_argument("DATE", "ingestion date")]
AnyDate: TypeAlias = Annotated[date | None, date_argument("DATE", "ingestion date")]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="also when this input is published already")]
NoWait: TypeAlias = Annotated[bool, typer.Option("--no-wait", help="start the execution and do not follow it")]

_JSON: Final = {"json": Annotated[bool, typer.Option("--json", help="print one JSON document")]}
_DEPLOYED: Final = {
    "contract": _text_option("contract", "NAME", "the dataset, by its contract's name or file; default the only one"),
    "environment": _text_option("environment", "NAME", f"what was deployed, default {DEFAULT_ENVIRONMENT}"),
}
_ANYWHERE: Final = {
    **_DEPLOYED,
    "data_uri": _text_option(
        "data_uri", "URI", "no deployment but a directory, or s3://bucket/prefix, above raw/ and curated/"
    ),
    "catalog_database": _text_option(
        "catalog_database", "NAME", "with --data_uri: Glue database that shows the published versions"
    ),
    "catalog_table": _text_option("catalog_table", "NAME", "with --data_uri: its table, default the contract's"),
}
OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "anywhere": {**_ANYWHERE, **_JSON},
    "deployed": {**_DEPLOYED, **_JSON},
    "here": _JSON,
}


def command(
    app: typer.Typer, name: str, meaning: str, *, runs: str
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Make a function a command: it gets a Call first and its own words after that.

    ``runs`` says which of OPTIONS the command has besides its own.
    """
    shared = OPTIONS[runs]

    def register(function: Callable[..., int]) -> Callable[..., int]:
        def carry_out(context: typer.Context, **given: Any) -> int:
            options = {option: given.pop(option) for option in shared}
            return function(Call(options, context.obj), **given)

        _describe(carry_out, function, shared)
        app.command(name, help=f"{meaning[0].upper()}{meaning[1:]}.", short_help=meaning, epilog=EXIT_CODES)(carry_out)
        return function

    return register


def _describe(carry_out: Callable[..., int], function: Callable[..., int], shared: Mapping[str, Any]) -> None:
    """Give the outer function the parameters of both, which is where Typer looks for arguments and options."""
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [first, *(item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for item in own)]
    parameters += [_shared_parameter(name, annotation) for name, annotation in shared.items()]
    carry_out.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typeshed has no such attribute of a function
    carry_out.__annotations__ = {item.name: item.annotation for item in parameters}


def _shared_parameter(name: str, annotation: Any) -> inspect.Parameter:
    default = False if name == "json" else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def command_words(app: typer.Typer) -> Sequence[str]:
    """Return the names of all commands."""
    return [str(registered.name) for registered in app.registered_commands]
