"""What each WebHDFS operation means for objects; knows nothing of sockets and framing.

The operations and their answers: https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-hdfs/WebHDFS.html.
Where an object store cannot do as HDFS does, it does as Hadoop's own S3 connector.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.webhdfs.errors import AlreadyExists, InvalidRequest, NotEmpty, NotFound, Unsupported
from local_cloud.webhdfs.objects import Download, Entry, Location, ObjectStore, Upload

_BLOCK_BYTES: Final = 128 * 2**20
_OWNER: Final = "hadoop"
_HOME: Final = f"/user/{_OWNER}"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call; parameter names are in lower case. `target` is where a rename leads."""

    place: Location
    parameters: Mapping[str, str]
    content: Upload
    target: Location | None = None

    def number(self, name: str) -> int | None:
        """Return a parameter that is a count of bytes.

        Raises:
            InvalidRequest: when it is something else.
        """
        text = self.parameters.get(name)
        if text is None or text == "null":
            return None
        if not text.isdecimal():
            raise InvalidRequest(f'Invalid value for webhdfs parameter "{name}": {text}')
        return int(text)

    def flag(self, name: str) -> bool:
        return self.parameters.get(name, "false").lower() == "true"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A status with a JSON document, or without any content."""

    status: int = 200
    document: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class SendContent:
    """The client is to send the content to the same address, as HDFS sends it on to a node that stores data."""


class Operations:
    """The operations over one store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._by_name: dict[tuple[str, str], Callable[[Request], Answer | Download | SendContent]] = {
            ("GET", "OPEN"): self._open,
            ("GET", "GETFILESTATUS"): self._status,
            ("GET", "GETFILELINKSTATUS"): self._status,
            ("GET", "LISTSTATUS"): self._list,
            ("GET", "LISTSTATUS_BATCH"): self._list_batch,
            ("GET", "GETCONTENTSUMMARY"): self._summary,
            ("GET", "GETFILEBLOCKLOCATIONS"): self._block_locations,
            ("GET", "GET_BLOCK_LOCATIONS"): self._located_blocks,
            ("GET", "CHECKACCESS"): self._check_access,
            ("GET", "GETHOMEDIRECTORY"): _home,
            ("GET", "GETTRASHROOT"): _trash,
            ("GET", "GETSERVERDEFAULTS"): _defaults,
            ("GET", "GETFILECHECKSUM"): _unsupported,
            ("PUT", "CREATE"): self._create,
            ("PUT", "MKDIRS"): self._make_directories,
            ("PUT", "RENAME"): self._rename,
            ("PUT", "SETPERMISSION"): self._check_access,
            ("PUT", "SETTIMES"): self._check_access,
            ("PUT", "SETOWNER"): self._check_access,
            ("PUT", "SETREPLICATION"): self._replicate,
            ("POST", "APPEND"): _unsupported,
            ("POST", "TRUNCATE"): _unsupported,
            ("POST", "CONCAT"): _unsupported,
            ("DELETE", "DELETE"): self._delete,
        }

    def perform(self, method: str, request: Request) -> Answer | Download | SendContent:
        """Do what the request's ``op`` says.

        Raises:
            RemoteError: when it cannot be done; the client is to be told.
        """
        name = request.parameters.get("op", "")
        operation = self._by_name.get((method, name.upper()))
        if operation is None:
            # Hadoop's client goes by this wording when it falls back to an older operation.
            raise InvalidRequest(f'Invalid value for webhdfs parameter "op": No enum constant {method} {name}')
        return operation(request)

    def _open(self, request: Request) -> Download:
        offset = request.number("offset") or 0
        try:
            return self._store.download(request.place, offset=offset, length=request.number("length"))
        except NotFound as missing:
            if self._store.find(request.place):
                raise NotFound(f"{request.place.uri} is a directory") from missing
            raise

    def _status(self, request: Request) -> Answer:
        return Answer(document={"FileStatus": _file_status(self._found(request.place))})

    def _list(self, request: Request) -> Answer:
        return Answer(document=_statuses(self._listed(request.place)))

    def _list_batch(self, request: Request) -> Answer:
        listing = {"partialListing": _statuses(self._listed(request.place)), "remainingEntries": 0}
        return Answer(document={"DirectoryListing": listing})

    def _summary(self, request: Request) -> Answer:
        entry = self._found(request.place)
        entries = list(self._store.files_below(request.place)) if entry.is_directory else [entry]
        files = [each for each in entries if entry is each or not each.name.endswith("/")]
        size_bytes = sum(each.size_bytes for each in files)
        counts = {"directoryCount": _count_directories(entries) if entry.is_directory else 0, "fileCount": len(files)}
        sizes = {"length": size_bytes, "spaceConsumed": size_bytes, "quota": -1, "spaceQuota": -1}
        return Answer(document={"ContentSummary": counts | sizes})

    def _block_locations(self, request: Request) -> Answer:
        blocks = [
            {
                "offset": offset,
                "length": size_bytes,
                "hosts": ["localhost"],
                "names": ["localhost:9866"],
                "topologyPaths": ["/default-rack/localhost:9866"],
                "cachedHosts": [],
                "storageTypes": ["DISK"],
                "corrupt": False,
            }
            for offset, size_bytes in self._blocks(request)
        ]
        return Answer(document={"BlockLocations": {"BlockLocation": blocks}})

    def _located_blocks(self, request: Request) -> Answer:
        blocks = [_located_block(offset, size_bytes) for offset, size_bytes in self._blocks(request)]
        located = {
            "fileLength": self._found(request.place).size_bytes,
            "isUnderConstruction": False,
            "isLastBlockComplete": True,
            "lastLocatedBlock": blocks[-1] if blocks else None,
            "locatedBlocks": blocks,
        }
        return Answer(document={"LocatedBlocks": located})

    def _check_access(self, request: Request) -> Answer:
        """Agree when there is something; permissions, owners and times are S3's own."""
        self._found(request.place)
        return Answer()

    def _replicate(self, request: Request) -> Answer:
        return Answer(document={"boolean": not self._found(request.place).is_directory})

    def _create(self, request: Request) -> Answer | SendContent:
        overwrite = request.flag("overwrite")
        if "data" in request.parameters:
            self._store.upload(request.place, request.content, overwrite=overwrite)
            return Answer(status=201)
        existing = self._store.find(request.place)
        if existing is not None and (existing.is_directory or not overwrite):
            kind = "a directory" if existing.is_directory else "a file"
            raise AlreadyExists(f"{request.place.uri} already exists as {kind}")
        return SendContent()

    def _make_directories(self, request: Request) -> Answer:
        for place in (request.place, *request.place.ancestors()):
            existing = self._store.find(place)
            if existing is not None and not existing.is_directory:
                raise AlreadyExists(f"{place.uri} is a file")
            if existing is not None:
                break
        if place != request.place or existing is None:
            self._store.make_directory(request.place)
        return Answer(document={"boolean": True})

    def _rename(self, request: Request) -> Answer:
        if request.target is None:
            raise InvalidRequest('Invalid value for webhdfs parameter "destination": null')
        return Answer(document={"boolean": self._renamed(request.place, request.target)})

    def _renamed(self, source: Location, target: Location) -> bool:
        entry = self._store.find(source)
        if entry is None or not source.key:
            return False
        if source == target:
            return not entry.is_directory
        landing = self._landing(source, target)
        if landing is None or (entry.is_directory and landing.uri.startswith(f"{source.uri}/")):
            return False
        keys = self._store.copy_directory(source, landing) if entry.is_directory else [source.key]
        if not entry.is_directory:
            self._store.copy(source, landing)
        self._store.delete(source.bucket, keys)
        self._keep_directory(source.parent)
        return True

    def _landing(self, source: Location, target: Location) -> Location | None:
        """Tell where a rename ends: in a directory, below it; on anything else that exists, nowhere."""
        existing = self._store.find(target)
        if existing is None:
            return target
        if not existing.is_directory:
            return None
        below = target.child(source.name)
        return None if self._store.find(below) else below

    def _delete(self, request: Request) -> Answer:
        place = request.place
        existing = self._store.find(place)
        if existing is None or not place.key:
            return Answer(document={"boolean": False})
        names = [each.name for each in self._store.files_below(place)] if existing.is_directory else []
        if any(names) and not request.flag("recursive"):
            raise NotEmpty(f"`{place.uri}': Directory is not empty")
        keys = [place.prefix + name for name in names] if existing.is_directory else [place.key]
        self._store.delete(place.bucket, keys)
        self._keep_directory(place.parent)
        return Answer(document={"boolean": True})

    def _keep_directory(self, place: Location) -> None:
        """Let a directory outlive the last thing in it."""
        if place.key and self._store.find(place) is None:
            self._store.make_directory(place)

    def _found(self, place: Location) -> Entry:
        entry = self._store.find(place)
        if entry is None:
            raise NotFound(f"{place.uri} does not exist")
        return entry

    def _listed(self, place: Location) -> list[Entry]:
        try:
            return list(self._store.children(place))
        except NotFound:
            return [self._found(place)]

    def _blocks(self, request: Request) -> list[tuple[int, int]]:
        """Cut the part that the request asks for into offsets and lengths of blocks."""
        size_bytes = self._found(request.place).size_bytes
        offset, length = request.number("offset") or 0, request.number("length")
        end = size_bytes if length is None else min(size_bytes, offset + length)
        starts = range(offset - offset % _BLOCK_BYTES, end, _BLOCK_BYTES)
        return [(start, min(_BLOCK_BYTES, size_bytes - start)) for start in starts]


