"""Functions on JSON: https://trino.io/docs/current/functions/json.html."""

from typing import Any

from local_cloud.athena.errors import QueryFailed
from local_cloud.athena.trino import jsons
from local_cloud.athena.trino.functions import scalar
from local_cloud.athena.trino.jsons import MISSING

scalar("json_parse(varchar) json")(jsons.parse)
scalar("json_format(json) varchar")(str)
scalar("json_extract_scalar(varchar, varchar) varchar", "json_extract_scalar(json, varchar) varchar")(
    lambda text, path: jsons.scalar(jsons.at(text, path))
)


@scalar("json_extract(varchar, varchar) json", "json_extract(json, varchar) json")
def _extract(text: str, path: str) -> str | None:
    found = jsons.at(text, path)
    return None if found is MISSING else jsons.dumps(found)


@scalar("json_size(varchar, varchar) bigint", "json_size(json, varchar) bigint")
def _size(text: str, path: str) -> int | None:
    found = jsons.at(text, path)
    return None if found is MISSING else len(found) if isinstance(found, dict | list) else 0


@scalar("json_array_length(varchar) bigint", "json_array_length(json) bigint")
def _length(text: str) -> int | None:
    found = jsons.at(text, "$")
    return len(found) if isinstance(found, list) else None


@scalar("json_array_get(varchar, bigint) json", "json_array_get(json, bigint) json")
def _get(text: str, index: int) -> str | None:
    found = jsons.at(text, "$")
    if not isinstance(found, list) or not -len(found) <= index < len(found):
        return None
    return jsons.dumps(found[index])


def _json_contains(items: list[Any], wanted: Any) -> bool:
    if isinstance(wanted, bool | str):
        return any(type(item) is type(wanted) and item == wanted for item in items)
    numbers = (item for item in items if isinstance(item, jsons.Number))
    return any(float(item) == float(wanted) for item in numbers)


@scalar(
    *(
        f"json_array_contains({text}, {kind}) boolean"
        for text in ("varchar", "json")
        for kind in ("bigint", "double", "boolean", "varchar")
    )
)
def _contains(text: str, wanted: Any) -> bool | None:
    found = jsons.at(text, "$")
    return _json_contains(found, wanted) if isinstance(found, list) else None


@scalar("is_json_scalar(varchar) boolean", "is_json_scalar(json) boolean")
def _is_scalar(text: str) -> bool:
    found = jsons.at(text, "$")
    if found is MISSING:
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Invalid JSON value: {text}")
    return not isinstance(found, dict | list)
