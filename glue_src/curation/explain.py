"""An engine's exception, in one line that says what to do about it."""

import re
from collections.abc import Sequence

from core.wording import first_named

_LONGEST = 1000
_MOST_CANDIDATES = 5
_LOST_JVM = (
    "Spark's JVM ended during the run, most likely killed as it was out of memory; give the job more memory "
    "(worker_type, max_workers) or look for the one huge line, then run the date again"
)
# What Py4J says of a call whose connection broke before any answer; it adds a trace to what Java answered.
_CALL_WITHOUT_ANSWER = re.compile(r"An error occurred while calling \S+")
_FILE = re.compile(r"(?:file:|s3a?:/)/\S+?(?=[\s,;]|\.?$|\. )")
_FORMATS = {".gz": "gzip", ".bz2": "bzip2", ".zst": "Zstandard"}
# What they say when not even the first bytes are of a format, or what follows a complete part is not: by its suffix.
_OTHER_FORMAT = {
    ".gz": re.compile("not a gzip file|Not in GZIP format|incorrect header check", re.IGNORECASE),
    ".zst": re.compile("Unknown frame descriptor"),
}
# How Spark and the file systems name an object that is not there any more; Spark escapes some characters.
_VANISHED = re.compile(
    r"(?:\[PATH_NOT_FOUND\] Path does not exist|FileNotFoundException: (?:File|No such file or directory)):? "
    r"'?(?P<uri>[a-z0-9]+:/.*?)(?: does not exist|'|\.(?: SQLSTATE: \w+)?)?$",
    re.MULTILINE,
)
_ESCAPED = re.compile(r"\\([\\{}\[\]*?])")
# What the reader of Zstandard says of a frame to whose window it would have to give more memory than it does.
_TOO_LARGE_WINDOW = "Frame requires too much memory"
# What Java's decompressors and zlib say about input that is cut off, damaged or of another format.
_BROKEN = {
    ".zst": re.compile("ZstdIOException|Truncated source"),
    ".bz2": re.compile(
        r"(?:bzip2|\.bz2)\b(?s:.*)"
        "(?:unexpected end of stream|stream corrupted|crc error|[Bb]ad block|ArrayIndexOutOfBounds)"
    ),
    ".gz": re.compile(
        "Unexpected end of input stream|unexpected end of ZLIB|gzip (stream|file|header|data|format|size|CRC)|"
        "incorrect (header|data|length) check|"
        "invalid (block type|stored block|distance|literal/length|code lengths|bit length|window)"
    ),
}


def explained(error: BaseException, *, compressed: Sequence[str] = ()) -> str:
    """Summarise an unexpected error: the file it is about and the first line of each cause.

    ``compressed`` are the URIs that a broken object can be when the engine does not tell (Spark 3.5 does not always).
    """
    if _is_about_a_lost_jvm(error):
        return _LOST_JVM
    text = str(error)
    told = _told_of_an_object(text, compressed)
    if told is not None:
        return f"{told}, then run the date again"
    if vanished := _VANISHED.search(text):
        uri = re.sub("^file:/+", "file:///", _ESCAPED.sub(r"\1", vanished["uri"]))
        return f"{uri} vanished while it was read; run the date again"
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("at ")]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    summary = "; ".join([*lines[:2], *causes[-1:]]) or type(error).__name__
    return f"{type(error).__name__}: {summary}"[:_LONGEST]


def _told_of_an_object(text: str, compressed: Sequence[str]) -> str | None:
    """Say what is wrong with a compressed object, and how to deliver it; None where nothing is said of one."""
    if _TOO_LARGE_WINDOW in text:
        return (
            f"{_place(text, compressed, '.zst')} is compressed with a window of more than 128 MB, which Spark does not "
            "read; compress it without --long, or with --long=27 at most"
        )
    for suffix, words in _OTHER_FORMAT.items():
        if words.search(text):
            return (
                f"{_place(text, compressed, suffix)} is not (entirely) {_FORMATS[suffix]} although its name ends in "
                f"{suffix}; it may have been decompressed in transit or cut off; deliver it compressed, or under a "
                f"name without {suffix}"
            )
    for suffix, words in _BROKEN.items():
        if words.search(text):
            return f"{_place(text, compressed, suffix)} is not a complete {_FORMATS[suffix]} file; deliver it again"
    return None


def _is_about_a_lost_jvm(error: BaseException | None) -> bool:
    """Tell whether Spark's JVM has ended under the run; what goes wrong with storage has other errors by now."""
    if error is None:
        return False
    is_lost = isinstance(error, ConnectionError) or type(error).__name__ == "Py4JNetworkError"
    is_lost |= type(error).__name__ == "Py4JError" and _CALL_WITHOUT_ANSWER.fullmatch(str(error)) is not None
    return is_lost or _is_about_a_lost_jvm(error.__cause__)


def _place(text: str, candidates: Sequence[str], suffix: str) -> str:
    where = _FILE.search(text)
    return where.group() if where else _one_of([uri for uri in candidates if uri.lower().endswith(suffix)])


def _one_of(uris: Sequence[str]) -> str:
    if len(uris) == 1:
        return uris[0]
    return f"one of {first_named(uris, _MOST_CANDIDATES)}" if uris else "a raw object"
