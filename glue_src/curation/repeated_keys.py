"""What a key means that appears twice in one JSON object: the last value wins, as with fields, wherever a map stands.

Spark's parser itself keeps the last value of a field, but both entries of a map, which DuckDB, Trino and Athena then
refuse to read.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract.ddl_types import holds, inner_types, kind_of
from curation.composing import any_of

# What `rebuilt` relies on: without it Spark raises for such a map.
LAST_WINS = {"spark.sql.mapKeyDedupPolicy": "LAST_WIN"}


def last_value_wins(value: Column, type_: str) -> Column:
    """Return a parsed value in which no map has a key twice; in most it stays the object that it is."""
    if not _has_maps(type_):
        return value
    return F.when(F.coalesce(_repeats_a_key(value, type_), F.lit(False)), _rebuilt(value, type_)).otherwise(value)


def _has_maps(type_: str) -> bool:
    return holds(type_, ("map",))


def _repeats_a_key(value: Column, type_: str) -> Column:
    """Tell whether a map here or anywhere inside has a key twice; may be null, which means no."""
    inner = inner_types(type_)
    match kind_of(type_):
        case "map":
            keys = F.map_keys(value)
            here = F.size(F.array_distinct(keys)) < F.size(keys)
            if not _has_maps(inner["value"]):
                return here
            return here | F.exists(F.map_values(value), lambda found: _repeats_a_key(found, inner["value"]))
        case "array":
            return F.exists(value, lambda found: _repeats_a_key(found, inner["element"]))
    repeats = (_repeats_a_key(value[name], field) for name, field in inner.items() if _has_maps(field))
    return any_of(F.coalesce(repeat, F.lit(False)) for repeat in repeats)


def _rebuilt(value: Column, type_: str) -> Column:
    inner = inner_types(type_)
    match kind_of(type_):
        case "map":
            unique = F.map_from_entries(F.map_entries(value))
            if not _has_maps(inner["value"]):
                return unique
            return F.transform_values(unique, lambda _, found: last_value_wins(found, inner["value"]))
        case "array":
            return F.transform(value, lambda found: last_value_wins(found, inner["element"]))
    fields = (last_value_wins(value[name], field).alias(name) for name, field in inner.items())
    return F.when(value.isNotNull(), F.struct(*fields))