def _file_status(entry: Entry) -> dict[str, Any]:
    moment = int(entry.modified_at.timestamp()) * 1000 if entry.modified_at else 0
    # A relative path is taken for an address with a scheme when its first part has a colon.
    suffix = f"./{entry.name}" if ":" in entry.name else entry.name
    return {
        "pathSuffix": suffix,
        "type": "DIRECTORY" if entry.is_directory else "FILE",
        "length": entry.size_bytes,
        "modificationTime": moment,
        "accessTime": moment,
        "blockSize": 0 if entry.is_directory else _BLOCK_BYTES,
        "replication": 0 if entry.is_directory else 1,
        "permission": "777" if entry.is_directory else "666",
        "owner": _OWNER,
        "group": _OWNER,
    }


def _statuses(entries: Iterable[Entry]) -> dict[str, Any]:
    return {"FileStatuses": {"FileStatus": [_file_status(entry) for entry in entries]}}


def _count_directories(entries: Iterable[Entry]) -> int:
    """Count a directory and those below it."""
    parts = (entry.name.split("/")[:-1] for entry in entries)
    return 1 + len({tuple(names[:depth]) for names in parts for depth in range(1, len(names) + 1)} - {("",)})


def _located_block(offset: int, size_bytes: int) -> dict[str, Any]:
    number = offset // _BLOCK_BYTES
    return {
        "block": {"blockPoolId": "s3", "blockId": number, "generationStamp": 0, "numBytes": size_bytes},
        "blockToken": {"urlString": "AAAAAA"},  # four empty fields
        "cachedLocations": [],
        "isCorrupt": False,
        "locations": [],
        "startOffset": offset,
        "storageTypes": [],
    }


def _home(_: Request) -> Answer:
    return Answer(document={"Path": _HOME})


def _trash(_: Request) -> Answer:
    return Answer(document={"Path": f"{_HOME}/.Trash"})


def _defaults(_: Request) -> Answer:
    sizes = {"blockSize": _BLOCK_BYTES, "bytesPerChecksum": 512, "writePacketSize": 65536, "fileBufferSize": 4096}
    others = {"replication": 1, "encryptDataTransfer": False, "trashInterval": 0, "checksumType": 2}
    return Answer(document={"FsServerDefaults": sizes | others | {"keyProviderUri": "", "defaultStoragePolicyId": 0}})


def _unsupported(request: Request) -> Answer:
    raise Unsupported(f"{request.parameters['op']} is not supported by an object store: {request.place.uri}")
