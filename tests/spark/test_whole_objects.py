"""Compressed objects that were cut off are errors wherever the engine's reader takes them for whole."""

import bz2
import gzip
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]  # it has no types
from pyspark.sql import SparkSession

from core.errors import PipelineError
from curation.explain import explained
from curation.whole_objects import is_cut_off, require_whole
from tests.spark.lab import CONTRACTS, Lab

FRAME = b"\x28\xb5\x2f\xfd"
SKIPPABLE = b"\x5a\x2a\x4d\x18\x04\x00\x00\x00abcd"


def zstandard(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd"))


def by_hand(content: bytes, *, checksum: bool = False, window: int = 0x58) -> bytes:
    """Frame content as blocks that are not compressed, each with its length in front."""
    blocks = [content[at : at + 100_000] for at in range(0, len(content), 100_000)]
    header = FRAME + bytes([0x04 * checksum, window])
    for block in blocks:
        header += (len(block) << 3 | int(block is blocks[-1])).to_bytes(3, "little") + block
    return header + b"sum." * checksum


WAYS: list[Callable[[bytes], bytes]] = [zstandard, by_hand, partial(by_hand, checksum=True)]


def reading(content: bytes) -> Callable[[int, int], bytes]:
    def read(position: int, length: int) -> bytes:
        assert 0 <= position < len(content), "Hadoop fails where an object has ended"
        return content[position : position + length]

    return read


class TestAZstandardObject:
    @pytest.mark.parametrize("seed", range(6))
    def test_is_cut_off_wherever_it_ends_within_a_frame(self, seed: int) -> None:
        random = Random(seed)
        for _ in range(60):
            sizes = [random.choice([1, 40, 3_000, 150_000, 400_000]) for _ in range(random.randrange(1, 5))]
            # What does not shrink, with beginnings of frames in it.
            contents = [random.randbytes(size // 2) + FRAME + random.randbytes(size // 2) for size in sizes]
            frames = [random.choice(WAYS)(content) for content in contents]
            frames.append(zstandard(b"a" * 200_000 + contents[0] + b"\0" * 300_000))
            if random.random() < 0.3:
                frames.insert(random.randrange(len(frames)), SKIPPABLE)
            whole, last = b"".join(frames), frames[-1]
            assert not is_cut_off(reading(whole), len(whole))
            kept = random.choice([random.randrange(1, 30), random.randrange(1, len(last)), len(last) - 1])
            cut = whole[: len(whole) - len(last) + min(kept, len(last) - 1)]
            # Of a frame that begins long before the end the reader itself says that it is cut off.
            assert is_cut_off(reading(cut), len(cut)) or kept > 131_075

    def test_that_ends_in_a_whole_frame_is_not_read_but_for_its_end(self) -> None:
        content, places = Random(1).randbytes(2_000_000) + by_hand(b"a" * 20), []

        def read(position: int, length: int) -> bytes:
            places.append(position)
            return reading(content)(position, length)

        assert not is_cut_off(read, len(content))
        assert len(places) == 1

    def test_that_is_cut_off_or_has_another_format_behind_it_fails_the_run(self, lab: Lab, spark: SparkSession) -> None:
        if spark.version.startswith("3."):
            return  # which reads none of them
        lab.contract = CONTRACTS / "lines.odcs.yaml"
        first, second = (zstandard(b'{"id":"%s"}\n' % name * 3) for name in (b"a", b"b"))
        for kept in (3, len(second) - 1):
            lab.put(first + second[:kept], "a.json.zst")
            assert "a.json.zst is not a complete Zstandard file; deliver it again" in lab.run().message
        lab.put(first + b'{"id":"c"}\n', "a.json.zst")
        assert "a.json.zst is not (entirely) Zstandard" in lab.run().message
        lab.put(first + SKIPPABLE + second, "a.json.zst")
        assert len(lab.run().rows()) == 2

    def test_of_a_window_beyond_the_readers_is_not_called_incomplete(self, lab: Lab, spark: SparkSession) -> None:
        if spark.version.startswith("3."):
            return
        lab.contract, line = CONTRACTS / "lines.odcs.yaml", b'{"id":"a"}\n'
        lab.put(by_hand(line, window=0x88), "a.json.zst")  # zstd --long=27
        assert len(lab.run().rows()) == 1
        lab.put(zstandard(line) + by_hand(line, window=0x90), "a.json.zst")  # --long=28
        message = lab.run().message
        assert "a.json.zst is compressed with a window of more than 128 MB" in message
        assert "complete" not in message

    @pytest.mark.parametrize("seed", range(2))
    def test_is_read_whole_or_not_at_all(self, spark: SparkSession, tmp_path: Path, seed: int) -> None:
        """The reader in Spark is the judge: what it reads of less than all lines must have been found before."""
        if spark.version.startswith("3."):
            return
        random, file, silent = Random(seed), tmp_path / "a.json.zst", 0
        for _ in range(12):
            lines = [random.randbytes(random.choice([1, 40])).hex().encode() + b"\n" for _ in range(5_000)]
            frames = [zstandard(b"".join(lines[at : at + 2_500])) for at in (0, 2_500)]
            content = b"".join(frames)[: -random.randrange(1, len(frames[1]))]
            file.write_bytes(content)
            with suppress(Py4JJavaError):
                found = spark.read.text(str(file)).count()
                silent += found < 5_000
                assert found == 5_000 or is_cut_off(reading(content), len(content))
        assert silent > 0


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_a_byte_that_changed_around_the_content_is_an_error_in_words_or_changes_nothing(
    spark: SparkSession, tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    lines = [f'{{"id":"{number}"}}' for number in range(6)]
    content = pack("\n".join(lines).encode())
    words = re.compile(r"\.(?:gz|bz2) (?:is not a complete|is not compressed by|is not \(entirely\)|does not end as a)")
    told = []
    for position in (*range(10), *range(len(content) - 11, len(content))):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        path = tmp_path / f"{position}.json{suffix}"
        path.write_bytes(damaged)
        try:
            require_whole(spark, [(f"file://{path}", len(damaged))])
            assert [row[0] for row in spark.read.text(str(path)).collect()] == lines, position
        except (PipelineError, Py4JJavaError) as error:
            told.append(explained(error, compressed=[str(path)]))
    assert [message for message in told if not words.search(message)] == []
