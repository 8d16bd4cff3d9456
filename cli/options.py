"""The options that commands share, each with the variable that stands in for it, and what they name together.

Nothing is looked up before a command asks for it: a place of its own, or a deployment.
"""

import os
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from typing import Annotated, Any, TypeAlias

import typer

from cli.contracts import all_contracts, find_contract
from cli.dataset import Dataset, Place, data_root, open_dataset
from cli.deployed_contract import require_same_contract
from cli.deployment import Deployment, find_deployment
from cli.errors import WrongUse
from cli.executions import Execution, Executions
from cli.output import Output
from config import ENVIRONMENTS
from core.layout import parse_ingestion_date
from core.wording import DEFAULT_ENVIRONMENT


def date_argument(name: str, meaning: str) -> Any:
    """Describe an argument that is an ingestion date."""
    return typer.Argument(parser=_day, metavar=name, show_default=False, help=f"{meaning}, YYYY-MM-DD")


def _option(name: str, metavar: str, meaning: str, completion: Callable[[str], Iterable[str]] | None = None) -> Any:
    return typer.Option(
        f"--{name}",
        envvar=_variable(name),
        parser=_name,
        metavar=metavar,
        show_default=False,
        help=meaning,
        autocompletion=completion,
    )


def _contracts(begun: str) -> list[str]:
    return [name for name in all_contracts() if name.startswith(begun)]


def _environments(begun: str) -> list[str]:
    return [name for name in ENVIRONMENTS if name.startswith(begun)]


def _variable(name: str) -> str:
    return f"PIPELINE_{name.upper()}"


def _day(text: str) -> date:
    try:
        return parse_ingestion_date(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _name(text: str) -> str:
    if not text:
        raise typer.BadParameter("it is empty; give a value, or leave the option out")
    return text


Date: TypeAlias = Annotated[date, date_argument("DATE", "ingestion date")]
AnyDate: TypeAlias = Annotated[date | None, date_argument("DATE", "ingestion date")]
From: TypeAlias = Annotated[
    date | None, typer.Option("--from", parser=_day, metavar="DATE", show_default=False, help="first date of a range")
]
To: TypeAlias = Annotated[
    date | None, typer.Option("--to", parser=_day, metavar="DATE", show_default=False, help="last date of a range")
]
Run: TypeAlias = Annotated[
    str | None, typer.Option("--run", metavar="RUN_ID", help="this run, not the latest of the date")
]
Force: TypeAlias = Annotated[
    bool, typer.Option("--force", help="run even if this input is published already, or blocked")
]
NoWait: TypeAlias = Annotated[bool, typer.Option("--no-wait", help="start the execution without waiting for its end")]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="print one JSON document")]
Contract: TypeAlias = Annotated[
    str | None,
    _option("contract", "NAME", "the dataset, by its contract's name or file; default: the only one", _contracts),
]
OneContract: TypeAlias = Annotated[
    str | None,
    _option("contract", "NAME", "only this dataset, by its contract's name or file; default: all", _contracts),
]
Environment: TypeAlias = Annotated[
    str | None,
    _option("environment", "NAME", f"the deployed environment; default: {DEFAULT_ENVIRONMENT}", _environments),
]
DataUri: TypeAlias = Annotated[
    str | None,
    _option("data_uri", "URI", "instead of a deployment: a directory or s3://bucket/prefix with raw/ and curated/"),
]
CatalogDatabase: TypeAlias = Annotated[
    str | None,
    _option("catalog_database", "NAME", "with --data_uri: Glue database that shows the published versions"),
]
CatalogTable: TypeAlias = Annotated[
    str | None, _option("catalog_table", "NAME", "with --data_uri: its table; default: the contract's")
]


@dataclass(frozen=True)
class Call:
    """A command as it was given: the form of its answer, and the dataset that options or their variables name."""

    as_json: bool
    contract: str | None
    environment: str | None
    data_uri: str | None = None
    catalog_database: str | None = None
    catalog_table: str | None = None

    @cached_property
    def output(self) -> Output:
        """Where the answer goes."""
        return Output(self.as_json, "".join(f" --{name} {shlex.quote(value)}" for name, value in self._typed.items()))

    @cached_property
    def place(self) -> Place | None:
        """The place that is named by itself, or None where a deployment is meant."""
        if self.data_uri is None:
            return None
        return Place(
            data_uri=data_root(self.data_uri),
            contract=find_contract(self.contract),
            catalog_database=self.catalog_database,
            catalog_table=self.catalog_table,
        )

    @cached_property
    def deployment(self) -> Deployment:
        """The deployed environment. Raises CommandFailed where there is none."""
        if {"catalog_database", "catalog_table"} & self._typed.keys():
            raise WrongUse("--catalog_database and --catalog_table go with --data_uri; a deployment has its own")
        return find_deployment(find_contract(self.contract), environment=self.environment or DEFAULT_ENVIRONMENT)

    @cached_property
    def dataset(self) -> Dataset:
        """The dataset, whichever way it was named."""
        return open_dataset(self.place or self.deployment.place)

    def require_deployed_contract(self) -> None:
        """Check, where a deployment is meant, that its job works under the contract that is here."""
        _ = self._has_deployed_contract

    @cached_property
    def _has_deployed_contract(self) -> bool:
        if self.place is None:
            require_same_contract(self.deployment, self.output)
        return True

    def under_way(self) -> list[Execution]:
        """Return what is running on the dataset, for people; on a place by itself nobody keeps a list of that."""
        return [] if self.as_json or self.place else Executions(self.deployment).under_way()

    @property
    def _typed(self) -> Mapping[str, str]:
        """The options that no variable says as well."""
        given = asdict(self) | {"as_json": None}
        return {name: value for name, value in given.items() if value not in {None, os.environ.get(_variable(name))}}
