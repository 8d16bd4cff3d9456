"""What Hadoop's S3 connector asks of S3 for what Spark asks of Hadoop; the gateway that Spark uses here asks otherwise.

Written after S3A of Hadoop 3.4, which Glue 5.1 and 6.0 run with its defaults: `S3AFileSystem`, `MkdirOperation`,
`RenameOperation` and `DeleteOperation` in https://github.com/apache/hadoop/tree/branch-3.4/hadoop-tools/hadoop-aws.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.iam.policies import Call

_CONNECTOR: Final = "https://github.com/apache/hadoop/tree/branch-3.4/hadoop-tools/hadoop-aws"
_DIRECTORIES_DENIED: Final = (
    "S3A looks for a file of the name of each folder above a new one, and goes on when that is denied: "
    f"{_CONNECTOR}/src/main/java/org/apache/hadoop/fs/s3a/impl/MkdirOperation.java"
)
# Answered by S3A without asking S3.
_NOTHING_ASKED: Final = frozenset({"GETHOMEDIRECTORY", "GETFILEBLOCKLOCATIONS", "GETSERVERDEFAULTS", "GETTRASHROOT"})


class UnknownOperation(Exception):
    """Spark asks Hadoop for something whose requests are not written down here."""


@dataclass(frozen=True)
class Connector:
    """The requests of one role to one bucket."""

    role: str
    bucket: str

    def calls(self, fact: Mapping[str, Any]) -> Iterator[Call]:
        """Return the requests of one operation.

        Raises:
            UnknownOperation: when nothing is known about it.
        """
        key, op = fact["key"], fact["op"]
        if op in _NOTHING_ASKED:
            return
        if op == "CREATE":
            # The gateway is asked twice: whether, and then with the content.
            yield from self._stored(key) if "data" in fact else self._probed(key)
        elif op in {"OPEN", "LISTSTATUS"}:
            yield from self._probed(key)
        elif op == "GETFILESTATUS":
            yield from [self._read(key)] if fact["found"] == "FILE" else self._probed(key)
        elif op == "MKDIRS":
            yield from self._made(key)
        elif op == "RENAME":
            yield from self._renamed(key, fact["target"])
        elif op == "DELETE":
            yield from self._deleted(key)
        else:
            raise UnknownOperation(f"{op} on {key}; read what S3A does for it and add it to {__name__}")

    def _probed(self, key: str) -> Iterator[Call]:
        """Ask for a file, then for a folder."""
        yield self._read(key)
        yield self._listed(f"{key}/")

    def _stored(self, key: str) -> Iterator[Call]:
        """Write at once or in parts, which is the same permission, and give up what broke off."""
        yield self._call("s3:PutObject", key)
        yield self._call("s3:AbortMultipartUpload", key)

    def _made(self, key: str) -> Iterator[Call]:
        yield from self._probed(key)
        parts = key.split("/")
        for length in range(len(parts) - 1, 0, -1):
            above = "/".join(parts[:length])
            for call in self._probed(above):
                yield Call(call.actor, call.action, call.resource, call.context, _DIRECTORIES_DENIED, may_fail=True)
        yield self._call("s3:PutObject", f"{key}/")

    def _renamed(self, key: str, target: str) -> Iterator[Call]:
        """Copy, which reads and writes, and delete; the folder that held it gets a marker when it is left empty."""
        yield from self._probed(key)
        yield from self._probed(target)
        yield self._call("s3:PutObject", target)
        yield from self._deleted(key)

    def _deleted(self, key: str) -> Iterator[Call]:
        yield from self._probed(key)
        yield self._call("s3:DeleteObject", key)
        yield self._call("s3:DeleteObject", f"{key}/")
        above = key.rpartition("/")[0]
        yield self._listed(f"{above}/")
        yield self._call("s3:PutObject", f"{above}/")

    def _read(self, key: str) -> Call:
        return self._call("s3:GetObject", key)

    def _listed(self, prefix: str) -> Call:
        context = {"s3:prefix": prefix}
        return Call(self.role, "s3:ListBucket", f"arn:aws:s3:::{self.bucket}", context, f"Spark through {_CONNECTOR}")

    def _call(self, action: str, key: str) -> Call:
        resource = f"arn:aws:s3:::{self.bucket}/{key}"
        return Call(self.role, action, resource, {}, f"Spark through {_CONNECTOR}")
