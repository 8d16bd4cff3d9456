"""What a contract may say about what a column is made of, and the message for what it may not."""

from random import Random
from typing import Any

import pytest

from contract import ContractError, parse_contract
from contract.model import Column
from contract.sources import Entry, PathNotUsableError, Source, Step, Steps, parse_records_path, parse_source
from contract.time_patterns import pattern_problem, spark_pattern
from tests.unit.contract_documents import COLUMN, OPTIONS, document, with_column, with_custom

SOURCES, CUSTOM, LOGIC = (f"{COLUMN}.{key}" for key in ("transformSourceObjects", "customProperties", "transformLogic"))
Statement = dict[str, Any]


def with_properties(*, logicalType: str = "string", **values: Any) -> Statement:  # noqa: N803
    return with_column(logicalType=logicalType, customProperties=_entries(**values))


def _entries(**values: Any) -> list[Statement]:
    return [{"property": name, "value": value} for name, value in values.items()]


def column(**statement: Any) -> Column:
    return parse_contract(with_column(**statement)).column("value")


def made_of(*columns: Statement) -> Statement:
    changed = document()
    changed["schema"][0]["properties"] += columns
    return changed


class TestPaths:
    @pytest.mark.parametrize(
        ("text", "steps"),
        [
            ("id", ("id",)),
            ("meta.id", ("meta", "id")),
            ("Item.pk.S", ("Item", "pk", "S")),
            ("detail-type", ("detail-type",)),
            ("@timestamp", ("@timestamp",)),
            ("$schema", ("$schema",)),
            ("a b", ("a b",)),
            ("items[0].sku", ("items", 0, "sku")),
            ("pairs[1][0]", ("pairs", 1, 0)),
            ("params[key=page].value.s", ("params", Entry("key", "page"), "value", "s")),
            ("tags[k=http.method=a b][0].v", ("tags", Entry("k", "http.method=a b"), 0, "v")),
            (r"a[key='it\'s [1]'].v", ("a", Entry("key", "it's [1]"), "v")),
            ("['a.b'].c", ("a.b", "c")),
            ("a['b.c']", ("a", "b.c")),
            (r"['it\'s']", ("it's",)),
            (r"['a\\b']", ("a\\b",)),
            ("é", ("é",)),
        ],
    )
    def test_a_path_is_names_and_positions(self, text: str, steps: Steps) -> None:
        assert parse_source(text) == Source(steps)

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("", "begins with no field's name"), (".a", "cannot be read at '.a'"), ("a.", "cannot be read at '.'"),
            ("a..b", "cannot be read at '..b'"), ("[0].a", "begins with no field's name"),
            ("a[-1]", "cannot be read at"), ("_refused_by_the_parser", "the job keeps"),
            ("a._no_field_of_a_line.b", "the job keeps '_no_field_of_a_line' for itself"),
            ("a[x]", "cannot be read at '[x]'"), ("['a", "cannot be read at"), ("a]b", "cannot be read at ']b'"),
            ("$.meta.id", "leave out the $"), ("$['a']", "leave out the $"), ("items[].sku", "state recordsPath"),
            ("a[99999]", "the last is 9,999"), (".".join("a" * 21), "the most are 20"), ("a" * 501, "longer than 500"),
            ("a[0]b", "cannot be read at 'b'"), ("a[key=].b", "cannot be read at '[key=].b'"),
            ("a[=x].b", "cannot be read at '[=x].b'"), ("a[k.x=y].b", "cannot be read at '[k.x=y].b'"),
            ("[key=x].b", "begins with no field's name"),
            ("a[key=x]", "ends with an element of a list; name a field of it, such as a[key=x].value"),
        ],
    )  # fmt: skip
    def test_what_is_no_path_is_refused_with_the_place(self, text: str, problem: str) -> None:
        with pytest.raises(
            PathNotUsableError, match=problem.replace("[", r"\[").replace("$", r"\$").replace("..", r"\.\.")
        ):
            parse_source(text)

    def test_every_path_is_read_back_from_how_it_is_written(self) -> None:
        random = Random(15)
        for _ in range(500):
            names = ["".join(random.choices("ab.[]'\\\"`$/ é0=", k=random.randrange(1, 6))) for _ in range(4)]
            entries = (Entry("key", names[2]), Entry("a b", names[3]))
            between: list[Step] = [*names, 0, 17, *entries]
            steps: Steps = (names[0], *random.choices(between, k=random.randrange(4)), names[1])
            source = Source(steps, in_envelope=random.random() < 0.5)
            assert parse_source(str(source)) == source

    @pytest.mark.parametrize(
        ("text", "steps", "each"),
        [
            ("Records", ("Records",), (1,)),
            ("Records[]", ("Records",), (1,)),
            ("detail.items", ("detail", "items"), (2,)),
            ("resourceLogs[].scopeLogs[].logRecords", ("resourceLogs", "scopeLogs", "logRecords"), (1, 2, 3)),
            ("[]", (), (0,)),
            ("[].rows", ("rows",), (0, 1)),
        ],
    )
    def test_where_records_lie(self, text: str, steps: tuple[str, ...], each: tuple[int, ...]) -> None:
        source = Source(steps, in_envelope=True, each=each)
        assert parse_records_path(text) == source
        assert parse_records_path(str(source).removeprefix("/")) == source

    @pytest.mark.parametrize("text", ["a[0].b", "a[key=x].b", "a[][]", "$.Records", "a..b", "[]Records"])
    def test_what_is_no_way_to_records_is_refused(self, text: str) -> None:
        with pytest.raises(ContractError, match=r"customProperties\.recordsPath: "):
            parse_contract(with_custom(recordsPath=text))


