"""What a column is made of, as its contract says: fields of the record, forms of times, or an expression over columns.

Each statement is checked against the column's type; whether the columns fit together is asked when all are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from contract.column_properties import column_properties
from contract.columns import UNKNOWN_TYPE, ReadColumn
from contract.ddl_types import holds
from contract.expressions import Expression, ExpressionError, assignable, parse_expression
from contract.model import UTC, Column
from contract.read_types import SENT_AS_STRING, TIMES, read_type
from contract.section import Section
from contract.sources import PathNotUsableError, Source, SourceConflictError, merged, parse_source
from contract.time_patterns import has_zone
from contract.type_options import stated_pattern, stated_zone
from core.wording import not_known

EPOCH_UNITS: Final = ("s", "ms", "us", "ns")


def read_mapping(column: ReadColumn) -> dict[str, Any]:
    """Return what a column is made of, by the name of the model's field."""
    custom = column_properties(column.section)
    logic = _logic(column.section)
    said: dict[str, Any] = {"is_stored": not custom.flag("inputOnly")}
    if logic is not None or column.section.has("transformLogic"):
        _refuse_forms(column, custom)
        return {**said, "logic": logic, "null_result_allowed": _only(custom, "nullResult", "allowed")}
    if custom.has("nullResult"):
        custom.report("nullResult", "is said of the result of transformLogic, and this column has none; remove it")
    sources = _sources(column.section) or (Source((column.name,)),)
    return {**said, "sources": sources, **_forms(column, custom)}


def _only(custom: Section, key: str, allowed: str) -> bool:
    """Say whether a property has the only value that it can have."""
    return custom.has(key) and custom.choice(key, (allowed,), default="") == allowed


def _sources(prop: Section) -> tuple[Source, ...]:
    given = prop.items("transformSourceObjects")
    if given is not None and not given:
        prop.report("transformSourceObjects", "must list at least one field; leave it out to read that of the name")
    sources: list[Source] = []
    for position, text in enumerate(given or ()):
        key = f"transformSourceObjects[{position}]"
        if not isinstance(text, str):
            prop.report(key, f"must be a text, got {text!r}")
            continue
        try:
            source = parse_source(text)
        except PathNotUsableError as problem:
            prop.report(key, str(problem))
            continue
        if source in sources:
            prop.report(key, f"{text!r} is listed twice")
        sources.append(source)
    return tuple(sources)


def _logic(prop: Section) -> Expression | None:
    text = prop.text("transformLogic")
    if text is None:
        return None
    try:
        return parse_expression(text)
    except ExpressionError as problem:
        prop.report("transformLogic", str(problem))
        return None


def _refuse_forms(column: ReadColumn, custom: Section) -> None:
    for key in ("epochUnit", "sentAs"):
        if custom.has(key):
            custom.report(key, "is the form of a field, and this column is derived; state it where the field is read")
    options = column.section.section("logicalTypeOptions")
    for key in ("format", "defaultTimezone"):
        if options is not None and options.has(key) and holds_time(column.type):
            options.report(key, "is the form of a field, and this column is derived; state it where the field is read")


def _forms(column: ReadColumn, custom: Section) -> dict[str, Any]:
    options = column.section.section("logicalTypeOptions")
    pattern, zone = (None, None) if options is None else (stated_pattern(options, column.type), stated_zone(options))
    unit = custom.choice("epochUnit", EPOCH_UNITS, default="") or None
    _check_unit(custom, options, column.type)
    if zone is not None and pattern is not None and has_zone(pattern) and options is not None:
        options.report("defaultTimezone", "is never used: the format has a zone of its own; remove one of them")
    elif zone is not None and options is not None and _has_dates_only(column.type):
        options.report("defaultTimezone", "does nothing for a date, which is the day that is written; remove it")
    sent_as_string = _only(custom, "sentAs", "string")
    if sent_as_string and column.type != UNKNOWN_TYPE and not _may_be_string(column.type, unit):
        custom.report(
            "sentAs",
            f"a column of type {column.type} is read from strings anyway, or never; it is for integers, floats, "
            "doubles, booleans and times with an epochUnit",
        )
    return {"time_pattern": pattern, "time_zone": zone or UTC, "epoch_unit": unit, "sent_as_string": sent_as_string}


def _check_unit(custom: Section, options: Section | None, type_: str) -> None:
    if not custom.has("epochUnit"):
        return
    if type_ != UNKNOWN_TYPE and not holds_time(type_):
        custom.report("epochUnit", f"is of dates and timestamps, and the column's type is {type_}")
    for key in ("format", "defaultTimezone"):
        if options is not None and options.has(key):
            options.report(key, "says how a text is read, and epochUnit that times are numbers; remove one of them")


