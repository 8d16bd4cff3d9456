"""An engine's error in one line, and no cause invented."""

import pytest
from py4j.protocol import Py4JError, Py4JNetworkError  # type: ignore[import-untyped]  # it has no types

from curation.explain import explained


def _after(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        Py4JNetworkError("Answer from Java side is empty"),
        Py4JNetworkError("Error while sending or receiving"),
        _after(Py4JError("An error occurred while calling o12.parquet"), Py4JNetworkError("empty")),
        Py4JError("An error occurred while calling o12.parquet"),
        ConnectionRefusedError(111, "Connection refused"),
        ConnectionResetError(104, "Connection reset by peer"),
    ],
)
def test_a_jvm_that_ended_under_the_run_is_called_that_with_what_to_do(error: Exception) -> None:
    assert explained(error) == (
        "Spark's JVM ended during the run, most likely killed as it was out of memory; give the job more memory "
        "(worker_type, max_workers) or look for the one huge line, then run the date again"
    )


def test_what_java_answered_is_told_and_no_lost_jvm() -> None:
    answered = Py4JError("An error occurred while calling o12.nothing. Trace:\npy4j.Py4JException: no such method\n")
    assert explained(answered).startswith("Py4JError: An error occurred while calling o12.nothing. Trace:; py4j.")


@pytest.mark.parametrize(
    "text",
    [
        "java.io.EOFException: Unexpected end of input stream",
        "incorrect data check",
        "invalid literal/length code",
        "java.io.IOException: stored gzip size doesn't match decompressed size",
        "java.io.IOException: unknown gzip format (reserved flagbits set)",
        "java.io.IOException: gzip data not compressed with deflate method",
    ],
)
def test_a_broken_gzip_object_is_called_that(text: str) -> None:
    said = explained(RuntimeError(f"Job aborted: file:/data/raw/a.json.gz, range: 0-5\nCaused by: {text}"))
    assert said == ("file:/data/raw/a.json.gz is not a complete gzip file; deliver it again, then run the date again")


@pytest.mark.parametrize(
    ("suffix", "name", "text"),
    [
        (".gz", "gzip", "java.io.IOException: not a gzip file"),
        (".gz", "gzip", "java.util.zip.ZipException: Not in GZIP format"),
        (".gz", "gzip", "java.util.zip.ZipException: incorrect header check"),
        (".zst", "Zstandard", "com.github.luben.zstd.ZstdIOException: Unknown frame descriptor"),
    ],
)
def test_an_object_whose_name_says_compressed_and_that_is_not_is_called_that(suffix: str, name: str, text: str) -> None:
    said = explained(
        RuntimeError(f"Encountered error while reading file file:///d/a.json{suffix}. \nCaused by: {text}")
    )
    assert said == (
        f"file:///d/a.json{suffix} is not (entirely) {name} although its name ends in {suffix}; it may have been "
        f"decompressed in transit or cut off; deliver it compressed, or under a name without {suffix}, then run the "
        "date again"
    )


@pytest.mark.parametrize(
    "text",
    [
        "[PATH_NOT_FOUND] Path does not exist: {}. SQLSTATE: 42K03",
        "[PATH_NOT_FOUND] Path does not exist: {}.",
        "Lost task 0.0: org.apache.spark.SparkFileNotFoundException: File {} does not exist\nIt is possible the",
        "calling o1.open.\n: java.io.FileNotFoundException: No such file or directory: {}\n\tat org.apache",
        "Caused by: java.io.FileNotFoundException: No such file or directory '{}'\n\tat com.amazon",
    ],
)
@pytest.mark.parametrize("uri", ["s3://bucket/raw/a.json", "s3a://bucket/raw/a b. c.json.gz", "file:///data/it's.json"])
def test_an_object_that_is_not_there_any_more_is_said_to_have_vanished(text: str, uri: str) -> None:
    said = f"{uri} vanished while it was read; run the date again"
    assert explained(RuntimeError(text.format(uri))) == said
    assert explained(RuntimeError(text.format(uri.replace("file:///", "file:/")))) == said


def test_what_is_no_object_does_not_vanish() -> None:
    text = "java.io.FileNotFoundException: /tmp/blockmgr-1/shuffle_0_0_0.data (No such file or directory)"
    assert explained(RuntimeError(text)) == f"RuntimeError: {text}"


def test_an_object_that_nothing_but_another_compression_helps_is_not_asked_for_again() -> None:
    text = "com.github.luben.zstd.ZstdIOException: Frame requires too much memory for decoding"
    said = explained(RuntimeError(f"Encountered error while reading file file:///d/a.json.zst. \nCaused by: {text}"))
    assert said == (
        "file:///d/a.json.zst is compressed with a window of more than 128 MB, which Spark does not read; compress it "
        "without --long, or with --long=27 at most, then run the date again"
    )


@pytest.mark.parametrize(
    ("compressed", "named"),
    [
        ([], "a raw object"),
        (["s3://b/a.gz"], "s3://b/a.gz"),
        (["a.bz2", "1.gz", "2.GZ"], "one of 1.gz, 2.GZ"),
        ([f"{number}.gz" for number in range(7)], "one of 0.gz, 1.gz, 2.gz, 3.gz, 4.gz and 2 more"),
    ],
)
def test_where_the_engine_names_no_object_those_are_named_that_it_can_be(compressed: list[str], named: str) -> None:
    said = explained(EOFError("Unexpected end of input stream"), compressed=compressed)
    assert said.startswith(f"{named} is not a complete gzip file; ")


def test_an_error_of_another_kind_is_not_taken_for_a_broken_object() -> None:
    error = ValueError("invalid literal for int() with base 10: ''")
    assert explained(error) == "ValueError: invalid literal for int() with base 10: ''"


def test_a_long_error_is_its_first_lines_and_its_last_cause() -> None:
    said = explained(RuntimeError("first\nsecond\n\tat a.b.C\nCaused by: inner\n\tat d\nCaused by: innermost\nthird"))
    assert said == "RuntimeError: first; second; Caused by: innermost"


def test_an_error_without_words_is_its_name() -> None:
    assert explained(KeyboardInterrupt()) == "KeyboardInterrupt: KeyboardInterrupt"
