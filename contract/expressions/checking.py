"""The type of every node, given the columns' types: what Spark would cast without a word, or fail on, is an error here.

Knows what Spark makes of types that do fit, for which tests ask both versions; never looks at values but literals.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from contract.ddl_types import INTEGER_BITS, inner_types, kind_of
from contract.expressions import tree
from contract.expressions.errors import problem_at
from contract.expressions.functions import FUNCTIONS, Parameter
from contract.expressions.kinds import (
    APPROXIMATE,
    INTEGERS,
    NULL,
    ORDERED,
    as_decimal,
    decimal_result,
    fitted,
    is_exact,
    is_number,
    widest,
)
from core.wording import did_you_mean

_NUMERIC: Final = (*INTEGERS, "decimal", *APPROXIMATE)
_CASTS: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("string", *_NUMERIC, "boolean"),
    "boolean": ("string", *INTEGERS, "boolean"),
    "date": ("string", "date", "timestamp"),
    "timestamp": ("string", "date", "timestamp"),
    **dict.fromkeys((*INTEGERS, "decimal"), ("string", *_NUMERIC)),
    **dict.fromkeys(APPROXIMATE, _NUMERIC),
    NULL: ("string", *_NUMERIC, "boolean", "date", "timestamp"),
}
_CAST_ADVICE: Final[Mapping[tuple[str, str], str]] = {
    ("string", "date"): "declare another column with the same transformSourceObjects, of type date (with "
    "logicalTypeOptions.format), or write make_date(year, month, day)",
    ("string", "timestamp"): "declare another column with the same transformSourceObjects, of type timestamp "
    "(with logicalTypeOptions.format); Spark would take a time without a day as one of today",
    ("integer", "timestamp"): "write timestamp_seconds(x), timestamp_millis(x) or timestamp_micros(x)",
    ("integer", "date"): "write CAST(timestamp_seconds(x) AS date)",
    ("integer", "boolean"): "write x <> 0",
    ("timestamp", "integer"): "write unix_seconds(x), unix_millis(x) or unix_micros(x)",
    ("date", "integer"): "write unix_date(x)",
    ("double", "string"): "its digits depend on the Java that runs it; cast to a decimal first",
}


def type_of(node: tree.Node, types: Mapping[str, str]) -> str:
    """Return the canonical type of a node, or ``null``. Raises ExpressionError with the place of what does not fit."""
    return _Checker(types).type_of(node)


class _Checker:
    def __init__(self, types: Mapping[str, str]) -> None:
        self._types = types

    def type_of(self, node: tree.Node) -> str:  # noqa: PLR0911  a table with a line for each kind of node
        match node:
            case tree.Literal():
                return node.type
            case tree.ColumnName():
                return self._column(node)
            case tree.StructField():
                return self._field(node)
            case tree.Item():
                return self._item(node)
            case tree.Binary():
                return self._binary(node)
            case tree.Case():
                return self._case(node)
            case tree.Cast():
                return self._cast(node)
            case tree.Call():
                return self._call(node)
        self._check_predicate(node)
        return "boolean"

    def _check_predicate(self, node: tree.Node) -> None:
        match node:
            case tree.Not():
                self._require(node.operand, "boolean", "NOT")
            case tree.IsNull():
                self.type_of(node.operand)
            case tree.In():
                self._check_comparable(node, "IN", node.operand, *node.items)
            case tree.Between():
                self._check_comparable(node, "BETWEEN", node.operand, node.low, node.high)
            case tree.Matches():
                self._require(node.operand, "string", node.operator)
            case _:
                raise AssertionError(f"no type of {type(node).__name__}: only nodes of the list have one")

    def _column(self, node: tree.ColumnName) -> str:
        if node.name in self._types:
            return self._types[node.name]
        allowed = ", ".join(self._types) or "none"
        raise problem_at(
            node.at, f"there is no column {node.name!r}{did_you_mean(node.name, self._types)}; columns: {allowed}"
        )

    def _field(self, node: tree.StructField) -> str:
        struct = self.type_of(node.struct)
        if kind_of(struct) != "struct":
            raise problem_at(node.at, f"field {node.name!r} is taken of {_a(struct)}, and only structs have fields")
        fields = inner_types(struct)
        if node.name in fields:
            return fields[node.name]
        raise problem_at(
            node.at, f"there is no field {node.name!r}{did_you_mean(node.name, fields)}; fields: {', '.join(fields)}"
        )

    def _item(self, node: tree.Item) -> str:
        whole = self.type_of(node.whole)
        if kind_of(whole) == "map":
            self._require(node.key, "string", "the key of a map")
            return inner_types(whole)["value"]
        if kind_of(whole) != "array":
            raise problem_at(node.at, f"[ ] is taken of {_a(whole)}, and only arrays and maps have elements")
        position = self.type_of(node.key)
        if position not in ("tinyint", "smallint", "int"):
            raise problem_at(node.key.at, f"the position in an array must be an int, found {_a(position)}")
        return inner_types(whole)["element"]

    def _require(self, node: tree.Node, wanted: str, where: str) -> None:
        found = self.type_of(node)
        if found != wanted:
            raise problem_at(node.at, f"{where} takes a {wanted}, found {_a(found)}{_cast_advice(found, wanted)}")

    def _binary(self, node: tree.Binary) -> str:
        if node.operator in ("AND", "OR"):
            self._require(node.left, "boolean", node.operator)
            self._require(node.right, "boolean", node.operator)
            return "boolean"
        if node.operator == "||":
            self._require(node.left, "string", "||")
            self._require(node.right, "string", "||")
            return "string"
        if node.operator in _ARITHMETIC:
            return self._arithmetic(node)
        self._check_comparable(node, node.operator, node.left, node.right)
        return "boolean"

    def _arithmetic(self, node: tree.Binary) -> str:
        left, right = self.type_of(node.left), self.type_of(node.right)
        for side, found in ((node.left, left), (node.right, right)):
            if not is_number(found):
                raise problem_at(
                    side.at, f"{node.operator} takes numbers, found {_a(found)}{_cast_advice(found, 'number')}"
                )
        if node.operator == "DIV":
            return _whole_division(node, left, right)
        if left in APPROXIMATE or right in APPROXIMATE:
            return _approximate(node.operator, left, right)
        if left in INTEGERS and right in INTEGERS:
            return "double" if node.operator == "/" else max((left, right), key=INTEGERS.index)
        return _exact(node, _digits(node.left, left), _digits(node.right, right))

    def _check_comparable(self, node: tree.Node, operator: str, *parts: tree.Node) -> None:
        """Check that all parts can be compared as they are: a literal takes as few digits as it has."""
        types = [self.type_of(part) for part in parts]
        for part, found in zip(parts, types, strict=True):
            if found == NULL and operator != "<=>":
                raise problem_at(part.at, f"{operator} with NULL is never true; write x IS NULL or x IS NOT NULL")
            if found != NULL and not (is_number(found) or found in ORDERED):
                raise problem_at(
                    part.at, f"{operator} compares simple values, found {_a(found)}; take one of its parts"
                )
        if _common(parts, types, narrow=True) is None:
            raise problem_at(node.at, f"{operator} compares {_list(types)}; {_DIFFERENT}")

    def _unified(self, at: int, where: str, parts: Sequence[tree.Node]) -> str:
        """Return the one type in which results come together."""
        types = [self.type_of(part) for part in parts]
        common = _common(parts, types, narrow=False)
        if common is None:
            raise problem_at(at, f"{where} brings together {_list(types)}; {_DIFFERENT}")
        return common

    def _case(self, node: tree.Case) -> str:
        conditions = [condition for condition, _ in node.branches]
        if node.operand is None:
            for condition in conditions:
                self._require(condition, "boolean", "a condition")
        else:
            for condition in conditions:
                self._check_comparable(condition, "CASE", node.operand, condition)
        results = [result for _, result in node.branches]
        return self._unified(node.at, "CASE", results if node.otherwise is None else [*results, node.otherwise])

    def _cast(self, node: tree.Cast) -> str:
        found = self.type_of(node.operand)
        if kind_of(node.type) not in _CASTS.get(kind_of(found), ()):
            raise problem_at(node.at, f"{_a(found)} is not cast to {node.type}{_other_way(found, node.type)}")
        return node.type

    def _call(self, node: tree.Call) -> str:
        function = FUNCTIONS[node.name]
        types = [self.type_of(argument) for argument in node.arguments]
        for position, (argument, found) in enumerate(zip(node.arguments, types, strict=True)):
            _check_argument(node, position, argument, found, function.parameter(position), unified=function.same)
        extra = _EXTRA.get(node.name)
        if extra is not None:
            extra(self, node, types)
        if node.name == "nullif":
            self._check_comparable(node, "nullif", *node.arguments)
            return types[0]
        if function.same:
            return self._unified(node.at, node.name, node.arguments)
        return function.result if isinstance(function.result, str) else function.result(types, node)

    def check_element(self, node: tree.Call, types: Sequence[str]) -> None:
        """Check that array_contains looks for what the array holds."""
        element = inner_types(types[0])["element"]
        if _common((tree.ColumnName(""), node.arguments[1]), (element, types[1]), narrow=False) != element:
            raise problem_at(
                node.arguments[1].at, f"array_contains looks for {_a(types[1])} in an {types[0]}; {_DIFFERENT}"
            )

    def check_key(self, node: tree.Call, types: Sequence[str]) -> None:
        """Check that element_at is given a key, or a position that is written out: a computed one may be 0."""
        key = node.arguments[1]
        if kind_of(types[0]) == "map":
            self._require(key, "string", "the key of a map")
        elif not (isinstance(key, tree.Literal) and types[1] == "int"):
            raise problem_at(
                key.at,
                "element_at takes a whole number that is written out, from 1, or from -1 backwards; write "
                "array[x] for a computed position, from 0",
            )


_ARITHMETIC: Final = ("+", "-", "*", "/", "%", "DIV")
_DIFFERENT: Final = "Spark would change values without a word to make them one type; say it with CAST(x AS type)"
_EXTRA: Final[Mapping[str, Callable[[_Checker, tree.Call, Sequence[str]], None]]] = {
    "array_contains": _Checker.check_element,
    "element_at": _Checker.check_key,
}


def _check_argument(
    node: tree.Call, position: int, argument: tree.Node, found: str, parameter: Parameter, *, unified: bool
) -> None:
    if (found == NULL and unified) or parameter.fits(found) or parameter.fits(_narrowest(argument, found)):
        return
    advice = _cast_advice(found, "string" if parameter.words == "a string" else parameter.words)
    raise problem_at(
        argument.at, f"{node.name}: argument {position + 1} must be {parameter.words}, found {_a(found)}{advice}"
    )


def _narrowest(node: tree.Node, found: str) -> str:
    """Return the smallest integer type that holds a literal, or the type as it is."""
    if isinstance(node, tree.Literal) and isinstance(node.value, int) and found in INTEGERS:
        return next(name for name, bits in INTEGER_BITS.items() if -(2 ** (bits - 1)) <= node.value < 2 ** (bits - 1))
    return found


def _common(parts: Sequence[tree.Node], types: Sequence[str], *, narrow: bool) -> str | None:
    """Return the type of values brought together; numbers that are written out may become approximate, others not.

    In a comparison Spark gives whole numbers that are written out as many digits as they have; elsewhere those of
    their type.
    """
    if not any(type_ in APPROXIMATE for type_ in types):
        return widest([_as_written(p, t) if narrow else t for p, t in zip(parts, types, strict=True)])
    exact = [t for part, t in zip(parts, types, strict=True) if is_exact(t) and not isinstance(part, tree.Literal)]
    rest = [type_ for type_ in types if not is_exact(type_)]
    if exact or (
        narrow and "float" in rest and not all(_is_whole_float(p, t) for p, t in zip(parts, types, strict=True))
    ):
        return None  # 0.1 as a float is not 0.1 as a double, so a comparison of the two surprises everybody
    has_decimal = any(type_.startswith("decimal") for type_ in types)
    return widest([*rest, "double"] if has_decimal else rest)


def _is_whole_float(node: tree.Node, found: str) -> bool:
    """Say whether a value is a float, or a whole number that is written out and one as it is."""
    small = isinstance(node, tree.Literal) and isinstance(node.value, int) and abs(node.value) <= _FLOAT_INTEGERS
    return found in ("float", NULL) or (small and found in INTEGERS)


def _as_written(node: tree.Node, found: str) -> str:
    if isinstance(node, tree.Literal) and isinstance(node.value, int) and found in INTEGERS:
        return f"decimal({len(str(abs(node.value)))},0)"
    return found


def _digits(node: tree.Node, found: str) -> tuple[int, int]:
    return as_decimal(_as_written(node, found))


def _approximate(operator: str, left: str, right: str) -> str:
    """Return float only where Spark stays with it: it divides doubles, and meets decimals as doubles."""
    wide = "double" in (left, right) or operator == "/" or not {left, right} <= {"float", *INTEGERS}
    return "double" if wide else "float"


def _exact(node: tree.Binary, left: tuple[int, int], right: tuple[int, int]) -> str:
    precision, scale = decimal_result(node.operator, left, right)
    kept_precision, kept_scale = fitted(precision, scale)
    if kept_scale < scale and node.operator != "/":
        raise problem_at(
            node.at,
            f"{node.operator} of decimal({left[0]},{left[1]}) and decimal({right[0]},{right[1]}) needs {precision} "
            f"digits, and Spark would round to 38 without a word; cast to decimals with fewer digits first",
        )
    return f"decimal({kept_precision},{kept_scale})"


def _whole_division(node: tree.Binary, left: str, right: str) -> str:
    for side, found in ((node.left, left), (node.right, right)):
        if found not in INTEGERS:
            raise problem_at(side.at, f"DIV takes integers, found {_a(found)}; write floor(x / y) or CAST it")
    safe = left != "bigint" or (isinstance(node.right, tree.Literal) and node.right.value != -1)
    if not safe:
        raise problem_at(
            node.right.at,
            "DIV of a bigint takes a divisor that is written out and not -1, as Spark wraps around for the smallest "
            "bigint; write CAST(CAST(x AS decimal(19,0)) / y AS bigint) for others",
        )
    return "bigint"


def _other_way(found: str, wanted: str) -> str:
    advice = _CAST_ADVICE.get((_group(found), _group(wanted)))
    if advice is None:
        allowed = _CASTS.get(kind_of(found), ())
        advice = f"allowed: {', '.join(allowed)}" if allowed else "take its fields and elements one by one"
    return f"; {advice}"


def _group(type_: str) -> str:
    kind = kind_of(type_)
    return "integer" if kind in (*INTEGERS, "decimal") else "double" if kind in APPROXIMATE else kind


def _cast_advice(found: str, wanted: str) -> str:
    """Advise the cast that is allowed and makes one of the other, where there is one."""
    if wanted == "number" and found == "string":
        return "; say it with CAST(x AS decimal(12,2)), or declare the column as a number with sentAs: string"
    if wanted == "string" and "string" in _CASTS.get(kind_of(found), ()) and found != NULL:
        return "; say it with CAST(x AS string)"
    if wanted == _SHORT_WORDS and found == "bigint":
        return "; say it with CAST(x AS int), which is null beyond it"
    return (
        "; say it with CAST(x AS smallint), which is null beyond it" if "16 bits" in wanted and is_number(found) else ""
    )


def _a(type_: str) -> str:
    return "NULL" if type_ == NULL else f"{'an' if type_[0] in 'aio' else 'a'} {type_}"


def _list(types: Sequence[str]) -> str:
    return " and ".join(_a(type_) for type_ in dict.fromkeys(types))


_FLOAT_INTEGERS: Final = 2**24
_SHORT_WORDS: Final = "an int, smallint or tinyint"
