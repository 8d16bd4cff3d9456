"""The draft of a contract as YAML: what was decided as its words, what was measured as comments beside them.

Puts the parts together; what a field becomes, the other modules decide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract_init.columns import DraftColumn, draft_columns, records_path_text, usual_values
from contract_init.entries import Proposal
from contract_init.envelopes import ARRAY
from contract_init.keys import Key, find_event_time, find_key
from contract_init.misfits import Usual
from contract_init.names import words
from contract_init.objects import SampleError, find_objects
from contract_init.patterns import patterns_of
from contract_init.profile import FEW
from contract_init.rules import DraftRule, column_rules, is_personal, table_rules, with_room
from contract_init.sample import Sample, read_sample
from contract_init.types import ColumnType
from contract_init.yaml_text import comment, flow_list, scalar
from core.layout import DATASET_NAME, DATASET_NAME_RULE
from core.wording import first_of, plural

DEFAULT_LIMIT: Final = 100_000
_MOST_NAMED: Final = 5
_LONGEST_LINE: Final = 118


@dataclass(frozen=True)
class Draft:
    """A drafted contract, and what was looked at, in a few lines for the person who asked."""

    text: str
    summary: tuple[str, ...]


def draft_contract(
    paths: Sequence[Path], *, name: str, source_system: str | None = None, limit: int = DEFAULT_LIMIT
) -> Draft:
    """Draft a contract from sample objects. Raises SampleError when they hold no records, or a name cannot be used."""
    found = find_objects(paths)
    system = source_system or found.source_system
    if system is None:
        raise SampleError("no path says source_system=…, so the source system is not known; give --source-system NAME")
    for option, value in (("name", name), ("source-system", system)):
        if DATASET_NAME.fullmatch(value) is None:
            raise SampleError(f"--{option} {value!r} must be {DATASET_NAME_RULE}")
    sample = read_sample(found, limit=limit)
    usual = usual_values(sample)
    if usual:
        sample = sample.without(usual, limit=limit)
    columns, left_out = draft_columns(sample)
    if not columns:
        raise SampleError("the records of the sample have no fields")
    key = find_key(columns, sample, dataset=name, limit=limit)
    parts = _Parts(name, system, sample, columns, key, find_event_time(columns), tuple(left_out))
    return Draft("\n".join(_document(parts)) + "\n", tuple(_summary(parts)))


@dataclass(frozen=True)
class _Parts:
    name: str
    source_system: str
    sample: Sample
    columns: Sequence[DraftColumn]
    key: Key
    event_time: DraftColumn | None
    left_out: tuple[str, ...]


def _document(parts: _Parts) -> Iterator[str]:
    yield from _head(parts)
    yield from (
        "apiVersion: v3.1.0",
        "kind: DataContract",
        f"id: {scalar(parts.name)}",
        "version: 0.1.0",
        "status: draft",
        "",
    )
    yield "customProperties:"
    yield from _custom_properties(parts)
    yield from ("", "schema:", f"  - name: {scalar(parts.name)}")
    if not parts.name.isidentifier():
        yield f"    physicalName: curated_{parts.name.replace('-', '_')}"
    yield from ("    logicalType: object", "    # description: One row per …", "    quality:")
    yield from ("      - id: any_rows", "        metric: rowCount", "        mustBeGreaterThan: 0")
    for rule in table_rules(parts.key, parts.sample):
        yield from _rule(rule, indent=6)
    yield "    properties:"
    for number, column in enumerate(parts.columns):
        yield from ([""] if number else [])
        yield from _column(column, parts)


def _head(parts: _Parts) -> Iterator[str]:
    yield from comment(f"A draft from {_looked_at(parts.sample)}. Comments say what was measured.")
    yield from comment(
        "Before it is used: read what identifies a row (primaryKey), which time is the event's (eventTime) and each "
        "column's type; rules of severity warning hold for the sample with some room and stop nothing."
    )
    for title, entries in (
        ("Not looked at, or not as a run would", _not_looked_at(parts.sample)),
        ("Of another shape than the others", _odd(parts.sample)),
        ("No column", parts.left_out),
    ):
        if entries:
            yield from comment(f"{title}: {'; '.join(first_of(entries, _MOST_NAMED))}.")
    if parts.sample.malformed_rows or parts.sample.no_records:
        yield from comment(f"{_malformed(parts.sample)}.")


def _not_looked_at(sample: Sample) -> list[str]:
    return [*sample.problems, *(f"{key}: {reason}" for key, reason in sample.found.left_out.items())]


def _odd(sample: Sample) -> list[str]:
    becomes = (
        "their texts are malformed" if sample.records_path.names else "their records are rows that have other columns"
    )
    return [
        f"{key} ({', '.join(sorted(fields)[:_MOST_NAMED])}), "
        + ("which excludeObjects leaves out" if key in sample.excluded else f"for which no pattern is sure: {becomes}")
        for key, fields in sample.odd.items()
    ]


def _malformed(sample: Sample) -> str:
    said = []
    if sample.malformed:
        said.append(f"{plural(sample.malformed, 'line')} of no JSON object or array, as a run would quarantine")
    if sample.misfits.records:
        said.append(
            f"{plural(sample.misfits.records, 'record')} that a run would quarantine for a value that does not fit"
        )
    if sample.no_objects:
        said.append(f"{plural(sample.no_objects, 'element')} in place of a record that is no object")
    if sample.no_records:
        said.append(f"{plural(sample.no_records, 'JSON text')} without a record")
    return "; ".join(said)


def _looked_at(sample: Sample) -> str:
    read, known = sample.objects_read, len(sample.found.objects)
    objects = plural(read, "object") if read == known else f"{read:,} of {plural(known, 'object')}"
    if not sample.is_cut:
        return f"all {plural(sample.records_read, 'record')} in {objects}"
    each = " each of" if read > 1 else ""
    return f"{plural(sample.records_read, 'record')}, the first in{each} {objects}"


def _custom_properties(parts: _Parts) -> Iterator[str]:
    sample = parts.sample
    yield from _property("sourceSystem", parts.source_system)
    if parts.event_time is not None:
        yield from _property("eventTime", parts.event_time.name)
    else:
        yield from comment(
            "No eventTime: no column is surely the time of an event, so among duplicates any is kept.", indent=2
        )
    yield from _malformed_limit(sample)
    if sample.form != "lines":
        about = {
            "concatenated": "several JSON objects follow one another on a line",
            "document": "each object is one JSON text",
        }
        yield from comment(about[sample.form], indent=2)
        yield from _property("objectFormat", sample.form)
    if sample.records_path.names:
        about_path = (
            "each element of this array is a row"
            if sample.records_path.names != ARRAY
            else "each text is an array of rows"
        )
        yield from comment(about_path, indent=2)
        yield from _property("recordsPath", records_path_text(sample.records_path))
    if sample.unread:
        patterns = patterns_of([found.key for found in sample.unread])
        yield from comment("names of the sample's objects, whose endings do not say that they hold JSON", indent=2)
        yield from ("  - property: includeObjects", f"    value: {flow_list(patterns)}")
    if sample.excluded:
        yield from comment(
            "what lies beside the records; a run refuses what it does not read and nobody names", indent=2
        )
        yield from ("  - property: excludeObjects", f"    value: {flow_list(sorted(set(sample.excluded.values())))}")


def _malformed_limit(sample: Sample) -> Iterator[str]:
    """State the limit on malformed lines where the sample itself is above the one that holds otherwise."""
    percent = 100 * sample.malformed_rows / sample.rows_read
    if percent > 100 * FEW:
        yield from comment(f"{percent:.3g} % of the sample are malformed: mend the source, then lower this", indent=2)
        yield from ("  - property: maxMalformedPercent", f"    value: {min(with_room(percent, sample.records), 100)}")


def _property(name: str, value: str) -> tuple[str, str]:
    return f"  - property: {name}", f"    value: {scalar(value)}"


def _column(column: DraftColumn, parts: _Parts) -> Iterator[str]:
    notes = list(column.type.measured)
    if column in parts.key.columns:
        yield from comment(_key_note(column, parts.key), indent=6)
    notes += (_misfits(column, one, parts.sample) for one in column.misfits)
    notes += _other_name(column, parts)
    if notes:
        yield from comment("; ".join(notes), indent=6)
    yield f"      - name: {scalar(column.name)}"
    if column.paths:
        yield f"        transformSourceObjects: {flow_list(column.paths)}"
    yield from _type(column.type)
    yield from _proposed(column.type)
    yield from _key_words(column, parts)
    yield from _quality(column, parts)
    if column.proposals:
        yield "      # its most frequent keys, as columns in place of this one, which cannot be read beside them:"
        yield from (f"      # {line}" for proposal in column.proposals for line in _proposal(proposal))


def _proposal(proposal: Proposal) -> Iterator[str]:
    yield f"- name: {scalar(proposal.name)}"
    yield f"  transformSourceObjects: {flow_list(proposal.paths)}"
    yield from (line[6:] for line in _type(proposal.type))


def _misfits(column: DraftColumn, usual: Usual, sample: Sample) -> str:
    """Tell how many values are not what the others are, and of which no line becomes a row."""
    count, example = sample.misfits.counts[usual], sample.misfits.examples[usual]
    such_as = "" if is_personal(column.name, [example]) else f", such as {example}"
    return (
        f"{count:,} of {sample.records_read:,} records {'has' if count == 1 else 'have'} something "
        f"else here{such_as}: lines with that are malformed and go to quarantine"
    )


def _other_name(column: DraftColumn, parts: _Parts) -> list[str]:
    """Tell of a column before this one that may be the same under another name: no record has both."""
    before = parts.columns[: parts.columns.index(column)]
    same = [other for other in before if words(other.name) == words(column.name) and other.type.ddl == column.type.ddl]
    seen = column.field.count
    for other in same:
        if seen and other.field.count and seen + other.field.count <= parts.sample.records:
            paths = flow_list([*(other.paths or (other.name,)), *(column.paths or (column.name,))])
            return [
                f"perhaps {other.name} renamed: for one column of both, state transformSourceObjects: {paths} there"
            ]
    return []


def _key_note(column: DraftColumn, key: Key) -> str:
    if len(key.columns) == 1:
        others = f"; others that are: {', '.join(key.others)}" if key.others else ""
        return f"identifies a row: {key.reason}{others}"
    if column == key.columns[0]:
        return f"identifies a row together with {', '.join(key.names[1:])}: {key.reason}"
    return f"part of what identifies a row, see {key.names[0]}"


def _type(type_: ColumnType) -> Iterator[str]:
    yield f"        logicalType: {type_.logical}"
    if type_.physical is not None:
        yield f"        physicalType: {type_.physical}"
    if type_.format is not None:
        yield from ("        logicalTypeOptions:", f"          format: {scalar(type_.format)}")
    properties = [("epochUnit", type_.epoch_unit), ("sentAs", "string" if type_.is_sent_as_string else None)]
    if any(value for _, value in properties):
        yield "        customProperties:"
        for name, value in properties:
            if value:
                yield from (f"          - property: {name}", f"            value: {value}")


def _proposed(type_: ColumnType) -> Iterator[str]:
    """Yield what to write for a stricter column, as comments."""
    if type_.minimum is not None:
        yield f"        # logicalTypeOptions: {{minimum: {type_.minimum}}}   # an error if a value is below"
    if type_.instead:
        yield "        # to store them as what they hold, in place of the logicalType above:"
        yield from (f"        # {line}" for line in type_.instead)


def _key_words(column: DraftColumn, parts: _Parts) -> Iterator[str]:
    key = parts.key
    if column not in key.columns:
        return
    yield "        primaryKey: true"
    if len(key.columns) > 1:
        yield f"        primaryKeyPosition: {key.columns.index(column) + 1}"
    if not column.nulls:
        yield "        required: true"


def _quality(column: DraftColumn, parts: _Parts) -> Iterator[str]:
    rules = list(column_rules(column, parts.sample, key=parts.key))
    if rules:
        yield "        quality:"
    for rule in rules:
        yield from _rule(rule, indent=10)


def _rule(rule: DraftRule, *, indent: int) -> Iterator[str]:
    space = " " * indent
    limit = (
        f"{rule.operator}: {rule.limit}, "
        + (f"unit: {rule.unit}, " if rule.unit != "rows" else "")
        + "severity: warning"
    )
    if not rule.valid_values and not rule.columns:
        line = f"{space}- {{id: {rule.id}, metric: {rule.metric}, {limit}}}"
        beside = f"{line}   # {rule.measured}"
        yield from [beside] if len(beside) <= _LONGEST_LINE else [*comment(rule.measured, indent=indent), line]
        return
    yield f"{space}- id: {rule.id}   # {rule.measured}"
    yield f"{space}  metric: {rule.metric}"
    argument, values = ("validValues", rule.valid_values) if rule.valid_values else ("properties", rule.columns)
    yield f"{space}  arguments:"
    yield from _list(f"{space}    {argument}: ", values)
    yield from (f"{space}  {part}" for part in limit.split(", "))


def _list(start: str, values: Sequence[str]) -> Iterator[str]:
    """Write a list on one line, or on as many as it needs."""
    line = f"{start}["
    for number, value in enumerate(values):
        part = scalar(value) + ("]" if number == len(values) - 1 else ",")
        if len(line) + len(part) > _LONGEST_LINE:
            yield line.rstrip()
            line = " " * (len(start) - len(start.lstrip()) + 2)
        line += f"{part} "
    yield line.rstrip()


def _summary(parts: _Parts) -> Iterator[str]:
    yield f"{parts.name}: {plural(len(parts.columns), 'column')} from {_looked_at(parts.sample)}"
    yield f"key {', '.join(parts.key.names)}: {parts.key.reason}"
    if parts.event_time is None:
        yield "no eventTime: no column is surely the time of an event"
    else:
        yield f"eventTime {parts.event_time.name}"
    yield from parts.sample.problems[:_MOST_NAMED]
    if parts.sample.malformed_rows or parts.sample.no_records:
        yield _malformed(parts.sample)
