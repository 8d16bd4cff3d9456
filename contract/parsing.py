"""From an ODCS document to the validated contract; knows nothing of files."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from contract import agreements, odcs_keys
from contract.checksum import checksum_of
from contract.column_properties import refuse_misplaced
from contract.columns import ReadColumn, read_columns, read_primary_key
from contract.drafts import AnomalyDraft, Draft
from contract.errors import Problems
from contract.implied_rules import implied_rules
from contract.mapping import check_logic, check_sources, read_mapping
from contract.model import AnomalyRule, Column, DataContract, Rule
from contract.plain import plain_json
from contract.pointless_rules import report_pointless_rules
from contract.rule_ids import with_ids
from contract.rules import read_rules
from contract.section import Section
from contract.sources import Source
from core.layout import DATASET_NAME, DATASET_NAME_RULE
from core.wording import not_known

_TABLE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,127}", re.ASCII)


def parse_contract(
    document: Mapping[str, Any], *, source: str = "contract", already_found: Iterable[str] = ()
) -> DataContract:
    """Return the validated contract of one dataset. Raises ContractError with every problem found.

    `already_found` are the problems that were seen while the document was read from its file.
    """
    problems = Problems(already_found)
    plain = plain_json(document, problems, source=source)
    if not isinstance(plain, dict):
        problems.add("", "the document is not a mapping of keys to values")
        raise problems.error(source)
    contract = _read_contract(Section(plain, "", problems))
    problems.raise_if_any(source)
    if contract is None:
        raise AssertionError(f"{source}: nothing was read and no problem was reported")
    return contract


def contract_json(contract: DataContract) -> str:
    """Return the contract's ODCS document as canonical JSON: sorted keys, no spaces, one line."""
    return _canonical_json(contract.document)


def _canonical_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _read_contract(root: Section) -> DataContract | None:
    """Read all of the document, and return the contract if it has a dataset."""
    _check_root(root)
    custom = agreements.custom_properties(root)
    common = {
        "id": root.required_text("id"),
        "version": root.required_text("version"),
        "source_system": agreements.source_system(custom),
        "max_malformed_percent": agreements.max_malformed_percent(custom),
        "raw_objects": agreements.raw_objects(custom),
        "object_format": agreements.object_format(custom),
        "records_path": agreements.records_path(custom),
        "shows_example_lines": agreements.shows_example_lines(custom),
        "max_run_cost_usd": agreements.max_cost_usd(custom, "maxRunCostUsd"),
        "max_monthly_cost_usd": agreements.max_cost_usd(custom, "maxMonthlyCostUsd"),
        "freshness_hours": agreements.freshness_hours(root),
        "document": root.values,
    }
    schemas = _schemas(root)
    columns = [read_columns(schema) for schema in schemas]
    common["event_time"] = _event_time(custom, [column for of_one in columns for column in of_one])
    contracts = [_read_dataset(root, *dataset, common) for dataset in zip(schemas, columns, strict=True)]
    return contracts[0] if contracts else None


def _read_dataset(
    root: Section, schema: Section, columns: Sequence[ReadColumn], common: Mapping[str, Any]
) -> DataContract:
    primary_key = read_primary_key(schema, columns)
    rules, anomaly_rules = _read_rules(schema, columns, primary_key)
    name = _dataset_name(schema)
    made = tuple(_column(column, rules) for column in columns)
    _check_mapping(made, columns, primary_key, common["records_path"])
    contract = DataContract(
        name=name,
        table=_table_name(schema, name),
        description=_description(root, schema),
        columns=made,
        primary_key=primary_key,
        rules=rules,
        anomaly_rules=anomaly_rules,
        checksum="",
        **common,
    )
    return replace(contract, checksum=checksum_of(contract))


def _check_root(root: Section) -> None:
    root.allow_only(odcs_keys.ROOT)
    for key, allowed in (("kind", ("DataContract",)), ("apiVersion", odcs_keys.API_VERSIONS)):
        value = root.required_text(key)
        if value and value not in allowed:
            root.report(key, not_known(value, allowed))
    for key in ("id", "version"):
        root.required_text(key)
    about = root.section("description")
    if about is not None:
        about.allow_only(odcs_keys.DESCRIPTION)