def _has_dates_only(type_: str) -> bool:
    has_timestamps = holds(type_, ("timestamp",))
    return holds_time(type_) and not has_timestamps


def holds_time(type_: str) -> bool:
    """Say whether a type is a date or timestamp, or has one inside."""
    return holds(type_, TIMES)


def _may_be_string(type_: str, unit: str | None) -> bool:
    kinds = (*SENT_AS_STRING, *(TIMES if unit else ()))
    return holds(type_, kinds)


def check_sources(columns: Sequence[Column], sections: Mapping[str, Section], records_path: Source | None) -> None:
    """Report fields that two columns would read as different things, and envelope fields without an envelope."""
    # The record and each level of the envelope are parsed for themselves.
    reads: dict[int | None, list[tuple[str, Source, str]]] = {}
    for column in columns:
        for source in column.sources:
            problem = _envelope_problem(source, records_path) if source.in_envelope else None
            if problem is not None:
                sections[column.name].report("transformSourceObjects", f"{source} {problem}")
            others = reads.setdefault(source.level, [])
            try:
                merged([*others, (column.name, source, read_type(column))])
            except SourceConflictError as conflict:
                sections[column.name].report("transformSourceObjects", str(conflict))
            else:
                others.append((column.name, source, read_type(column)))


def _envelope_problem(source: Source, records_path: Source | None) -> str | None:
    if records_path is None:
        return "begins at the envelope, and the contract states no recordsPath"
    if source.each != records_path.each[: len(source.each)] or (
        source.each and source.steps[: source.each[-1]] != records_path.steps[: source.each[-1]]
    ):
        return f"does not go along the arrays of recordsPath, {str(records_path)[1:]}"
    if len(source.each) == len(records_path.each):
        return f"lies in the record; write {Source(source.inner_steps)}"
    if records_path.each[len(source.each)] == (source.each[-1] if source.each else 0):
        return f"is beside no field: there recordsPath, {str(records_path)[1:]}, has an array and no object"
    array = records_path.each[len(source.each)]
    if source.steps[:array] == records_path.steps[:array] and isinstance(next(iter(source.steps[array:]), 0), str):
        inside = replace(source, each=(*source.each, array))
        return _envelope_problem(inside, records_path) or f"looks for a field in an array; write {inside}"
    return None


def check_logic(columns: Sequence[Column], sections: Mapping[str, Section]) -> None:
    """Report derived columns whose expression has no meaning for the other columns, or not the type of theirs."""
    types = {column.name: column.type for column in columns}
    for column in columns:
        section, logic = sections[column.name], column.logic
        if logic is None or UNKNOWN_TYPE in (types.get(name) for name in (column.name, *logic.columns)):
            continue
        problem = _logic_problem(column, logic, types)
        if problem is not None:
            section.report("transformLogic", problem)
        named = section.items("transformSourceObjects")
        if named is not None and sorted(map(str, named)) != sorted(logic.columns):
            section.report(
                "transformSourceObjects",
                f"with transformLogic these are the columns that it reads: {', '.join(logic.columns)}; "
                "list just these, or leave the key out",
            )
    _report_circles(columns, sections)


def _logic_problem(column: Column, logic: Expression, types: Mapping[str, str]) -> str | None:
    others = [name for name in types if name != column.name]
    if not logic.columns:
        return "reads no column, so it is the same in every row; derive it from other columns"
    for name in logic.columns:
        if name == column.name:
            return f"reads {name!r}, the column that it makes; read the field under another name, with inputOnly: true"
        if name not in types:
            return f"{not_known(name, others)}; an expression reads columns, not fields: declare one, with inputOnly"
    try:
        kind = logic.kind_in(types)
    except ExpressionError as problem:
        return str(problem)
    if not assignable(kind, column.type):
        return f"is of type {kind}, and the column of type {column.type}; convert it by CAST(… AS {column.type})"
    return None


def _report_circles(columns: Sequence[Column], sections: Mapping[str, Section]) -> None:
    ready = {name for step in derivation_order(columns) for name in (column.name for column in step)}
    for column in columns:
        if column.logic is not None and column.name not in ready and set(column.logic.columns) <= set(sections):
            sections[column.name].report("transformLogic", "is part of a circle: its columns are made of each other")


def derivation_order(columns: Sequence[Column]) -> list[list[Column]]:
    """Return the derived columns in steps, each of which reads only what is read from records or made before."""
    known = {column.name for column in columns if column.logic is None}
    left = [column for column in columns if column.logic is not None]
    steps: list[list[Column]] = []
    while step := [column for column in left if column.logic is not None and known.issuperset(column.logic.columns)]:
        steps.append(step)
        known |= {column.name for column in step}
        left = [column for column in left if column not in step]
    return steps
