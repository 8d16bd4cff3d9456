"""How a data root's URI becomes a store, and names in the catalog a catalog."""

from pathlib import Path

from core.errors import PipelineError
from core.ports import Catalog, Store


def open_store(data_uri: str) -> Store:
    """Open the store that a data root names: ``file:///absolute/folder`` or ``s3://bucket[/prefix]``.

    Raises:
        PipelineError: for any other URI, and for a folder that is not there: a mistyped one must not come into being.
    """
    scheme, separator, rest = data_uri.partition("://")
    if separator and scheme == "file" and rest.startswith("/"):
        from adapters.directory import DirectoryStore  # noqa: PLC0415  only the store in use is imported

        if not Path(rest).is_dir():
            raise PipelineError(f"--data_uri {data_uri!r}: there is no such directory; correct it, or create it first")
        return DirectoryStore(rest)
    if separator and scheme == "s3" and rest.partition("/")[0]:
        from adapters.aws import client, translated  # noqa: PLC0415  as above: boto3 is slow to load
        from adapters.s3 import S3Store  # noqa: PLC0415  as above

        bucket, _, prefix = rest.partition("/")
        with translated(f"use {data_uri}", needs="s3:ListBucket"):
            client("s3")  # that no region is configured is told before anything is done
        return S3Store(bucket, prefix)
    message = f"--data_uri {data_uri!r} names no data root; give file:///absolute/folder or s3://bucket/prefix"
    raise PipelineError(message)


def open_catalog(database: str | None, table: str) -> Catalog | None:
    """Open the table that shows the published versions; without a database none is meant."""
    if database is None:
        return None
    from adapters.glue_catalog import GlueCatalog  # noqa: PLC0415  as above

    return GlueCatalog(database, table)
