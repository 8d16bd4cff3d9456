"""Where the measured tables lie: catalogs of Iceberg, and the objects below a table's location.

It knows no format's way of publishing. The embedded AWS is found through the variables that AWS clients read.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import boto3
from pyarrow import fs
from pyiceberg.catalog import Catalog, load_catalog

BUCKET: Final = "table-formats"
DATABASE: Final = "table_formats"


@dataclass(frozen=True)
class Place:
    """A catalog by name and the folder that its tables lie in, both made on first use."""

    catalog_name: str
    root: str

    @cached_property
    def files(self) -> fs.FileSystem:
        if self.root.startswith("s3://"):
            return fs.S3FileSystem(endpoint_override=os.environ["AWS_ENDPOINT_URL"], region=os.environ["AWS_REGION"])
        return fs.LocalFileSystem()

    def catalog(self, **properties: Any) -> Catalog:
        """Open the catalog anew, as another process would."""
        made = _glue(properties) if self.catalog_name == "glue" else _sqlite(self.root)
        made.create_namespace_if_not_exists(DATABASE)
        return made

    def new_location(self) -> str:
        return f"{self.root}/{uuid4().hex[:12]}"

    def stored(self, location: str) -> dict[str, int]:
        """List the objects below a location with their bytes."""
        selector = fs.FileSelector(location.partition("://")[2], recursive=True, allow_not_found=True)
        return {item.path: item.size for item in self.files.get_file_info(selector) if item.is_file}


def glue() -> Place:
    """Return the embedded Glue catalog and a bucket of the embedded S3."""
    storage: Any = boto3.client("s3")
    storage.create_bucket(Bucket=BUCKET)
    return Place("glue", f"s3://{BUCKET}")


def sqlite() -> Place:
    """Return a catalog and tables on this machine's disk: the client's own work, without any service."""
    folder = Path(tempfile.mkdtemp(prefix="table-formats-"))
    atexit.register(shutil.rmtree, folder)
    (folder / "tables").mkdir()
    return Place("sqlite", f"file://{folder}/tables")


def _glue(properties: Mapping[str, Any]) -> Catalog:
    endpoint, region = os.environ["AWS_ENDPOINT_URL"], os.environ["AWS_REGION"]
    places = {"glue.endpoint": endpoint, "glue.region": region, "s3.endpoint": endpoint, "s3.region": region}
    return load_catalog("glue", type="glue", **places, **properties)


def _sqlite(root: str) -> Catalog:
    return load_catalog("sqlite", type="sql", uri=f"sqlite:///{root.removeprefix('file://')}/../catalog.db")
