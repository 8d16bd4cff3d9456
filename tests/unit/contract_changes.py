"""Pairs of contracts that differ in one thing, and the class that it has for readers and for written data."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

Document = dict[str, Any]
Edit = Callable[[Document], object]
SAFE, RERUN, BREAKING = "safe", "rerun needed", "breaking"


def base() -> Document:
    """Make a contract that has something of every kind."""
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "orders",
        "version": "1.4.2",
        "status": "active",
        "customProperties": [
            {"property": "sourceSystem", "value": "shop"},
            {"property": "eventTime", "value": "at"},
            {"property": "maxMalformedPercent", "value": 2},
            {"property": "maxUnreadObjects", "value": 2},
            {"property": "includeObjects", "value": ["part-*"]},
        ],
        "slaProperties": [{"property": "latency", "value": 6, "unit": "h"}],
        "schema": [
            {
                "name": "orders",
                "description": "One row per order.",
                "quality": [
                    {"id": "rows", "metric": "rowCount", "mustBeGreaterThan": 0},
                    {"id": "once", "metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["id", "at"]}},
                ],
                "properties": [
                    {"name": "id", "logicalType": "string", "primaryKey": True, "required": True},
                    {"name": "at", "logicalType": "timestamp", "description": "When."},
                    {"name": "other_at", "logicalType": "timestamp"},
                    {"name": "count", "physicalType": "int"},
                    {"name": "rank", "physicalType": "smallint"},
                    {"name": "price", "physicalType": "decimal(12,2)"},
                    {"name": "weight", "physicalType": "float"},
                    {
                        "name": "status",
                        "logicalType": "string",
                        "quality": [
                            {
                                "id": "status_valid",
                                "metric": "invalidValues",
                                "arguments": {"validValues": ["open", "paid"]},
                                "mustBe": 0,
                            },
                            {
                                "id": "status_nulls",
                                "metric": "nullValues",
                                "mustBeLessOrEqualTo": 3,
                                "unit": "percent",
                            },
                            {"id": "status_rare", "metric": "nullValues", "mustBe": 0, "severity": "warning"},
                            {
                                "id": "status_given",
                                "metric": "missingValues",
                                "arguments": {"missingValues": ["n/a"]},
                                "mustBe": 0,
                            },
                        ],
                    },
                    {
                        "name": "address",
                        "physicalType": "struct<street:string,zip:int,geo:struct<lat:float,lon:float>>",
                    },
                    {"name": "items", "physicalType": "array<struct<sku:string,n:int>>"},
                    {"name": "tags", "physicalType": "map<string,int>"},
                    {"name": "email", "logicalType": "string", "customProperties": [_said("inputOnly", value=True)]},
                    {"name": "domain", "logicalType": "string", "transformLogic": "lower(email)"},
                    {"name": "sent", "physicalType": "bigint", "customProperties": [_said("sentAs", value="string")]},
                    {
                        "name": "paid_at",
                        "logicalType": "timestamp",
                        "customProperties": [_said("epochUnit", value="s")],
                    },
                ],
            }
        ],
    }


def _said(name: str, *, value: Any) -> Document:
    return {"property": name, "value": value}


def columns(document: Document) -> list[Document]:
    found: list[Document] = document["schema"][0]["properties"]
    return found


def column(document: Document, name: str) -> Document:
    return next(found for found in columns(document) if found["name"] == name)


def rule(document: Document, rule_id: str) -> Document:
    rules = [*document["schema"][0]["quality"], *(one for of in columns(document) for one in of.get("quality", ()))]
    found: Document = next(found for found in rules if found.get("id") == rule_id)
    return found


def with_column(name: str, **values: Any) -> Edit:
    return lambda document: column(document, name).update(values)


def with_rule(rule_id: str, **values: Any) -> Edit:
    """Change a rule; a key set to None goes."""

    def edit(document: Document) -> None:
        found = rule(document, rule_id)
        found.update(values)
        for key in [key for key, value in found.items() if value is None]:
            del found[key]

    return edit


def with_table_rule(rule: Document) -> Edit:
    return lambda document: document["schema"][0]["quality"].append(rule)


_USUAL: Final = {"id": "usual", "type": "custom", "engine": "baseline", "implementation": {"metric": "rowCount"}}
_LOOK_BACK: Final = {"type": "custom", "engine": "lookBack", "implementation": {"days": 2, "mustBe": 0}}


def without_rule(rule_id: str) -> Edit:
    def edit(document: Document) -> None:
        found = rule(document, rule_id)
        for owner in (document["schema"][0], *columns(document)):
            owner["quality"] = [one for one in owner.get("quality", ()) if one is not found]

    return edit


def with_custom(name: str, value: Any) -> Edit:
    """State a property of the dataset, or none with the value None."""

    def edit(document: Document) -> None:
        others = [entry for entry in document["customProperties"] if entry["property"] != name]
        document["customProperties"] = others if value is None else [*others, _said(name, value=value)]

    return edit


def in_column(name: str, property_name: str, value: Any) -> Edit:
    return with_column(name, customProperties=[] if value is None else [_said(property_name, value=value)])


def without_column(name: str) -> Edit:
    return lambda document: columns(document).remove(column(document, name))


def added(**values: Any) -> Edit:
    return lambda document: columns(document).append({"name": "new", "logicalType": "string", **values})


def retyped(name: str, type_: str) -> Edit:
    def edit(document: Document) -> None:
        column(document, name).pop("logicalType", None)
        column(document, name)["physicalType"] = type_

    return edit


def moved(name: str, position: int) -> Edit:
    def edit(document: Document) -> None:
        found = column(document, name)
        columns(document).remove(found)
        columns(document).insert(position, found)

    return edit


def renamed(name: str, to: str = "renamed", **more: Any) -> Edit:
    return lambda document: column(document, name).update({"name": to, **more})


def of_an_int(document: Document) -> None:
    """Read the input as another type, and derive what reads it from something else."""
    retyped("email", "int")(document)
    with_column("domain", transformLogic="lower(id)")(document)


@dataclass(frozen=True)
class Case:
    """An edit, and for each change that it makes the class for readers and for written data, the worst first."""

    what: str
    edit: Edit
    effects: tuple[tuple[str, str], ...]

    def pair(self) -> tuple[Document, Document]:
        old, new = base(), copy.deepcopy(base())
        self.edit(new)
        return old, new


def case(what: str, edit: Edit, readers: str, written: str, *more: tuple[str, str]) -> Case:
    return Case(what, edit, ((readers, written), *more))


_ADDRESS: Final = "struct<street:string,zip:int,geo:struct<lat:float,lon:float>>"
_VALID: Final = {"validValues": ["open", "paid", "sent"]}

CASES: Final = (
    # the dataset
    case(
        "another dataset name",
        lambda d: d["schema"][0].update(name="sales", physicalName="curated_orders"),
        BREAKING,
        BREAKING,
    ),
    case("another table", lambda d: d["schema"][0].update(physicalName="sales"), BREAKING, SAFE),
    case("another source system", with_custom("sourceSystem", "app"), BREAKING, BREAKING),
    case("another id", lambda d: d.update(id="sales"), SAFE, SAFE),
    case("another event time", with_custom("eventTime", "other_at"), SAFE, RERUN),
    case("no event time", with_custom("eventTime", None), SAFE, RERUN),
    case("fewer malformed lines allowed", with_custom("maxMalformedPercent", 1), SAFE, RERUN),
    case("more malformed lines allowed", with_custom("maxMalformedPercent", 3), SAFE, SAFE),
    case("other objects", with_custom("includeObjects", ["x-*"]), SAFE, RERUN),
    case("objects left out", with_custom("excludeObjects", ["x-*"]), SAFE, RERUN),
    case("fewer unread objects allowed", with_custom("maxUnreadObjects", 1), SAFE, RERUN),
    case("more unread objects allowed", with_custom("maxUnreadObjects", 3), SAFE, SAFE),
    case("records in an envelope", with_custom("recordsPath", "Records"), SAFE, RERUN),
    case("several texts on a line", with_custom("objectFormat", "concatenated"), SAFE, RERUN),
    case("no example lines", with_custom("exampleLines", "none"), SAFE, SAFE),
    case("a limit on the cost of a run", with_custom("maxRunCostUsd", 2.5), SAFE, SAFE),
    case("a limit on the cost of a month", with_custom("maxMonthlyCostUsd", 100), SAFE, SAFE),
    case("an earlier promise", lambda d: d["slaProperties"][0].update(value=3), SAFE, SAFE),
    case("no promise", lambda d: d.update(slaProperties=[]), SAFE, SAFE),
    # columns
    case("a column more", added(), SAFE, SAFE),
    case("a column more in front", lambda d: columns(d).insert(0, {"name": "new", "logicalType": "date"}), SAFE, SAFE),
    case("a column more that must not be null", added(required=True), SAFE, RERUN, (SAFE, SAFE)),
    case("a column more with its values", added(enum=[{"value": "a"}]), SAFE, SAFE, (SAFE, SAFE)),
    case("a derived column more", added(transformLogic="upper(id)"), SAFE, SAFE),
    case("an input more", added(customProperties=[_said("inputOnly", value=True)]), SAFE, SAFE),
    case("a column less", without_column("weight"), BREAKING, SAFE),
    case("a column less, and its rules", without_column("status"), BREAKING, SAFE, *[(SAFE, SAFE)] * 4),
    case(
        "a column renamed that reads the same field",
        renamed("count", transformSourceObjects=["count"]),
        BREAKING,
        RERUN,
    ),
    case("a derived column renamed", renamed("domain"), BREAKING, RERUN),
    case("a column removed and one added", renamed("count"), BREAKING, SAFE, (SAFE, SAFE)),
    case("another column in front", moved("tags", 0), SAFE, SAFE),
    case(
        "a name in capitals that reads the same field",
        renamed("count", "Count", transformSourceObjects=["count"]),
        SAFE,
        SAFE,
    ),
    case("a name in capitals", renamed("count", "Count"), SAFE, RERUN, (SAFE, SAFE)),
    case("a column that is input only now", in_column("weight", "inputOnly", value=True), BREAKING, SAFE),
    case("an input that is stored now", in_column("email", "inputOnly", value=None), SAFE, SAFE),
    case("another type of an input", of_an_int, SAFE, RERUN, (SAFE, RERUN)),
    case("a larger key", with_column("at", primaryKey=True), BREAKING, RERUN),
    case("nulls refused", with_column("at", required=True), SAFE, RERUN, (SAFE, SAFE)),
    case("nulls allowed", with_column("id", required=False), BREAKING, SAFE, (SAFE, SAFE)),
    case("duplicates refused", with_column("at", unique=True), SAFE, RERUN),
    # types
    case("a wider integer", retyped("rank", "int"), SAFE, SAFE),
    case("a wider integer that files store in more bits", retyped("count", "bigint"), SAFE, SAFE),
    case("a narrower integer", retyped("count", "smallint"), BREAKING, RERUN),
    case("an integer as a double", retyped("count", "double"), BREAKING, RERUN),
    case("an integer as a decimal", retyped("count", "decimal(12,0)"), BREAKING, RERUN),
    case("an integer as a string", retyped("count", "string"), BREAKING, RERUN),
    case("a wider decimal", retyped("price", "decimal(18,2)"), SAFE, SAFE),
    case("a wider decimal that files store in more bits", retyped("price", "decimal(20,2)"), SAFE, SAFE),
    case("a narrower decimal", retyped("price", "decimal(10,2)"), BREAKING, RERUN),
    case("a decimal with more digits after the point", retyped("price", "decimal(14,4)"), SAFE, RERUN),
    case("a decimal with fewer digits before the point", retyped("price", "decimal(12,4)"), BREAKING, RERUN),
    case("a float as a double", retyped("weight", "double"), SAFE, RERUN),
    case("a string as an integer", retyped("id", "bigint"), BREAKING, RERUN),
    case("a timestamp as a date", retyped("other_at", "date"), BREAKING, RERUN),
    # types inside
    case("a field at the end", retyped("address", f"{_ADDRESS[:-1]},more:string>"), SAFE, SAFE),
    case("a field in the middle", retyped("address", _ADDRESS.replace("zip", "city:string,zip")), SAFE, SAFE),
    case("a field in the middle, deeper", retyped("address", _ADDRESS.replace("lon", "alt:float,lon")), SAFE, SAFE),
    case("a field less", retyped("address", _ADDRESS.replace("zip:int,", "")), BREAKING, SAFE),
    case(
        "fields in another order",
        retyped("address", _ADDRESS.replace("street:string,zip:int", "zip:int,street:string")),
        SAFE,
        SAFE,
    ),
    case("a wider field", retyped("address", _ADDRESS.replace("int", "bigint")), SAFE, SAFE),
    case(
        "another field in its place", retyped("address", _ADDRESS.replace("zip", "code")), BREAKING, SAFE, (SAFE, SAFE)
    ),
    case("a field in capitals", retyped("address", _ADDRESS.replace("zip", "ZIP")), BREAKING, RERUN),
    case("all fields replaced", retyped("address", "struct<a:int>"), BREAKING, RERUN),
    case("a struct as a map", retyped("address", "map<string,string>"), BREAKING, RERUN),
    case("a field more in an array", retyped("items", "array<struct<sku:string,x:date,n:int>>"), SAFE, SAFE),
    case("fields in another order in an array", retyped("items", "array<struct<n:int,sku:string>>"), BREAKING, SAFE),
    case("a wider field in an array", retyped("items", "array<struct<sku:string,n:bigint>>"), SAFE, SAFE),
    case("a wider value of a map", retyped("tags", "map<string,bigint>"), SAFE, SAFE),
    case("another value of a map", retyped("tags", "map<string,string>"), BREAKING, RERUN),
    # what columns are made of
    case("another field", with_column("count", transformSourceObjects=["meta.count"]), SAFE, RERUN),
    case("an alternative field", with_column("count", transformSourceObjects=["count", "n"]), SAFE, RERUN),
    case("another expression", with_column("domain", transformLogic="upper(email)"), SAFE, RERUN),
    case("an expression in place of a field", with_column("id", transformLogic="upper(email)"), SAFE, RERUN),
    case("nulls of an expression meant", in_column("domain", "nullResult", value="allowed"), SAFE, RERUN),
    case("another form of times", with_column("at", logicalTypeOptions={"format": "dd.MM.yyyy HH:mm"}), SAFE, RERUN),
    case("another zone", with_column("at", logicalTypeOptions={"defaultTimezone": "Europe/Berlin"}), SAFE, RERUN),
    case("another unit of epochs", in_column("paid_at", "epochUnit", value="ms"), SAFE, RERUN),
    case("numbers no more in strings", in_column("sent", "sentAs", value=None), SAFE, RERUN),
    # rules
    case("a rule more", lambda d: column(d, "at").update(quality=[{"metric": "nullValues", "mustBe": 0}]), SAFE, RERUN),
    case(
        "a warning more",
        lambda d: column(d, "at").update(quality=[{"metric": "nullValues", "mustBe": 0, "severity": "warning"}]),
        SAFE,
        SAFE,
    ),
    case("a limit of rows less", without_rule("rows"), SAFE, SAFE),
    case("a warning less", without_rule("status_rare"), SAFE, SAFE),
    case("duplicates allowed", without_rule("once"), BREAKING, SAFE),
    case("some duplicates allowed", with_rule("once", mustBe=None, mustBeLessThan=5), BREAKING, SAFE),
    case(
        "other columns together",
        with_rule("once", arguments={"properties": ["id", "count"]}),
        BREAKING,
        SAFE,
        (SAFE, RERUN),
    ),
    case("a lower limit", with_rule("status_nulls", mustBeLessOrEqualTo=2), SAFE, RERUN),
    case("a higher limit", with_rule("status_nulls", mustBeLessOrEqualTo=4), SAFE, SAFE),
    case("a limit in rows", with_rule("status_nulls", unit="rows"), SAFE, RERUN),
    case("an error that is a warning now", with_rule("status_nulls", severity="warning"), SAFE, SAFE),
    case("a promise that is a warning now", with_rule("once", severity="warning"), BREAKING, SAFE),
    case("a warning that is an error now", with_rule("status_rare", severity="error"), SAFE, RERUN),
    case("a valid value more", with_rule("status_valid", arguments=_VALID), SAFE, SAFE),
    case("a valid value less", with_rule("status_valid", arguments={"validValues": ["open"]}), SAFE, RERUN),
    case("another valid value", with_rule("status_valid", arguments={"validValues": ["open", "sent"]}), SAFE, RERUN),
    case(
        "a pattern beside the values",
        with_rule("status_valid", arguments={"validValues": ["open", "paid"], "pattern": "^[a-o]"}),
        SAFE,
        RERUN,
    ),
    case("another missing value", with_rule("status_given", arguments={"missingValues": ["n/a", "-"]}), SAFE, RERUN),
    case("a rule by another id", with_rule("status_nulls", id="nulls_of_status"), SAFE, SAFE),
    case("a day judged by those before", with_table_rule(_USUAL), SAFE, SAFE),
    case("keys of earlier dates", with_table_rule(_LOOK_BACK), SAFE, RERUN),
    case("keys of earlier dates as a warning", with_table_rule(_LOOK_BACK | {"severity": "warning"}), SAFE, SAFE),
    case("a range", with_column("count", logicalTypeOptions={"minimum": 1}), SAFE, RERUN),
)

DOCUMENTED: Final[dict[str, Edit]] = {
    "a description of the dataset": lambda d: d["schema"][0].update(description="An order a row."),
    "a description of a column": with_column("at", description="Then."),
    "a description less": lambda d: column(d, "at").pop("description"),
    "a description of a rule": with_rule("rows", description="No day is empty."),
    "the purpose": lambda d: d.update(description={"purpose": "To know."}),
    "tags": lambda d: d.update(tags=["sales"]),
    "the status": lambda d: d.update(status="deprecated"),
    "the owner": lambda d: d["schema"][0].update(customProperties=[_said("owner", value="us")]),
    "another owner of a column": in_column("weight", "owner", value="us"),
    "a rule in words": lambda d: column(d, "at").update(
        quality=[{"type": "text", "description": "Never before 2020."}]
    ),
    "a driver of the promise": lambda d: d["slaProperties"][0].update(driver="operational"),
    "examples": with_column("count", examples=[1]),
    "another version of the standard": lambda d: d.update(apiVersion="v3.2.0"),
    "a type by another name": retyped("count", "integer"),
    "a default that is stated": with_rule("rows", severity="error"),
    "rules in another order": lambda d: d["schema"][0]["quality"].reverse(),
    "listed values in another order": with_rule("status_valid", arguments={"validValues": ["paid", "open"]}),
    "nulls refused twice": lambda d: column(d, "id").update(
        quality=[{"id": "id_nullValues", "metric": "nullValues", "mustBe": 0}]
    ),
}
