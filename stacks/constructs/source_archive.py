"""Code and documents as assets: zips that are the same byte for byte wherever and whenever they are made."""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import aws_s3_assets as assets
from constructs import Construct

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SUFFIXES = (".py", ".json", ".typed")


@contextmanager
def zipped(roots: Mapping[str, Path]) -> Iterator[str]:
    """Zip folders into a file that lasts as long as the context, in which the CDK copies it into its output.

    ``roots`` maps the path inside the zip (empty for its root) to the folder.
    """
    with TemporaryDirectory() as folder:
        archive = Path(folder) / "source.zip"
        write_zip(archive, roots)
        yield str(archive)


def text_asset(scope: Construct, construct_id: str, *, name: str, text: str) -> assets.Asset:
    """Make a file of its own of a text."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_text(text, encoding="utf-8")
        return assets.Asset(scope, construct_id, path=str(file))


def write_zip(archive: Path, roots: Mapping[str, Path]) -> None:
    """Write a zip whose bytes depend on names and contents only.

    Stored, not compressed: what a compressor makes of the same bytes differs between its versions.
    """
    files = {
        f"{inside}/{name}".strip("/"): file for inside, root in roots.items() for name, file in _source_files(root)
    }
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # Unix, whatever system this runs on
            target.writestr(entry, files[name].read_bytes())


def _source_files(root: Path) -> list[tuple[str, Path]]:
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is not there, so its code cannot be packed; restore it from the repository")
    files = [path for path in root.rglob("*") if path.is_file() and path.suffix in _SUFFIXES]
    return [(path.relative_to(root).as_posix(), path) for path in files if "__pycache__" not in path.parts]