class TestWhatAColumnSays:
    def test_it_is_the_field_of_its_name_unless_something_else_is_said(self) -> None:
        assert column().sources == (Source(("value",)),)
        assert column(transformSourceObjects=["a.b", "c"]).sources == (Source(("a", "b")), Source(("c",)))

    def test_the_forms_of_times(self) -> None:
        options = {"format": "yyyyMMdd HHmm", "defaultTimezone": "Europe/Berlin"}
        found = column(logicalType="timestamp", logicalTypeOptions=options)
        assert (found.time_pattern, found.time_zone) == ("yyyyMMdd HHmm", "Europe/Berlin")
        assert column(logicalType="timestamp", customProperties=_entries(epochUnit="ms")).epoch_unit == "ms"
        assert column(logicalType="date", logicalTypeOptions={"format": "yyyy-MM-dd"}).time_pattern is None

    def test_a_derived_column_has_no_field(self) -> None:
        found = column(transformLogic="lower(id)", customProperties=_entries(nullResult="allowed"))
        assert found.sources == ()
        assert found.logic is not None
        assert (found.logic.columns, found.null_result_allowed) == (("id",), True)

    def test_what_is_only_input_is_no_column_of_the_table(self) -> None:
        contract = parse_contract(with_properties(inputOnly=True))
        assert [found.name for found in contract.stored_columns] == ["id", "at", "tags"]

    def test_other_custom_properties_are_documentation(self) -> None:
        assert column(customProperties=_entries(owner="sales", pii=True)).is_stored