def _schemas(root: Section) -> list[Section]:
    """Return the datasets of the document, of which there must be one."""
    entries = root.items("schema") or []
    if len(entries) != 1:
        root.report("schema", f"must hold exactly one dataset, got {len(entries)}; write one file per dataset")
    schemas = root.sections("schema")
    for schema in schemas:
        schema.allow_only(odcs_keys.SCHEMA)
        refuse_misplaced(schema)
        schema.choice("logicalType", ("object",), default="object")
    return schemas


def _dataset_name(schema: Section) -> str:
    name = schema.required_text("name")
    if name and DATASET_NAME.fullmatch(name) is None:
        schema.report("name", f"{name!r} must be {DATASET_NAME_RULE}: it is part of S3 keys")
    return name


def _table_name(schema: Section, name: str) -> str:
    table = schema.text("physicalName") or f"curated_{name}"
    if name and _TABLE_NAME.fullmatch(table) is None:
        schema.report(
            "physicalName",
            f"{table!r} must be a lower-case letter, then up to 127 lower-case letters, digits or '_', "
            "as Glue and Athena need it; the default is curated_ and the dataset's name",
        )
    return table


def _description(root: Section, schema: Section) -> str:
    about = root.section("description")
    return schema.text("description") or (about.text("purpose") if about else None) or ""


def _read_rules(
    schema: Section, columns: Sequence[ReadColumn], primary_key: tuple[str, ...]
) -> tuple[tuple[Rule, ...], tuple[AnomalyRule, ...]]:
    """Return the rules of the table, then those of each column: stated ones first, implied ones after them."""
    drafts = read_rules(schema, columns, column=None)
    for column in columns:
        stated = read_rules(column.section, columns, column=column)
        counted = [draft for draft in stated if isinstance(draft, Draft)]
        drafts += [*stated, *implied_rules(column, counted, primary_key=primary_key)]
    counted = [draft for draft in drafts if isinstance(draft, Draft)]
    report_pointless_rules(counted, types={column.name: column.type for column in columns})
    _check_value_shares(drafts)
    _check_judged_once(drafts)
    rules = with_ids(drafts)
    return (
        tuple(rule for rule in rules if isinstance(rule, Rule)),
        tuple(rule for rule in rules if isinstance(rule, AnomalyRule)),
    )


def _check_value_shares(drafts: Sequence[Draft | AnomalyDraft]) -> None:
    listed = {draft.rule.column for draft in drafts if isinstance(draft, Draft) and draft.rule.valid_values is not None}
    for draft in drafts:
        if draft.rule.metric == "valueShares" and draft.rule.column not in listed:
            draft.report(
                "implementation.metric",
                f"valueShares needs a list of valid values for {draft.rule.column}, by enum or a rule with validValues",
            )


def _check_judged_once(drafts: Sequence[Draft | AnomalyDraft]) -> None:
    """Report a rule on what another one of the same severity judges already: only the narrower one would speak."""
    seen: dict[tuple[str, str | None, str], str] = {}
    for draft in drafts:
        if isinstance(draft, AnomalyDraft):
            rule = draft.rule
            other = seen.setdefault((rule.metric, rule.column, rule.severity), draft.section.path)
            if other != draft.section.path:
                draft.report("implementation.metric", f"{rule.metric} is judged by {other} already; keep one of them")


def _column(column: ReadColumn, rules: Sequence[Rule]) -> Column:
    lists = (rule.valid_values for rule in rules if rule.column == column.name and rule.valid_values is not None)
    return Column(
        name=column.name,
        type=column.type,
        required=column.section.flag("required"),
        description=column.section.text("description") or "",
        valid_values=next(lists, None),
        **read_mapping(column),
    )


def _check_mapping(
    columns: Sequence[Column], read: Sequence[ReadColumn], primary_key: Sequence[str], records_path: Source | None
) -> None:
    sections = {column.name: column.section for column in read}
    check_sources(columns, sections, records_path)
    check_logic(columns, sections)
    for column in columns:
        if column.name in primary_key and not column.is_stored:
            sections[column.name].report("customProperties.inputOnly", "a key must be stored; it tells the rows apart")
    if columns and not any(column.is_stored for column in columns):
        sections[columns[0].name].report("customProperties.inputOnly", "some column must be stored")


def _event_time(custom: Section, columns: Sequence[ReadColumn]) -> str | None:
    name = custom.text("eventTime")
    if name is None:
        return None
    types = {column.name: column.type for column in columns}
    if name not in types:
        custom.report("eventTime", not_known(name, types))
    elif types[name] not in ("timestamp", "unknown"):
        custom.report("eventTime", f"{name!r} is of type {types[name]} and must be a timestamp column")
    return name
