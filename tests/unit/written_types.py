"""Random types of columns, values of them, and what an old value has to read as under a newer type."""

import random
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from contract.ddl_types import decimal_digits, inner_types, kind_of

SIMPLE: Final = (
    *("tinyint", "smallint", "int", "bigint", "float", "double", "string", "boolean", "date", "timestamp"),
    *("decimal(4,2)", "decimal(9,2)", "decimal(12,2)", "decimal(20,2)", "decimal(38,2)", "decimal(14,4)"),
)
_NAMES: Final = "abcdef"


def random_type(dice: random.Random, depth: int = 3) -> str:
    kind = dice.choice(("simple", "simple", "array", "map", "struct", "struct")) if depth else "simple"
    if kind == "simple":
        return dice.choice(SIMPLE)
    if kind == "array":
        return f"array<{random_type(dice, depth - 1)}>"
    if kind == "map":
        return f"map<string,{random_type(dice, depth - 1)}>"
    names = dice.sample(_NAMES, dice.randint(1, 4))
    return _struct([(name, random_type(dice, depth - 1)) for name in names])


def changed_somewhere(dice: random.Random, type_: str) -> str:
    """Change one thing of a type: a leaf, or a struct's fields, or what is inside."""
    kind, inner = kind_of(type_), inner_types(type_)
    if not inner:
        return dice.choice([other for other in SIMPLE if other != type_])
    if kind == "array":
        return f"array<{changed_somewhere(dice, inner['element'])}>"
    if kind == "map":
        return f"map<string,{changed_somewhere(dice, inner['value'])}>"
    return _changed_struct(dice, list(inner.items()))


def _changed_struct(dice: random.Random, fields: list[tuple[str, str]]) -> str:
    what = dice.choice(("add", "remove", "reorder", "inside", "inside"))
    if what == "add":
        name = dice.choice([name for name in _NAMES if name not in dict(fields)])
        fields.insert(dice.randint(0, len(fields)), (name, random_type(dice, 1)))
    elif what == "remove" and len(fields) > 1:
        fields.pop(dice.randrange(len(fields)))
    elif what == "reorder":
        dice.shuffle(fields)
    else:
        place = dice.randrange(len(fields))
        name, type_ = fields[place]
        fields[place] = (name, changed_somewhere(dice, type_))
    return _struct(fields)


def _struct(fields: list[tuple[str, str]]) -> str:
    return f"struct<{','.join(f'{name}:{type_}' for name, type_ in fields)}>"


def values(type_: str) -> Iterator[Any]:
    """Yield extreme values of a type and null, as Python has them; structs are dicts."""
    kind, inner = kind_of(type_), inner_types(type_)
    if kind == "struct":
        yield {name: next(values(field)) for name, field in inner.items()}
        yield dict.fromkeys(inner)
    elif kind == "array":
        yield [*values(inner["element"])]
    elif kind == "map":
        yield {f"k{n}": value for n, value in enumerate(values(inner["value"]))}
    elif kind == "decimal":
        precision, scale = decimal_digits(type_)
        yield from (Decimal(f"{'9' * precision}E-{scale}"), Decimal(f"-1E-{scale}"))
    else:
        yield from _EXTREMES[kind]
    yield None


def as_read(value: Any, old: str, new: str) -> Any:
    """Return what a value of an old file is under a newer type whose change is called safe."""
    if value is None:
        return None
    before, after = inner_types(old), inner_types(new)
    match kind_of(new):
        case "struct":
            return {
                name: as_read(value[name], before[name], type_) if name in before else None
                for name, type_ in after.items()
            }
        case "array":
            return [as_read(item, before["element"], after["element"]) for item in value]
        case "map":
            return {key: as_read(item, before["value"], after["value"]) for key, item in value.items()}
    return value


_EXTREMES: Final = {
    "tinyint": (-(2**7), 2**7 - 1),
    "smallint": (-(2**15), 2**15 - 1),
    "int": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
    "float": (0.10000000149011612, -16777216.0),
    "double": (0.1, 1e300),
    "string": ("7", ""),
    "boolean": (True, False),
    "date": (date(2025, 1, 1),),
    "timestamp": (datetime(2025, 1, 1, 10, 0, 0, 123456),),  # noqa: DTZ001  files of Arrow have no zone here
}
