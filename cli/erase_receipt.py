"""The receipt of an erasure: what was done, what a search of everything still finds, and what is out of reach.

Reads the data root once more and writes nothing; must not hold the value.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cli.contracts import CONTRACTS, usable_contract
from cli.erase_plan import Place
from cli.in_threads import each
from config import Settings
from core.layout import DatasetPaths
from core.times import iso
from deployed_dataset import contract_files
from erasure.record import ErasureRecord
from erasure.search import Hits, NotSearchable, Search

# Where people keep reports of a dataset; a prefix that is not there holds nothing.
_REPORTS: Final = "reports/{dataset}/"
_HISTORY_DAYS: Final = 90  # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html


@dataclass(frozen=True)
class Left:
    """An object that still holds the value; ``is_persons`` where it may be the person's, so that somebody has to look.

    ``words`` counts texts or rows in which it is a word, ``longer_words`` those in which it is a part of one, and
    ``places`` the words by the kind of place.
    """

    key: str
    words: int
    longer_words: int
    places: Mapping[str, int]
    is_persons: bool


@dataclass(frozen=True)
class Searched:
    """What the search found in so many objects; what arrived after ``began_at`` may not be among them."""

    began_at: datetime
    objects: int
    left: tuple[Left, ...]
    not_searched: Mapping[str, str]

    @property
    def is_absent(self) -> bool:
        """Whether nothing of the person is left in what can be searched, and all could be."""
        return not self.not_searched and not any(item.is_persons for item in self.left)


def search(place: Place, *, say: Callable[[str], None]) -> Searched:
    """Look into every object of the dataset, and of its raw data, for the value."""
    began_at = datetime.now(UTC)
    keys, looking = _keys(place), Search(place.subject)
    left: list[Left] = []
    not_searched: dict[str, str] = {}
    hidden = _hidden(place)
    looked = each(lambda key: _looked_into(place, looking, key), [*keys, *hidden])
    for key, found in looked:
        say(place.shown(key))
        if isinstance(found, str):
            not_searched[place.shown(key)] = found
        elif found is not None:
            left.append(found)
    return Searched(began_at, len(keys) + len(hidden), tuple(left), not_searched)


def _keys(place: Place) -> list[str]:
    return [item.key for prefix in _prefixes(place) for item in place.dataset.store.objects(prefix)]


def _prefixes(place: Place) -> list[str]:
    paths, name = place.dataset.paths, place.dataset.contract.name
    return [paths.raw, paths.versions, paths.quarantine, *_documents(paths), _REPORTS.format(dataset=name)]


def _hidden(place: Place) -> list[str]:
    """Return files of a directory that begin with a dot, which are no objects: somebody's copies, unfinished writes.

    Hadoop's checksums hold nothing of what they are of.
    """
    scheme, _, root = place.dataset.place.data_uri.partition("://")
    if scheme != "file":
        return []
    prefixes = _prefixes(place)
    found = (path for prefix in prefixes for path in Path(root, prefix).rglob(".*") if path.is_file())
    return sorted(path.relative_to(root).as_posix() for path in found if path.suffix != ".crc")


def _documents(paths: DatasetPaths) -> tuple[str, ...]:
    """Return where the pipeline's documents lie: what quotes lines in them was cleaned, and the rest are names."""
    own = (paths.metrics, paths.publications, paths.leases, paths.acceptances, paths.replays, paths.contracts)
    return (*own, paths.erasures)


def _looked_into(place: Place, looking: Search, key: str) -> Left | str | None:
    """Return what is left in an object, or why it cannot be searched."""
    try:
        return _left_in(place, looking, key)
    except NotSearchable as problem:
        return str(problem)


def _left_in(place: Place, looking: Search, key: str) -> Left | None:
    is_raw = key.startswith(place.dataset.paths.raw)
    is_document = not is_raw or place.dataset.contract.object_format == "document"
    with place.copied(key) as (content, version):
        hits = Hits() if version is None else looking.in_object(content, is_raw=is_raw, is_document=is_document)
    is_named = looking.in_name(key)
    if not hits.is_anything and not is_named:
        return None
    places: dict[str, int] = {str(kind): count for kind, count in hits.words.items()}
    places |= {f"column {name}": count for name, count in hits.columns.items()}
    is_quoted = bool(hits.words["document"]) and not key.startswith(_documents(place.dataset.paths))
    is_persons = bool(hits.words["column"] or hits.words["text"]) or is_quoted
    places |= {"the name of the object": 1} if is_named else {}
    return Left(place.shown(key), hits.words.total(), hits.longer_words, places, is_persons)


def receipt(place: Place, record: ErasureRecord, searched: Searched, *, settings: Settings | None) -> dict[str, Any]:
    """Return the receipt as a document."""
    now = searched.began_at
    return {
        "schema_version": 1,
        "id": record.id,
        "dataset": record.dataset,
        "column": record.column,
        "salt": record.salt,
        "value_sha256": record.value_sha256,
        "erased_by": record.started_by,
        "started_at": record.started_at,
        "searched_at": iso(now),
        "absent": searched.is_absent,
        "dates": {
            day: {
                "raw_records": sum(found.raw.values()),
                "raw_objects": found.raw,
                "rows": found.versions,
                "quarantined_lines": found.quarantine,
                "documents": found.documents,
                "published_run_id": found.run_id,
                "versions_deleted": found.versions_deleted,
            }
            for day, found in sorted(record.dates.items())
        },
        "objects_searched": searched.objects,
        "still_there": [asdict(item) for item in searched.left],
        "not_searched": dict(searched.not_searched),
        "other_datasets": other_datasets(place),
        "out_of_reach": list(out_of_reach(place, settings, now=now)),
    }


def out_of_reach(place: Place, settings: Settings | None, *, now: datetime) -> Iterator[dict[str, str | None]]:
    """Say where else the value may be, and until when at the latest; None where nobody here knows."""
    if place.dataset.place.data_uri.startswith("s3://"):
        days = None if settings is None else settings.noncurrent_days
        yield _reach("noncurrent versions of the objects that were changed or deleted", now, days)
    if settings is not None:
        yield _reach("results of Athena queries, below athena-results/", now, settings.results_days)
        yield _reach("logs of job and functions in CloudWatch, where a message quotes data", now, settings.log_days)
        yield _reach("histories of Step Functions executions, where a message quotes data", now, _HISTORY_DAYS)
    yield _reach("logs of runs on the machines of people, in .data/logs", now, None)
    yield _reach("messages that were mailed or handed on", now, None)
    yield _reach("backups, replicas and copies that others have made", now, None)


def _reach(what: str, now: datetime, days: int | None) -> dict[str, str | None]:
    return {"what": what, "until": None if days is None else str((now + timedelta(days=days)).date())}


def other_datasets(place: Place) -> list[str]:
    """Name the datasets that are made of the same raw data: their versions and quarantine may hold the person too."""
    own = place.dataset.contract
    folders = dict.fromkeys((Path(place.dataset.place.contract).resolve().parent, CONTRACTS))
    found = (usable_contract(path) for folder in folders for path in contract_files(folder))
    same_data = (contract for contract in found if contract and contract.source_system == own.source_system)
    return sorted({contract.name for contract in same_data} - {own.name})
