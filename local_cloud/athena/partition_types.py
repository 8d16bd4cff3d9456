"""Whether Athena reads a partition whose columns have other types than the table's.

Partitions keep the columns they were made with when a table changes. Athena finds columns of Parquet by name and reads
the types of its documentation as others (https://docs.aws.amazon.com/athena/latest/ug/updates-changing-column-type.html);
what it says nothing of, decimals and what is inside of types, follows Trino's rules, on which it is built.
"""

from typing import Final

from local_cloud.athena.catalog import Part, Table
from local_cloud.athena.errors import QueryFailed
from local_cloud.athena.trino.datatypes import Type, of_hive

_WHOLE: Final = ("tinyint", "smallint", "integer", "bigint")
_READ_AS: Final = {
    "varchar": {*_WHOLE, "timestamp"},
    **{name: {*_WHOLE[position + 1 :], "varchar"} for position, name in enumerate(_WHOLE)},
    "real": {"double", "decimal"},
    "double": {"real", "decimal"},
    "decimal": {"decimal", "real", "double", "varchar"},
    "timestamp": {"varchar"},
}


def require_fit(table: Table, part: Part) -> None:
    """Check the columns that a partition states. Raises QueryFailed in Athena's words."""
    stated = dict(part.columns)
    for name, declared in table.columns:
        found = stated.get(name, declared)
        if found.lower() != declared.lower() and not readable(of_hive(found), of_hive(declared)):
            values = "/".join(f"{key}={value}" for (key, _), value in zip(table.keys, part.values, strict=True))
            raise QueryFailed(
                "HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition schemas. The "
                "types are incompatible and cannot be coerced. "
                f"The column '{name}' in table '{table.database}.{table.name}' is declared as type '{declared}', "
                f"but partition '{values}' declared column '{name}' as type '{found}'."
            )


def readable(found: Type, declared: Type) -> bool:
    """Say whether a partition's type is read as the table's."""
    if found == declared:
        return True
    if found.name == declared.name == "row":
        return _same_beginning(found, declared)
    if found.name == declared.name and found.items:
        return all(map(readable, found.items, declared.items))
    return declared.name in _READ_AS.get(found.name, ())


def _same_beginning(found: Type, declared: Type) -> bool:
    """Say whether fields only come or go at the end, and the others stand at their places."""
    names = [[str(name).lower() for name in of.fields] for of in (found, declared)]
    return all(
        before == after and readable(old, new)
        for before, after, old, new in zip(*names, found.items, declared.items, strict=False)
    )