@pytest.mark.parametrize(
    ("contract", "message"),
    [
        (with_column(transformSourceObjects=[]), f"{SOURCES}: must list at least one field"),
        (with_column(transformSourceObjects=["a..b"]), f"{SOURCES}[0]: 'a..b' cannot be read"),
        (with_column(transformSourceObjects=["a", "a"]), f"{SOURCES}[1]: 'a' is listed twice"),
        (with_column(transformSourceObjects=[1]), f"{SOURCES}[0]: must be a text, got 1"),
        (with_column(transformSourceObjects="a"), f"{SOURCES}: must be a list"),
        (with_column(transformSourceObjects=["/a"]), f"{SOURCES}: /a begins at the envelope, and the contract"),
        (
            with_column(transformSourceObjects=["id.x"]),
            f"{SOURCES}: id.x: id would be read as one value and by its parts, by id too; a field is read once",
        ),
        (with_column(logicalType="integer", transformSourceObjects=["id"]), f"{SOURCES}: id: would be read as"),
        (
            with_column(logicalType="integer", transformSourceObjects=["a[k=x].k"]),
            f"{SOURCES}: a[k=x].k: would be read as string and as bigint",
        ),
        (with_column(transformSourceObjects=["a[k=x].k.y"]), f"{SOURCES}: a[k=x].k.y: a[k=x].k would be read as one"),
        (with_column(transformSourceObjects=["a.b", "a[0]"]), f"{SOURCES}: a[0]: a would be read as an object"),
        (with_properties(epochUnit="m"), f"{CUSTOM}.epochUnit: 'm' is not known; allowed: s, ms, us, ns"),
        (with_properties(epochUnit="ms"), f"{CUSTOM}.epochUnit: is of dates and timestamps, and the column's type is"),
        (with_properties(epochUnt="ms"), f"{CUSTOM}[0].property: 'epochUnt' is not known and would do nothing"),
        (with_properties(epoch_unit="ms"), "did you mean 'epochUnit'?"),
        (with_properties(sent_as="string"), "did you mean 'sentAs'?"),
        (with_properties(inputonly=True), "did you mean 'inputOnly'?"),
        (with_properties(sentAs="text"), f"{CUSTOM}.sentAs: 'text' is not known; allowed: string"),
        (with_properties(sentAs="string"), f"{CUSTOM}.sentAs: a column of type string is read from strings anyway"),
        (with_properties(logicalType="timestamp", sentAs="string"), f"{CUSTOM}.sentAs: a column of type timestamp"),
        (with_properties(inputOnly="yes"), f"{CUSTOM}.inputOnly: must be true or false, got 'yes'"),
        (with_properties(nullResult="allowed"), f"{CUSTOM}.nullResult: is said of the result of transformLogic"),
        (
            with_column(
                logicalType="timestamp", logicalTypeOptions={"format": "yyyyMMdd HH:mm X", "defaultTimezone": "+01:00"}
            ),
            f"{OPTIONS}.defaultTimezone: is never used",
        ),
        *(
            (
                with_column(physicalType=type_, logicalTypeOptions={"defaultTimezone": "Europe/Berlin"}),
                f"{OPTIONS}.defaultTimezone: does nothing for a date, which is the day that is written; remove it",
            )
            for type_ in ("date", "array<date>")
        ),
        (
            with_column(
                logicalType="date",
                logicalTypeOptions={"format": "yyyyMMdd"},
                customProperties=_entries(epochUnit="s"),
            ),
            f"{OPTIONS}.format: says how a text is read, and epochUnit that times are numbers; remove one of them",
        ),
        (with_column(transformLogic="lower(id"), f"{LOGIC}: "),
        (with_column(transformLogic="lower(name)"), f"{LOGIC}: 'name' is not known; allowed: id, at, tags; an"),
        (with_column(transformLogic="lower(value)"), f"{LOGIC}: reads 'value', the column that it makes"),
        (with_column(transformLogic="'x'"), f"{LOGIC}: reads no column"),
        (with_column(transformLogic="length(id)"), f"{LOGIC}: is of type int"),
        (with_column(transformLogic="lower(at)"), f"{LOGIC}: position 7: lower: argument 1 must be a string"),
        (
            with_column(transformLogic="lower(id)", transformSourceObjects=["at"]),
            f"{SOURCES}: with transformLogic these are the columns that it reads: id; list just these",
        ),
        (
            with_column(logicalType="date", transformLogic="to_date(at)", customProperties=_entries(epochUnit="s")),
            f"{CUSTOM}.epochUnit: is the form of a field, and this column is derived",
        ),
        (
            made_of(
                {"name": "a", "logicalType": "string", "transformLogic": "lower(b)"},
                {"name": "b", "logicalType": "string", "transformLogic": "lower(a)"},
            ),
            "schema[0].properties[4] (a).transformLogic: is part of a circle",
        ),
        (with_custom(objectFormat="json"), "customProperties.objectFormat: 'json' is not known; allowed: lines"),
    ],
)  # fmt: skip
def test_a_statement_that_means_nothing_is_refused(contract: Statement, message: str) -> None:
    with pytest.raises(ContractError) as refusal:
        parse_contract(contract)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("records", "source", "problem"),
    [
        ("a[].b", "/a[].name", None),
        ("a[].b", "/name", None),
        ("a[].b", "/c[].name", "does not go along the arrays of recordsPath, a[].b[]"),
        ("a[].b", "/a.x", "looks for a field in an array; write /a[].x"),
        ("a.b", "/a.b.x", "lies in the record; write x"),
        ("a[].b.c[].d", "/a[].b.c.x.y", "looks for a field in an array; write /a[].b.c[].x.y"),
        ("a[].b", "/a[].b[].name", "lies in the record; write name"),
        ("[]", "/name", "is beside no field"),
        ("[].rows", "/[].name", None),
    ],
)
def test_an_envelope_field_lies_beside_the_way_to_the_records(records: str, source: str, problem: str | None) -> None:
    contract = with_custom(recordsPath=records)
    contract["schema"][0]["properties"][1]["transformSourceObjects"] = [source]
    if problem is None:
        assert parse_contract(contract).column("value").sources[0].in_envelope
        return
    with pytest.raises(ContractError) as refusal:
        parse_contract(contract)
    assert problem in str(refusal.value)


