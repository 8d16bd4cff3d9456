"""Which objects below a day's raw prefix are read, which are left alone, and which hold data that nobody reads.

The job, the sensor and the late-data rerun decide with it; it must know no store and no contract document.
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

JSON_SUFFIXES: Final = (".json", ".ndjson", ".jsonl")
COMPRESSED_SUFFIXES: Final = (".gz", ".bz2", ".zst")
# The four kilobytes of a Lambda function's environment hold these settings beside everything else.
MAX_SETTINGS_BYTES: Final = 1000
# What Spark's text reader takes for plain text, reads in a framing of Hadoop's own, or not with every Spark.
_OTHER_COMPRESSIONS: Final = (
    ".7z .br .deflate .gzip .lz .lz4 .lzma .lzo .rar .snappy .sz .tgz .tbz2 .xz .z .zip .zlib .zstd".split()
)
# A name's last part that starts with a letter says what the object holds; with a digit it is a date or a number.
_INNER_SUFFIX: Final = re.compile(r"\.[a-z][a-z0-9]{0,9}\Z")
_GLOB_PART: Final = re.compile(r"\*\*/|\*\*|\*|\?|\[(?P<not>!?)(?P<set>\]?[^\]]*)\]|(?P<text>[^*?\[]+)")
_SCHEMA: Final = ("exclude", "include", "max_unread")

Kind = Literal["input", "ignored", "unread"]


@dataclass(frozen=True)
class Classified:
    """What an object is to a run: `input` is read, `unread` holds something that is not, `ignored` is meant not to be.

    `reason` says why it is not read; it is empty for input.
    """

    kind: Kind
    reason: str = ""


INPUT: Final = Classified("input")


@dataclass(frozen=True)
class RawObjects:
    """A contract's settings: patterns of names that are read, or not, whatever their suffix; how many may be unread.

    Patterns are those of `pattern_problem`; `exclude` wins over `include`.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_unread: int = 0

    def classify(self, key: str, size_bytes: int, *, day_prefix: str) -> Classified:
        """Say what an object is. `day_prefix` is the day's raw prefix and ends with a slash.

        Raises ValueError for a key that is not below the prefix.
        """
        if not key.startswith(day_prefix):
            raise ValueError(f"{key!r} is not below {day_prefix!r}")
        path = key.removeprefix(day_prefix)
        ignored = _ignored_because(path, size_bytes) or self._excluded_because(path)
        if ignored is not None:
            return Classified("ignored", ignored)
        is_included = any(_matches(pattern, path) for pattern in self.include)
        unread = _unread_because(path.rpartition("/")[2].lower(), is_included=is_included)
        return INPUT if unread is None else Classified("unread", unread)

    def to_json(self) -> str:
        """Return the settings as one line, for a function's environment."""
        return json.dumps(vars(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "RawObjects":
        """Read what `to_json` wrote. Raises ValueError for anything else."""
        try:
            given = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"raw object settings are no JSON: {error}") from error
        if not isinstance(given, dict) or sorted(given) != list(_SCHEMA):
            raise ValueError(f"raw object settings need exactly the keys {', '.join(_SCHEMA)}, got {text!r}")
        limit = given["max_unread"]
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
            raise ValueError(f"max_unread of raw object settings must be a whole number of at least 0, got {limit!r}")
        return cls(_read_patterns(given, "include"), _read_patterns(given, "exclude"), limit)

    def _excluded_because(self, path: str) -> str | None:
        pattern = next((pattern for pattern in self.exclude if _matches(pattern, path)), None)
        return None if pattern is None else f"excluded by the contract (excludeObjects: {pattern})"


def pattern_problem(pattern: object) -> str | None:
    """Return why a pattern on the path below a day's prefix is refused, or None.

    `*` stands for any characters but a slash, `?` for one, `[a-z]` and `[!a-z]` for one of a set or none of it, and
    `**` between slashes for any number of folders. All else, also upper and lower case, is taken as it is.
    """
    if not isinstance(pattern, str) or not pattern.strip():
        return f"must be a text that is not blank, got {pattern!r}"
    if len(pattern.encode("utf-8", "surrogatepass")) > MAX_SETTINGS_BYTES:
        return f"{pattern[:20]!r}… is longer than {MAX_SETTINGS_BYTES} bytes"
    parts = pattern.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return f"{pattern!r} can match nothing: it is compared with the path below the day's folder, such as a/b.json"
    if any(part.startswith((".", "_")) for part in parts):
        return f"{pattern!r} can match nothing: hidden names and folders, which start with '.' or '_', are never read"
    if any("**" in part and part != "**" for part in parts):
        return f"{pattern!r} has '**' beside other characters; between slashes it stands for folders: **/name"
    return _set_problem(pattern)


def compression_of(key: str) -> str:
    """Return the suffix by which an object's name says how it is compressed, empty where it is not."""
    name = key.lower()
    return next((suffix for suffix in COMPRESSED_SUFFIXES if name.endswith(suffix)), "")


def needs_spark_4_1(key: str) -> str | None:
    """Say why Spark 3.5 cannot read an input object that Spark 4.1 reads, or None."""
    suffix = compression_of(key)
    if suffix == ".zst":
        return "Spark 3.5 has no reader of .zst; compress it as .gz, or run on Spark 4.1"
    if not key.endswith(suffix):
        return f"Spark 3.5 takes a name in upper case for plain text; rename it to end in {suffix}, or run on Spark 4.1"
    return None


def is_hidden(name: str) -> bool:
    """Tell whether an object of that name, or all in a folder of it, is never read."""
    return name.startswith((".", "_"))


def _ignored_because(path: str, size_bytes: int) -> str | None:
    *folders, name = path.split("/")
    if name == "":
        return "folder marker"
    if is_hidden(name):
        return "hidden name (starts with '.' or '_')"
    if any(map(is_hidden, folders)):
        return "in a hidden folder (its name starts with '.' or '_'), such as a writer's temporary one"
    return "zero bytes" if size_bytes == 0 else None


def _unread_because(name: str, *, is_included: bool) -> str | None:
    """Say why an object of a lower-case name holds something that is not read, or None when it is."""
    if name.endswith("._copying_"):
        return "is still being copied to its place, by its name"
    for suffix in _OTHER_COMPRESSIONS:
        if name.endswith(suffix):
            return f"is compressed as {suffix}, which is not read; compress it as {', '.join(COMPRESSED_SUFFIXES)}"
    compressed = compression_of(name)
    stem = name.removesuffix(compressed)
    if compressed and stem.endswith((*COMPRESSED_SUFFIXES, *_OTHER_COMPRESSIONS)):
        return "is compressed twice, by its name; compress it once"
    if is_included or stem.endswith(JSON_SUFFIXES):
        return None
    inner = _INNER_SUFFIX.search(stem)
    if compressed and inner is None:
        return None
    what = f"does not end in {', '.join(JSON_SUFFIXES)}, alone or followed by {', '.join(COMPRESSED_SUFFIXES)}"
    if compressed and inner is not None:
        what = f"holds {inner.group()}, by its name, and no JSON lines"
    return what


def _read_patterns(given: dict[str, Any], name: str) -> tuple[str, ...]:
    patterns = given[name]
    if not isinstance(patterns, list):
        raise ValueError(f"{name} of raw object settings must be a list, got {patterns!r}")  # noqa: TRY004  a bad text
    for pattern in patterns:
        problem = pattern_problem(pattern)
        if problem is not None:
            raise ValueError(f"{name} of raw object settings: {problem}")
    return tuple(patterns)


def _matches(pattern: str, path: str) -> bool:
    return _compiled(pattern).fullmatch(path) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_expression(match) for match in _GLOB_PART.finditer(pattern)), re.DOTALL)


def _expression(match: re.Match[str]) -> str:
    special = {"**/": "(?:[^/]+/)*", "**": ".+", "*": "[^/]*", "?": "[^/]"}.get(match.group())
    if special is not None:
        return special
    if match.group("text") is not None:
        return re.escape(match.group("text"))
    characters = re.sub(r"[\\\[\]&~|^]", r"\\\g<0>", match.group("set"))
    return f"(?!/)[{'^' if match.group('not') else ''}{characters}]"


def _set_problem(pattern: str) -> str | None:
    rest = _GLOB_PART.sub("", pattern)
    if rest:
        return f"{pattern!r} has a '[' that no ']' closes; write [[] for the character itself"
    for match in _GLOB_PART.finditer(pattern):
        if match.group("set") == "" or "/" in (match.group("set") or ""):
            return f"{pattern!r} has brackets that can match nothing: {match.group()}"
    try:
        _compiled(pattern)
    except re.error as error:
        return f"{pattern!r} has brackets that are no set of characters: {error}"
    return None
