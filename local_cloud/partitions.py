"""UpdatePartition of the Glue catalog, which the emulator does not know and every rerun of a date needs."""

import json
import time
from typing import Any, Final

from ministack.core.responses import error_response_json, json_response
from ministack.services import glue

from local_cloud.seams import UnknownEmulator, replace

_ACTION: Final = "UpdatePartition"


def install() -> None:
    """Answer the action in front of the emulator's own."""
    if hasattr(glue, "_update_partition"):
        raise UnknownEmulator(f"the emulator knows {_ACTION} by itself; this adapter was not written for that")

    async def handle(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
        target = headers.get("x-amz-target", "")
        if target.rpartition(".")[2] == _ACTION:
            return update_partition(json.loads(body))
        return await original(method, path, headers, body, query_params)

    original = replace(glue, "handle_request", handle, parameters=["method", "path", "headers", "body", "query_params"])


def update_partition(data: dict[str, Any]) -> Any:
    """Replace a partition as a whole, in one step for those who read it."""
    partitions = glue._partitions.get(f"{data.get('DatabaseName')}/{data.get('TableName')}", [])
    for position, existing in enumerate(partitions):
        if existing.get("Values") == data.get("PartitionValueList"):
            kept = {name: existing[name] for name in ("DatabaseName", "TableName", "CreationTime", "CatalogId")}
            partitions[position] = {**data["PartitionInput"], **kept, "LastAccessTime": int(time.time())}
            return json_response({})
    values = ", ".join(map(str, data.get("PartitionValueList") or []))
    return error_response_json("EntityNotFoundException", f"Partition with values [{values}] not found", 400)