def test_a_field_of_the_envelope_and_one_of_the_record_are_two_though_they_have_one_name() -> None:
    contract = with_custom(recordsPath="rows")
    columns = contract["schema"][0]["properties"]
    columns[1] |= {"logicalType": "integer", "transformSourceObjects": ["/id"]}
    columns[2] |= {"transformSourceObjects": ["/at.seen"]}
    columns.append({"name": "other", "logicalType": "string", "transformSourceObjects": ["at"]})
    assert parse_contract(contract).column("value").sources[0].in_envelope
    columns.append({"name": "more", "logicalType": "string", "transformSourceObjects": ["/id"]})
    with pytest.raises(ContractError, match="/id: would be read as bigint and as string, by value too"):
        parse_contract(contract)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("yyyyMMdd", None), ("dd/MMM/yyyy:HH:mm:ss Z", None), ("EEE, dd MMM yyyy", None), ("d.M.yy", None),
        ("yyyy-MM-dd'T'HH:mm", None), ("yyyy", "has no month and day"), ("MM-dd", "has no year"),
        ("YYYY-MM-dd", "has 'YYYY': 'Y' is not known"), ("yyyy-MM-DD", "has 'DD'; allowed: DDD"),
        ("yyyy-MM-dd hh:mm", "needs both hh and a"), ("yyyy-MM-dd mm", "has parts of a time, and no hours"),
        ("yyyy-MM-dd[ HH:mm]", "has '[', which is no part"), ("yyyy-MM-dd T", "'T' is not known"),
        ("yyyy-MM-dd 'T", "an apostrophe that is not closed"), ("yyyy-MM-dd EEE", "a weekday that does not come first"),
        ("yyyyy-MM-dd", "has 'yyyyy'; allowed: yy, yyyy"), ("yyyy年MM月dd日", "beyond printable ASCII"),
        ("y" * 101, "longer than 100"), ("HH hh a yyyy MM dd", "has both HH and hh"),
        ("dd.MM.yyyy GG", "'G' is not known"),
        ("yyyyMMddHHmmssSSS", "has 'yyyyMMddHHmmssSSS', in which Spark does not find the end of yyyy before SSS; put"),
        ("EEE uuuuDDDHHmmssSS", "find the end of yyyy before SS;"), ("d.M.yyyy Hmmss.SSS", None),
        ("dMMyyyy", "find the end of d before yyyy"), ("yyyyMMddHmm", "find the end of yyyy before H;"),
        ("yyyyMMdd HHmmssSSS", None), ("yyMMddHHmmssSSS", None), ("HHmmssSSSyyyyMMdd", None), ("ddMMMyyyy H", None),
    ],
)  # fmt: skip
def test_a_pattern_is_of_the_letters_that_spark_reads_alike(pattern: str, problem: str | None) -> None:
    found = pattern_problem(pattern, is_date=False)
    assert found == problem if problem is None else problem in str(found)


def test_a_pattern_is_given_to_spark_without_its_weekday_and_with_its_years() -> None:
    assert spark_pattern("EEE, dd MMM uuuu 'u'") == "dd MMM yyyy 'u'"
