"""Athena of the embedded AWS: Trino's SQL over the Glue catalog's registered partitions, run by DuckDB.

Importing it needs no emulator, so that the translation can be tested alone; only `install` reaches for it.
"""


def install() -> None:
    """Put this engine in the place of the emulator's."""
    from local_cloud.athena import api  # noqa: PLC0415 # the emulator is not there where only the SQL is tested

    api.install()
